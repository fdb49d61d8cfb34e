// Cancel requests block for a connection of their own, so they have a thread of their own: neither Swift's pool nor the
// connection's thread, which goes on waiting for the statement's end.

import Synchronization
import Threads

/// Sends cancel requests, one at a time.
actor Canceller {
    private let executor = ThreadExecutor(name: "pg-cancel")

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private func send(_ ticket: CancelTicket) { ticket.send() }

    /// Sends it soon and returns at once. Called from connection threads, hence detached: a task that inherited the
    /// caller's actor would wait for the very thread that waits for it.
    nonisolated func enqueue(_ ticket: CancelTicket) {
        Task.detached { await self.send(ticket) }
    }
}

/// One cancel request and whether it is over; wakes the connection's thread when it is.
final class CancelTicket: Sendable {
    private let key: CancelKey
    private let wake: WakeSignal
    private let finished = Atomic(false)

    init(key: CancelKey, wake: WakeSignal) {
        self.key = key
        self.wake = wake
    }

    /// No request is under way: none can hit a later statement.
    var isFinished: Bool { finished.load(ordering: .acquiring) }

    func send() {
        // A request that failed leaves the statement running; its shortened deadline then ends the connection.
        if key.cancel.request() { finished.store(true, ordering: .releasing) }
        wake.signal()
    }
}

/// Shares one connection's cancel handle with the canceller.
final class CancelKey: Sendable {
    let cancel: PQCancel

    init(_ cancel: consuming PQCancel) { self.cancel = cancel }
}
