import ArgumentParser
import Logging
import Program
import Worker

/// `aventora-worker`.
struct Arguments: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aventora-worker",
        abstract: "Claim jobs, run them, record the outcome.",
        version: Version.current
    )

    @Option(help: ArgumentHelp("File of KEY=value lines; the environment wins over it.", valueName: "file"))
    var envFile: String?
}

let arguments = Arguments.parseOrExit()
await ProgramMain.run {
    let settings = try Settings.load(environmentFilePath: arguments.envFile)
    let log = try LogConfiguration(settings)
    let configuration = try WorkerConfiguration(settings)
    log.bootstrap()
    try await WorkerProgram.run(configuration, logger: Logger(label: "aventora-worker"))
}
