import Glibc
import SystemPackage

/// The right to be the only one that works in a folder, held until the value goes or its process ends.
///
/// It is a `flock` on `dev.lock`: the kernel gives it back however the process dies, and the descriptor is closed in
/// children, so a child that outlives its parent does not hold the folder.
package final class DirectoryLock: Sendable {
    private let file: FileDescriptor

    /// Takes the lock of `directory`, at once or not at all.
    ///
    /// - Throws: `.conflict` when another process has it, naming that process; `.system` when the file cannot be opened.
    package init(directory: String) throws(CommandError) {
        let path = "\(directory)/dev.lock"
        do {
            file = try FileDescriptor.open(
                FilePath(path), .readWrite, options: [.create, .closeOnExec], permissions: .ownerReadWrite
            )
        } catch {
            throw CommandError(.configuration, "cannot open \(path)", underlying: error)
        }
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = PrivateFile.read(path)?.split(separator: "\n").first.map { " (process \($0))" } ?? ""
            guard reason == EWOULDBLOCK else {
                throw CommandError(.system, "cannot lock \(path)", underlying: Errno(rawValue: reason))
            }
            throw CommandError(.conflict, "another aventora dev\(holder) is running on \(directory)")
        }
        noteHolder()
    }

    /// Runs too when the initialiser throws with the file open. Unlocked and not only closed: a child that is being started right now, between fork and exec, has the descriptor
    /// too.
    deinit {
        _ = flock(file.rawValue, LOCK_UN)
        _ = close(file.rawValue)
    }

    /// Only for the other side's error message, so a failure to write it is of no account.
    private func noteHolder() {
        guard ftruncate(file.rawValue, 0) == 0 else { return }
        _ = try? file.writeAll(toAbsoluteOffset: 0, Array("\(getpid())\n".utf8))
    }
}
