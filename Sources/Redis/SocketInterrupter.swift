// Any thread may interrupt; only the connection's thread attaches, begins and ends. Shutting the socket down happens
// under the lock and the socket is closed only after `detach()`, so the number cannot belong to another file by then.

import Glibc
import Threads

/// Wakes a read that blocks on the connection's thread, by shutting the socket down.
///
/// Operations are numbered, so that a cancel which comes late finds another number and does nothing.
final class SocketInterrupter: Sendable {
    private struct State {
        var socket: Int32?
        var latestOperation: UInt64 = 0
        var currentOperation: UInt64?
        var isInterrupted = false
        var isClosed = false

        func shutSocket() {
            guard let socket else { return }
            // It fails only on a socket that has lost its peer already, and that one is awake.
            _ = shutdown(socket, Int32(SHUT_RDWR))
        }
    }

    private let state = Locked(State())

    /// A number for a new operation.
    func makeOperation() -> UInt64 {
        state.withLock { state in
            state.latestOperation += 1
            return state.latestOperation
        }
    }

    /// Makes a new connection's socket known; false after ``close()``.
    func attach(_ socket: Int32) -> Bool {
        state.withLock { state in
            if state.isClosed { return false }
            state.socket = socket
            return true
        }
    }

    /// Forgets the socket, which is about to be closed.
    func detach() {
        state.withLock { $0.socket = nil }
    }

    func begin(_ operation: UInt64) {
        state.withLock { state in
            state.currentOperation = operation
            state.isInterrupted = false
        }
    }

    /// Whether the current operation was interrupted, or everything was closed.
    var isInterrupted: Bool { state.withLock { $0.isInterrupted || $0.isClosed } }

    /// Ends the current operation; true if it was interrupted, and its socket with it.
    func end() -> Bool {
        state.withLock { state in
            defer {
                state.currentOperation = nil
                state.isInterrupted = false
            }
            return state.isInterrupted
        }
    }

    /// Interrupts the operation if it runs now.
    func interrupt(_ operation: UInt64) {
        state.withLock { state in
            guard state.currentOperation == operation else { return }
            state.isInterrupted = true
            state.shutSocket()
        }
    }

    /// Interrupts whatever runs, and every connection to come.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.shutSocket()
        }
    }
}
