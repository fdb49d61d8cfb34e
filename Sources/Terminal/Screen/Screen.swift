import Foundation
import Glibc

/// Where a command's answer goes.
struct Screen: Sendable {
    /// Of the terminal, in columns; nil when there is none: then nothing is cut.
    let width: Int?

    /// The standard output of this process.
    init() {
        var size = winsize()
        let isTerminal = unsafe isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0
        width = isTerminal && size.ws_col > 0 ? max(40, Int(size.ws_col)) : nil
    }

    /// Whether a person sees it now, not a file or another program.
    var isTerminal: Bool { width != nil }

    /// Writes text at once; someone who no longer reads is no reason to stop.
    func write(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    }

    /// Writes lines.
    func write(lines: [String]) {
        write(lines.map { $0 + "\n" }.joined())
    }

    /// Empties the terminal and begins at its top.
    func clear() { write("\u{1B}[H\u{1B}[2J\u{1B}[3J") }
}
