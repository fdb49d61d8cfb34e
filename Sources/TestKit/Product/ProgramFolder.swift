package import Command
import Foundation

/// Where the built programs and the files of the source are.
package enum ProgramFolder {
    /// The folder of the built programs: beside the tests, or what `AVENTORA_TEST_PROGRAMS` says.
    package static var programs: String {
        ProcessInfo.processInfo.environment["AVENTORA_TEST_PROGRAMS"] ?? ProcessTable.ownDirectory()
    }

    /// The text of a file of the source, such as `deploy/sample/hub.sql`.
    package static func sourceText(_ path: String) throws -> String {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }
}

/// One run of a program to its end.
package struct ProgramRun: Sendable {
    package let exit: ChildExit
    /// Standard output and standard error.
    package let output: String

    /// Runs a program; the environment is all that it gets.
    ///
    /// - Throws: ``WaitExpired`` when it has not ended within `limit`; it is killed then.
    package static func run(
        _ name: String, _ arguments: [String] = [], environment: [String: String], workingDirectory: String? = nil,
        within limit: Duration = .seconds(30)
    ) async throws -> ProgramRun {
        let file = TestFolders.make("output")
        defer { PrivateFile.remove(file) }
        let child = try await ChildProcess.start(
            ChildCommand(
                executable: "\(ProgramFolder.programs)/\(name)", arguments: arguments,
                environment: ["PATH": "/usr/bin:/bin"].merging(environment) { $1 },
                workingDirectory: workingDirectory, output: .file(file)))
        guard let exit = await child.waitForExit(within: limit) else {
            await child.stop([])
            let output = PrivateFile.read(file) ?? ""
            throw WaitExpired(description: "waited in vain for the end of \(name), \(limit); \(output.suffix(2_000))")
        }
        return ProgramRun(exit: exit, output: PrivateFile.read(file) ?? "")
    }
}
