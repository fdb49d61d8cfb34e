import API
import ArgumentParser
import Logging
import Program

/// `aventora-api`.
struct Arguments: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aventora-api",
        abstract: "Take events in over HTTP and put jobs into the queues.",
        version: Version.current
    )

    @Option(help: ArgumentHelp("File of KEY=value lines; the environment wins over it.", valueName: "file"))
    var envFile: String?
}

let arguments = Arguments.parseOrExit()
await ProgramMain.run {
    let settings = try Settings.load(environmentFilePath: arguments.envFile)
    let log = try LogConfiguration(settings)
    let configuration = try APIConfiguration(settings)
    log.bootstrap()
    try await APIProgram.run(configuration, logger: Logger(label: "aventora-api"))
}
