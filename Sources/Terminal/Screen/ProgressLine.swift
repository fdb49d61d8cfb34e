import Foundation
import Glibc
import Synchronization

/// One line on standard error that says how far a long command is; nothing where standard error is no terminal. For any
/// thread.
final class ProgressLine: Sendable {
    private struct State {
        var lastMilliseconds: Int64
        var isShown = false
    }

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let start = ContinuousClock.now
    private let state = Mutex(State(lastMilliseconds: 500))

    /// The shortest time between two changes, in ms. The first comes a little later: what is soon over shows nothing.
    private static let intervalMilliseconds: Int64 = 250

    /// Shows a text in place of the one before, unless that is too new.
    func show(_ text: @autoclosure () -> String) {
        guard isTerminal else { return }
        let now = (ContinuousClock.now - start) / .milliseconds(1)
        let isDue = state.withLock { state in
            guard Int64(now) >= state.lastMilliseconds + Self.intervalMilliseconds else { return false }
            state = State(lastMilliseconds: Int64(now), isShown: true)
            return true
        }
        if isDue { write("\r\u{1B}[K" + text()) }
    }

    /// Takes the line away.
    func clear() {
        let wasShown = state.withLock { state in
            defer { state.isShown = false }
            return state.isShown
        }
        if wasShown { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        // Whoever looks at it is no longer there: no reason to stop.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
