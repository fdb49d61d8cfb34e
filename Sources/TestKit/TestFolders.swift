import Command
import Foundation
import Glibc

/// Names of the folders and files that tests use for a while, under the system's folder for temporary files.
package enum TestFolders {
    /// A path that nobody else uses; nothing is made. It names this process, so that what a test run that crashed left
    /// behind is removed by the next one.
    package static func make(_ kind: String) -> String {
        _ = sweep
        return "\(root)/\(prefix)\(getpid())-\(kind)-\(SecretMaker.hex(byteCount: 4))"
    }

    private static let prefix = "aventora-system-"

    private static var root: String { URL(fileURLWithPath: NSTemporaryDirectory()).standardizedFileURL.path }

    /// Once a process: everything whose process is no more.
    private static let sweep: Void = {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] where name.hasPrefix(prefix) {
            guard let process = Int32(name.dropFirst(prefix.count).prefix { $0 != "-" }), process != getpid(),
                ProcessTable.startTicks(of: process) == nil
            else { continue }
            // Somebody else's, or just removed by another run: no concern of this one.
            try? FileManager.default.removeItem(atPath: "\(root)/\(name)")
        }
    }()
}
