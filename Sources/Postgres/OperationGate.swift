// What callers on any thread and the connection's thread share. Operations are numbered, so a cancel reaches only the
// operation it was meant for: one that ended in the meantime is no longer open and its cancel does nothing.

import Threads

/// Cancels, closes and marks one connection from any thread.
final class OperationGate: Sendable {
    private struct State {
        var lastOperation: UInt64 = 0
        /// The open operations, and whether each is cancelled.
        var isCancelled: [UInt64: Bool] = [:]
        var isClosing = false
        var isBroken = false
    }

    let wake = WakeSignal()
    private let state = Locked(State())

    /// A new operation, to be ended with ``end(_:)``.
    func begin() -> UInt64 {
        state.withLock { state in
            state.lastOperation += 1
            state.isCancelled[state.lastOperation] = false
            return state.lastOperation
        }
    }

    func end(_ operation: UInt64) { state.withLock { state in state.isCancelled[operation] = nil } }

    func cancel(_ operation: UInt64) {
        let isOpen = state.withLock { state in
            guard state.isCancelled[operation] != nil else { return false }
            state.isCancelled[operation] = true
            return true
        }
        if isOpen { wake.signal() }
    }

    func isCancelled(_ operation: UInt64) -> Bool { state.withLock { $0.isCancelled[operation] ?? false } }

    /// Ends whatever runs and refuses the rest.
    func close() {
        state.withLock { $0.isClosing = true }
        wake.signal()
    }

    var isClosing: Bool { state.withLock { $0.isClosing } }

    /// The connection must not be used again.
    func markBroken() { state.withLock { $0.isBroken = true } }

    var isBroken: Bool { state.withLock { $0.isBroken || $0.isClosing } }
}
