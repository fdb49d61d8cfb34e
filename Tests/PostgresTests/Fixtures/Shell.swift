import Foundation
import TestKit

/// A shell that runs as the user `postgres` when the tests run as root, because the server refuses root.
final class Shell: Sendable {
    private let process = SpawnedProcess()
    /// Closed with this object, which ends the script's input.
    private let input: FileHandle
    private let output: FileHandle

    init(_ script: String, asRoot: Bool = false) throws {
        let shell = ["/bin/sh", "-c", script]
        let user = ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]
        let command = getuid() == 0 && !asRoot ? user + shell : shell
        process.executable = command[0]
        process.arguments = Array(command.dropFirst())
        process.environment = [
            "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "PGTEST_PASSWORD": PostgresServer.password,
        ]
        process.currentDirectory = "/tmp"
        input = try process.openInput()
        output = try process.openOutput()
        try process.run()
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
        while let byte = output.readData(ofLength: 1).first, byte != UInt8(ascii: "\n") {
            line.append(Character(Unicode.Scalar(byte)))
        }
        return line
    }

    func waitUntilExit() { process.waitUntilExit() }
}
