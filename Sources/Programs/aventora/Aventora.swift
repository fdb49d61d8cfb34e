import ArgumentParser
import Command
import Jobs
import Postgres
import Program
import Terminal

/// `aventora`: the operator's command.
@main
struct Aventora: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aventora",
        abstract: "Run and operate Aventora Jobs.",
        version: Version.current,
        subcommands: [
            DevCommand.self, MigrateCommand.self, StatusCommand.self, QueuesCommand.self, JobsCommand.self,
            DeadCommand.self, DeliveriesCommand.self, ReplaysCommand.self, WorkersCommand.self, SchedulesCommand.self,
            EndpointsCommand.self, HubCommand.self, TipsCommand.self, DoctorCommand.self,
        ]
    )

    static func main() async {
        let database = PsqlDatabase { url in
            _ = try await MigrateCommand.migrate(PostgresConfiguration(url: url))
        }
        await DevCommand.$database.withValue(database) { await main(nil) }
    }
}
