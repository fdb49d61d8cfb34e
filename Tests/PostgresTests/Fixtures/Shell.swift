import Foundation
import Threads

/// A shell that runs as the user `postgres` when the tests run as root, because the server refuses root.
final class Shell: Sendable {
    private let process: Process
    private let input = Pipe()
    private let output = Pipe()
    // Starting one process must not hand another's pipe ends to it.
    private static let starting = Locked(())

    init(_ script: String, asRoot: Bool = false) throws {
        process = Process()
        let shell = ["/bin/sh", "-c", script]
        let user = ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        let command = getuid() == 0 && !asRoot ? user + shell : shell
        process.executableURL = URL(fileURLWithPath: command[0])
        process.arguments = Array(command.dropFirst())
        process.environment = [
            "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGTEST_PASSWORD": PostgresServer.password,
        ]
        process.currentDirectoryURL = URL(fileURLWithPath: "/tmp")
        process.standardInput = input
        process.standardOutput = output
        try Self.starting.withLock { _ in
            for handle in [input.fileHandleForWriting, output.fileHandleForReading] {
                _ = fcntl(handle.fileDescriptor, F_SETFD, FD_CLOEXEC)
            }
            try process.run()
        }
    }

    static func run(_ script: String, asRoot: Bool = false) throws {
        let shell = try Shell(script, asRoot: asRoot)
        shell.waitUntilExit()
        guard shell.process.terminationStatus == 0 else {
            throw FixtureError("failed with \(shell.process.terminationStatus): \(script)")
        }
    }

    /// The next line of its output; empty at the end.
    func readLine() -> String {
        var line = ""
        while let byte = output.fileHandleForReading.readData(ofLength: 1).first, byte != UInt8(ascii: "\n") {
            line.append(Character(Unicode.Scalar(byte)))
        }
        return line
    }

    func waitUntilExit() { process.waitUntilExit() }
}
