import ArgumentParser
import Logging
import Program
import Scheduler

/// `aventora-scheduler`.
struct Arguments: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aventora-scheduler",
        abstract: "Give the jobs of dead workers back, keep the history, and relay the outbox.",
        version: Version.current
    )

    @Option(help: ArgumentHelp("File of KEY=value lines; the environment wins over it.", valueName: "file"))
    var envFile: String?
}

let arguments = Arguments.parseOrExit()
await ProgramMain.run {
    let settings = try Settings.load(environmentFilePath: arguments.envFile)
    let log = try LogConfiguration(settings)
    let configuration = try SchedulerConfiguration(settings)
    log.bootstrap()
    try await SchedulerProgram.run(configuration, logger: Logger(label: "aventora-scheduler"))
}
