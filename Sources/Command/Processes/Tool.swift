import Foundation
import Glibc
import Subprocess
import SystemPackage

/// Programs that are run to their end for what they print.
enum Tool {
    /// Runs the program and answers its output, standard error included.
    ///
    /// - Parameters:
    ///   - input: its standard input.
    ///   - limit: then it is killed and the call throws.
    /// - Throws: `.serverAway` when it fails or takes too long, `.missingProgram` when it cannot be run. The output is in
    ///   the message, so no program that prints secrets is run this way.
    static func run(
        _ command: ChildCommand, input: String = "", limit: Duration = .seconds(30)
    ) async throws(CommandError) -> String {
        let name = command.executable.split(separator: "/").last.map(String.init) ?? command.executable
        let configuration = command.configuration()
        do {
            let source = try file(holding: input)
            defer { try? source.close() }
            return try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask {
                    let result = try await Subprocess.run(
                        configuration, input: .fileDescriptor(source, closeAfterSpawningProcess: false),
                        output: .string(limit: 1_048_576), error: .combinedWithOutput
                    )
                    let text = result.standardOutput
                    guard case .exited(0) = result.terminationStatus else {
                        let status = ChildExit(result.terminationStatus)
                        throw CommandError(.serverAway, "\(name) failed (\(status)): \(oneLine(text))")
                    }
                    return text
                }
                group.addTask {
                    try await Task.sleep(for: limit)
                    return nil
                }
                defer { group.cancelAll() }
                guard let first = try await group.next(), let text = first else {
                    throw CommandError(.serverAway, "\(name) took longer than \(limit)")
                }
                return text
            }
        } catch let error as CommandError {
            throw error
        } catch {
            throw CommandError(.missingProgram, "cannot run \(name)", underlying: error)
        }
    }

    /// A file without a name, to be read from its beginning. A pipe that the library writes into ends this process when the
    /// program ends before it has read all of it (swift-subprocess 1.0.2).
    private static func file(holding text: String) throws -> FileDescriptor {
        let path = FileManager.default.temporaryDirectory.appending(path: "input-\(SecretMaker.hex(byteCount: 16))")
            .path
        let file = try FileDescriptor.open(
            FilePath(path), .readWrite, options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite)
        do {
            _ = unsafe unlink(path)
            try file.writeAll(text.utf8)
            _ = try file.seek(offset: 0, from: FileDescriptor.SeekOrigin.start)
            return file
        } catch {
            try? file.close()
            throw error
        }
    }

    private static func oneLine(_ text: String) -> String {
        String(text.split(whereSeparator: \.isNewline).suffix(6).joined(separator: " | ").prefix(1_000))
    }
}
