import Foundation
import Glibc
import SystemPackage

/// Small files that only their owner may read, replaced whole or not at all.
package enum PrivateFile {
    /// Writes `text` to `path` with mode 0600: to a new file beside it, flushed, then renamed over it, so that a reader
    /// sees the old text or the new, and nobody else ever sees either.
    package static func write(_ text: String, to path: String) throws(CommandError) {
        let temporary = "\(path).\(getpid()).\(SecretMaker.hex(byteCount: 4))"
        do {
            let file = try FileDescriptor.open(
                FilePath(temporary), .writeOnly, options: [.create, .exclusiveCreate, .closeOnExec],
                permissions: .ownerReadWrite
            )
            try file.closeAfter {
                try file.writeAll(Array(text.utf8))
                guard fsync(file.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
            guard unsafe rename(temporary, path) == 0 else { throw Errno(rawValue: errno) }
        } catch {
            remove(temporary)
            throw CommandError(.system, "cannot write \(path)", underlying: error)
        }
    }

    /// The text of `path`, or nil when there is no such file or it cannot be read as UTF-8.
    package static func read(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: path) else { return nil }
        return String(data: data, encoding: .utf8)
    }

    /// Removes the file; a file that is not there is no error.
    package static func remove(_ path: String) {
        _ = unsafe unlink(path)
    }

    /// Makes the folder and those above it. A folder that is already there keeps its mode.
    ///
    /// - Parameter mode: of the folders that are made.
    package static func makeDirectory(_ path: String, mode: Int = 0o700) throws(CommandError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: mode]
            )
        } catch {
            throw CommandError(.configuration, "cannot make the folder \(path)", underlying: error)
        }
    }

    /// The file's size in bytes; 0 when it is not there.
    package static func size(_ path: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.size] as? Int ?? 0
    }

    /// The last lines of a log, joined by " | ", for an error message.
    ///
    /// - Parameter offset: what lies before it is of an earlier run.
    package static func tail(_ path: String, after offset: Int, lineCount: Int = 6) -> String {
        let bytes = FileManager.default.contents(atPath: path)?.dropFirst(offset) ?? Data()
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").suffix(lineCount)
        return lines.isEmpty ? "it logged nothing" : lines.joined(separator: " | ")
    }
}
