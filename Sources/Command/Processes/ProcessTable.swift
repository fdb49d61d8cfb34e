import Foundation
import Glibc

/// What the kernel says of processes, ours or not.
package enum ProcessTable {
    /// When the process began, in the kernel's ticks since it booted; nil when there is none or it has ended and only
    /// waits to be reaped. Together with the id it names one process for as long as the machine runs.
    package static func startTicks(of processIdentifier: Int32) -> UInt64? {
        guard let text = PrivateFile.read("/proc/\(processIdentifier)/stat"),
            let nameEnd = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return UInt64(fields[19])
    }

    /// Whether the process's command line or environment, as it was when the program began, holds `text`. False when
    /// they cannot be read: then the process is another user's.
    package static func mentions(_ text: String, processIdentifier: Int32) -> Bool {
        ["cmdline", "environ"].contains { file in
            guard let data = FileManager.default.contents(atPath: "/proc/\(processIdentifier)/\(file)") else {
                return false
            }
            return data.range(of: Data(text.utf8)) != nil
        }
    }

    /// The folder of the running program, links resolved.
    package static func ownDirectory() -> String {
        let link = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return link.deletingLastPathComponent().path
    }
}
