// Where callers leave requests and cancellations for the client's thread.
//
// The waker is used under the lock and only while the thread is inside its wait: the thread cannot go on to free the
// multi handle before it has taken the lock again. While the thread works, callers only append, so a burst costs one
// wake-up however long it is.

internal import Synchronization
import Threads

/// One `send` as the client's thread sees it. An object, since it goes through several hands and a request has many parts.
final class Submission: Sendable {
    let ticket: Ticket
    let request: CurlRequest
    let headerLines: [String]
    let continuation: CheckedContinuation<Result<TransferOutcome, CurlError>, Never>

    init(
        ticket: Ticket, request: CurlRequest, headerLines: [String],
        continuation: CheckedContinuation<Result<TransferOutcome, CurlError>, Never>
    ) {
        self.ticket = ticket
        self.request = request
        self.headerLines = headerLines
        self.continuation = continuation
    }
}

/// The identity of one `send`, by which it is cancelled before, during or after its transfer.
final class Ticket: Sendable, Hashable {
    private let cancelled = Atomic(false)

    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    func cancel() { cancelled.store(true, ordering: .releasing) }

    static func == (left: Ticket, right: Ticket) -> Bool { left === right }

    func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// The shared list between callers and the thread.
final class Inbox: Sendable {
    /// What the thread took in one go.
    struct Batch {
        var submissions: [Submission] = []
        var cancellations: [Ticket] = []
    }

    private struct State {
        var batch = Batch()
        var inFlight = 0
        var isClosed = true
        var isWaiting = false
        var skipsNextWait = false
        var waker: MultiWaker?
    }

    private let state = Locked(State())
    private let maximumInFlight: Int

    /// Closed until ``open(_:)``.
    init(maximumInFlight: Int) { self.maximumInFlight = maximumInFlight }

    /// Accepts requests from now on.
    func open(_ waker: MultiWaker) {
        state.withLock { state in
            state.waker = waker
            state.isClosed = false
        }
    }

    /// Hands a request to the thread, or says why not; then the continuation is still the caller's to resume.
    func submit(_ submission: Submission) -> CurlError? {
        state.withLock { state in
            if state.isClosed { return .closedClient }
            guard state.inFlight < maximumInFlight else {
                return CurlError(code: .overloaded, message: "\(maximumInFlight) requests are in flight")
            }
            state.inFlight += 1
            state.batch.submissions.append(submission)
            wake(&state)
            return nil
        }
    }

    /// Asks the thread to end a transfer, whether it has it yet or no longer.
    func cancel(_ ticket: Ticket) {
        ticket.cancel()
        state.withLock { state in
            if state.isClosed { return }
            state.batch.cancellations.append(ticket)
            wake(&state)
        }
    }

    /// Takes all that waits.
    func take() -> Batch {
        state.withLock { state in
            let batch = state.batch
            state.batch = Batch()
            return batch
        }
    }

    /// Counts requests out before their callers hear of it, so that a caller who sends again finds room.
    func release(_ finished: Int) {
        state.withLock { $0.inFlight -= finished }
    }

    /// Refuses all further requests and gives what waited.
    func close() -> Batch {
        state.withLock { state in
            state.isClosed = true
            state.waker = nil
            let batch = state.batch
            state.batch = Batch()
            return batch
        }
    }

    /// True if the thread may wait now; false if something came.
    func beginWaiting() -> Bool {
        state.withLock { state in
            let hasWork = !state.batch.submissions.isEmpty || !state.batch.cancellations.isEmpty || state.skipsNextWait
            state.skipsNextWait = false
            state.isWaiting = !hasWork
            return state.isWaiting
        }
    }

    func endWaiting() {
        state.withLock { $0.isWaiting = false }
    }

    /// Ends the thread's wait, or its next one.
    func wake() {
        state.withLock { state in
            if !state.isWaiting { state.skipsNextWait = true }
            wake(&state)
        }
    }

    private func wake(_ state: inout State) {
        guard state.isWaiting else { return }
        state.isWaiting = false
        state.waker?.wake()
    }
}
