public import ArgumentParser
import Basics
import Foundation
import Glibc
import Logging
import UnixSignals

/// `aventora dev`: everything on this machine, with servers of its own.
public struct DevCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "dev",
        abstract: "Run the whole system here, with a Redis and a Postgres of its own.",
        discussion: """
            Where REDIS_URL or DATABASE_URL is set, that server is used and none is started. The addresses and the \
            token are in DIR/dev.env once all is ready. Ctrl-C drains and stops; once more kills.
            """
    )

    /// The database's side of dev; the program's main sets it, with its migrations.
    @TaskLocal public static var database: any DevDatabase = PsqlDatabase { _ in }

    @Option(help: "Port of the API on 127.0.0.1; 8080, or the next free one, unless given.")
    var port: UInt16?

    @Option(help: "How many workers to run, 0 to 64.")
    var workers = 2

    @Option(help: ArgumentHelp("Folder for data, secrets and dev.env.", valueName: "dir"))
    var data = ".aventora"

    @Option(help: ArgumentHelp("File of KEY=value lines; the environment wins over it.", valueName: "file"))
    var envFile: String?

    @Flag(help: "Play the systems that jobs call (Twenty, the Hub, ...) where their addresses are not set, and a day.")
    var withPeers = false

    @Flag(help: "As --with-peers, and each of these systems fails for a while during the day that is played.")
    var failingPeers = false

    @Flag(help: "Do not post the sample call, and play no day with the peers.")
    var noSample = false

    @Flag(help: "End once the sample call is delivered and the day is played: exit code 0, or 1 where that fails.")
    var exitAfterSample = false

    public init() {}

    public func validate() throws {
        guard (0...64).contains(workers) else { throw ValidationError("--workers: 0 to 64 are allowed") }
        guard port != 0 else { throw ValidationError("--port: 1 to 65535 are allowed") }
        guard !data.isEmpty else { throw ValidationError("--data: a folder is needed") }
        guard !(noSample && exitAfterSample) else {
            throw ValidationError("--no-sample and --exit-after-sample exclude each other")
        }
    }

    public func run() async throws {
        let (stops, stopper) = AsyncStream<Void>.makeStream()
        let trapped = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
        let forwarder = Task { for await _ in trapped { stopper.yield() } }
        defer { forwarder.cancel() }
        do throws(CommandError) {
            let run = DevRun(
                options: try options(), database: Self.database, logger: Logger(label: "aventora.dev"),
                say: Self.print
            )
            try await run.run(signals: stops)
        } catch {
            FileHandle.standardError.write(Data("aventora dev: \(error)\n".utf8))
            throw ExitCode(error.code.exitCode)
        }
    }

    private func options() throws(CommandError) -> DevOptions {
        var options = DevOptions()
        options.port = port
        options.workers = workers
        options.directory = data
        options.hasPeers = withPeers || failingPeers
        options.arePeersFailing = failingPeers
        options.postsSample = !noSample
        options.exitsAfterSample = exitAfterSample
        options.environment = ProcessInfo.processInfo.environment
        if let envFile { options.environment.merge(try EnvironmentFile.read(envFile)) { own, _ in own } }
        return options
    }

    /// Straight to standard output, so that lines appear when they happen also where it is a pipe. Someone who no longer
    /// reads them is no reason to stop.
    @Sendable private static func print(_ line: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data("\(line)\n".utf8))
    }
}
