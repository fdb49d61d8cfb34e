// Callers add from any thread; only the connection's thread takes. At most one serving run is under way: `add` says
// when one must be started, and `nextFlight` ends it under the same lock that found nothing more to do.

import Threads

/// The calls that wait for a connection and those that are under way.
final class RedisCallQueue: Sendable {
    enum Admission {
        /// A serving run must be started.
        case start
        /// One is under way and will come to it.
        case queued
        case refused(RedisError)
    }

    private struct State {
        var pending: [RedisCall] = []
        var pendingCommands = 0
        var pendingBytes = 0
        var flying: [RedisCall] = []
        var isServed = false
        var isClosed = false
    }

    private let state = Locked(State())
    private let limits: RedisLimits

    init(limits: RedisLimits) { self.limits = limits }

    func add(_ call: RedisCall) -> Admission {
        state.withLock { state in
            if state.isClosed { return .refused(.closed) }
            if !state.pending.isEmpty, isFull(state, with: call) {
                return .refused(RedisError(.overloaded, "too many commands wait for the connection"))
            }
            state.pending.append(call)
            state.pendingCommands += call.commands.count
            state.pendingBytes += call.byteCount
            defer { state.isServed = true }
            return state.isServed ? .queued : .start
        }
    }

    /// The calls to send together, without those that were cancelled; nil ends the serving run.
    func nextFlight() -> [RedisCall]? {
        state.withLock { state in
            state.flying = []
            while !state.pending.isEmpty {
                state.flying = takeFlight(from: &state).filter { !$0.isAnswered }
                if !state.flying.isEmpty { return state.flying }
            }
            state.isServed = false
            return nil
        }
    }

    /// Answers every call with ``RedisError/Code/closed`` and refuses those to come.
    func close() {
        let calls = state.withLock { state in
            defer {
                state.pending = []
                state.flying = []
                state.isClosed = true
            }
            return state.flying + state.pending
        }
        for call in calls { call.answer(.failure(.closed)) }
    }

    private func isFull(_ state: borrowing State, with call: RedisCall) -> Bool {
        state.pendingCommands + call.commands.count > limits.pendingCommands
            || state.pendingBytes + call.byteCount > limits.pendingBytes
    }

    /// Whole calls up to a flight's limits, and always at least one; what an oversized one has too much, the
    /// connection sends in several turns.
    private func takeFlight(from state: inout State) -> [RedisCall] {
        var commands = 0
        var bytes = 0
        var count = 0
        for call in state.pending {
            let hasRoom =
                commands + call.commands.count <= limits.flightCommands
                && bytes + call.byteCount <= limits.flightBytes
            guard hasRoom || count == 0 else { break }
            commands += call.commands.count
            bytes += call.byteCount
            count += 1
        }
        state.pendingCommands -= commands
        state.pendingBytes -= bytes
        if count == state.pending.count {
            defer { state.pending = [] }
            return state.pending
        }
        defer { state.pending.removeFirst(count) }
        return Array(state.pending[..<count])
    }
}
