import Foundation

@testable import Command

/// A folder of one test, gone with the value.
final class TestFolder: Sendable {
    let path: String

    /// - Parameter mode: 0755 lets the user that Postgres runs as reach what is in it.
    init(mode: Int = 0o755) throws {
        path = "\(NSTemporaryDirectory())/aventora-test-\(SecretMaker.hex(byteCount: 6))"
            .replacingOccurrences(of: "//", with: "/")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes an executable program into the folder.
    func addProgram(_ name: String, _ text: String) throws {
        let file = "\(path)/\(name)"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
    }
}
