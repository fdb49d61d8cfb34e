import ArgumentParser
import Jobs
import Postgres
import Program

/// `aventora migrate`: brings the database to this release's schema.
struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database at DATABASE_URL to this release's schema.",
        discussion: "Safe to run again and from several places at once. Exit code 69 when the database is away."
    )

    @Option(help: ArgumentHelp("File of KEY=value lines; the environment wins over it.", valueName: "file"))
    var envFile: String?

    @Flag(help: "Say what would be applied, and apply nothing. Exit code 1 when something is missing.")
    var check = false

    @Flag(help: "Answer in JSON.")
    var json = false

    func run() async throws {
        let (envFile, check, json) = (envFile, check, json)
        await ProgramMain.run {
            let settings = try Settings.load(environmentFilePath: envFile)
            let configuration = try ServerSettings.postgres(settings, applicationName: "aventora-migrate")
            let versions = try await Self.migrate(configuration, isDryRun: check)
            Self.report(versions, isDryRun: check, json)
            if check, !versions.isEmpty { throw ProgramError(.failure, "the schema is older than this release") }
        }
    }

    /// Applies what is missing and answers which versions that were; with `isDryRun`, which they would be.
    static func migrate(_ configuration: PostgresConfiguration, isDryRun: Bool = false) async throws -> [Int64] {
        let pool = PostgresPool(configuration: configuration, size: 1)
        let result: Result<[Int64], JobsError>
        do throws(JobsError) {
            let migrator = Migrator(pool: pool)
            result = .success(isDryRun ? try await migrator.pending() : try await migrator.run())
        } catch {
            result = .failure(error)
        }
        await pool.shutdown()
        do {
            return try result.get()
        } catch {
            let code: Program.ExitCode = error.isRetriable ? .unavailable : .internal
            throw ProgramError(code, error.description, underlying: error)
        }
    }

    private static func report(_ versions: [Int64], isDryRun: Bool, _ json: Bool) {
        let list = versions.map(String.init).joined(separator: ", ")
        if json {
            print(#"{"\#(isDryRun ? "pending" : "applied")": [\#(list)]}"#)
        } else if versions.isEmpty {
            print("the schema is up to date")
        } else {
            print(isDryRun ? "missing: \(list)" : "applied: \(list)")
        }
    }
}
