// Where job tasks, the doorbell and the signal handlers leave word for the claim loop. Posting takes a lock for some
// nanoseconds and wakes the loop only when it has waited for that much.

import Threads

/// What the claim loop hears.
enum WorkEvent: Sendable {
    /// A job ended.
    case finished(queue: Int, Settlement)
    /// A running job changes its arguments, and waits to hear whether its claim still stands.
    case keep(queue: Int, Settlement, CheckedContinuation<Result<Bool, QueueError>, Never>)
    /// A doorbell rang.
    case rang(queue: Int)
    /// Nobody rang, or the wait for it failed.
    case silent
    /// Somebody asked for these jobs to be cancelled.
    case cancel(queue: Int, [JobID])
    /// The leases may have run out, and the claims be others'.
    case wasSilent
    /// Claim no more, but stay.
    case quiet
    /// Claim no more, and end when everything is settled.
    case stop
    /// Cancel what runs.
    case graceIsOver
}

/// The claim loop's mailbox: any number of writers, one reader.
final class Inbox: Sendable {
    private struct State {
        var events: [WorkEvent] = []
        var isUrgent = false
        var isClosed = false
        var minimum = 1
        var waiter: CheckedContinuation<Void, Never>?
        var round = 0
    }

    private let state = Locked(State())
    private let clock: any MonotonicClock

    init(clock: any MonotonicClock) { self.clock = clock }

    static let stopped = QueueError(.unavailable, "the worker has stopped")

    func post(_ event: WorkEvent) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.isClosed, case .keep(_, _, let asker) = event {
                asker.resume(returning: .failure(Self.stopped))
                return nil
            }
            state.events.append(event)
            if case .finished = event {} else { state.isUrgent = true }
            guard state.isUrgent || state.events.count >= state.minimum else { return nil }
            return state.waiter.take()
        }
        waiter?.resume()
    }

    /// Nobody reads any more: who waits for an answer is told so, now and later.
    func close() {
        state.withLock { $0.isClosed = true }
        for case .keep(_, _, let asker) in take() { asker.resume(returning: .failure(Self.stopped)) }
    }

    /// Takes every event, in the order of posting.
    func take() -> [WorkEvent] {
        state.withLock { state in
            defer {
                state.events.removeAll(keepingCapacity: true)
                state.isUrgent = false
            }
            return state.events
        }
    }

    /// Waits until `minimum` jobs have ended, anything else happened, or the time has come.
    func wait(minimum: Int, untilMilliseconds: Int64) async {
        let remaining = untilMilliseconds == .max ? Int64.max : untilMilliseconds - clock.nowMilliseconds
        guard remaining > 0 else { return }
        let round = state.withLock { state in
            state.minimum = minimum
            state.round += 1
            return state.round
        }
        let timer = remaining == .max ? nil : Task { await self.endRound(round, after: remaining) }
        await withCheckedContinuation { continuation in
            let isDue = state.withLock { state in
                if state.isUrgent || state.events.count >= minimum || state.round != round { return true }
                state.waiter = continuation
                return false
            }
            if isDue { continuation.resume() }
        }
        timer?.cancel()
    }

    private func endRound(_ round: Int, after milliseconds: Int64) async {
        do { try await clock.sleep(milliseconds: milliseconds) } catch { return }  // cancelled: the round is over
        let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.round == round else { return nil }
            state.round += 1
            return state.waiter.take()
        }
        waiter?.resume()
    }
}
