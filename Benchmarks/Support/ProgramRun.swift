import Command
import Foundation

/// Another program, run to its end.
struct ProgramRun: Sendable {
    let command: ChildCommand
    /// Then it is killed.
    let limit: Duration
    private let log: String

    /// - Parameters:
    ///   - program: a path, or a name that is looked for in `PATH`.
    ///   - environment: besides `PATH`, `HOME` and `LANG`.
    /// - Throws: `.missingProgram` when it is not on this machine.
    init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], limit: Duration, log: String
    ) throws(CommandError) {
        guard let path = Self.find(program) else {
            throw CommandError(.missingProgram, "\(program) is not installed")
        }
        let inherited = ProcessInfo.processInfo.environment.filter { ["PATH", "HOME"].contains($0.key) }
        let variables = inherited.merging(["LANG": "C.UTF-8"]) { own, _ in own }.merging(environment) { $1 }
        command = ChildCommand(executable: path, arguments: arguments, environment: variables, output: .file(log))
        self.limit = limit
        self.log = log
    }

    /// Runs it and answers what it wrote.
    ///
    /// - Throws: ``BenchError`` with its last lines when it fails or takes too long.
    @discardableResult
    func run() async throws -> String { try await start().waitUntilDone() }

    /// Starts it.
    func start() async throws -> RunningProgram {
        PrivateFile.remove(log)
        let process = try await ChildProcess.start(command)
        return RunningProgram(process: process, limit: limit, log: log, name: command.executable)
    }

    /// This program itself.
    static func ownPath() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    }

    static func find(_ program: String) -> String? {
        if program.contains("/") { return program }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first(where: FileManager.default.isExecutableFile(atPath:))
    }
}
