import Foundation
import Program

/// What is piped into a command.
enum StandardInput {
    /// All of it.
    ///
    /// - Throws: exit 64 when it is longer than `maximumBytes`.
    static func read(maximumBytes: Int) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let data = try FileHandle.standardInput.read(upToCount: 65_536), !data.isEmpty {
            bytes.append(contentsOf: data)
            guard bytes.count <= maximumBytes else {
                throw ProgramError(.usage, "at most \(maximumBytes) bytes are read from standard input")
            }
        }
        return bytes
    }
}
