// When a worker goes to Redis, for which queues and how many jobs. Pure: it takes events and times and says what to do.
//
// One trip settles what has finished and claims what fits the free slots. Under load, trips are spaced so that each
// carries many jobs: one starts when a quarter of the slots has turned over, or `lingerMilliseconds` after the last. A
// worker with nothing to do makes its first trip at once, so an idle pick-up waits for nothing.

/// The claim loop's state machine. Times are monotonic milliseconds.
struct WorkPlanner: Sendable {
    struct Limits: Sendable {
        var concurrency: Int
        /// The shortest time between two trips that carry little.
        var lingerMilliseconds: Int64 = 2
        /// How often a queue is looked at although nothing rang: doorbells can get lost with a Redis that fails over.
        var pollMilliseconds: Int64 = 10_000
        /// The pause after a trip that failed.
        var pauseMilliseconds: Int64 = 100

        var threshold: Int { max(1, concurrency / 4) }
    }

    /// What a trip asks of one queue.
    struct Call: Sendable, Hashable {
        let queue: Int
        let want: Int
    }

    /// What a queue answered.
    struct Answer: Sendable, Hashable {
        let claimed: Int
        /// Until its next due job; nil when it has none.
        let untilDueMilliseconds: Int64?
        /// Jobs left in ready.
        let left: Int
    }

    enum Step: Sendable, Hashable {
        case trip([Call])
        /// Wait for an event, at most until then. `listens`: block on the doorbells meanwhile.
        case wait(untilMilliseconds: Int64, listens: Bool)
        /// Stopping, and everything is settled.
        case finished
    }

    private struct QueueState: Sendable {
        var isHot = true
        var dueAtMilliseconds: Int64?
        var pollAtMilliseconds: Int64
        var unsettled = 0
    }

    private let limits: Limits
    private var queues: [QueueState]
    private(set) var running = 0
    private var lastTripMilliseconds: Int64 = .min / 2
    private var notBeforeMilliseconds: Int64 = .min / 2
    private var turn = 0
    private(set) var isStopping = false
    private(set) var isQuiet = false

    init(queueCount: Int, limits: Limits, nowMilliseconds: Int64) {
        self.limits = limits
        let state = QueueState(pollAtMilliseconds: nowMilliseconds + limits.pollMilliseconds)
        queues = Array(repeating: state, count: queueCount)
    }

    /// Whether it may take jobs.
    var isClaiming: Bool { !isStopping && !isQuiet }

    var freeSlots: Int { limits.concurrency - running }
    private var unsettled: Int { queues.reduce(0) { $0 + $1.unsettled } }

    /// A job ended and its settlement waits for the next trip.
    mutating func jobFinished(queue: Int) {
        running -= 1
        queues[queue].unsettled += 1
    }

    /// A settlement that ends no job waits for the next trip.
    mutating func settlementAdded(queue: Int) { queues[queue].unsettled += 1 }

    /// The queue's doorbell rang.
    mutating func rang(queue: Int) { queues[queue].isHot = true }

    /// No more claims; what runs goes on, and then it is over.
    mutating func stop() { isStopping = true }

    /// No more claims; what runs goes on, and then it waits for ``stop()``.
    mutating func quiet() { isQuiet = true }

    /// A trip is over. The settlements it carried are gone, whatever became of them.
    mutating func tripped(_ calls: [Call], _ answers: [Answer], nowMilliseconds: Int64) {
        lastTripMilliseconds = nowMilliseconds
        for (call, answer) in zip(calls, answers) {
            running += answer.claimed
            queues[call.queue].unsettled = 0
            queues[call.queue].dueAtMilliseconds = answer.untilDueMilliseconds.map { nowMilliseconds + $0 }
            if call.want > 0 {
                // Ready jobs of which none came are a paused queue's.
                queues[call.queue].isHot = answer.claimed > 0 && answer.left > 0
                queues[call.queue].pollAtMilliseconds = nowMilliseconds + limits.pollMilliseconds
            }
        }
    }

    /// A trip failed: its settlements still wait, and nothing was claimed.
    mutating func tripFailed(nowMilliseconds: Int64) {
        lastTripMilliseconds = nowMilliseconds
        notBeforeMilliseconds = nowMilliseconds + limits.pauseMilliseconds
    }

    mutating func next(nowMilliseconds now: Int64) -> Step {
        if isStopping, running == 0, unsettled == 0 { return .finished }
        wakeDueQueues(now)
        let calls = plannedCalls()
        guard !calls.isEmpty else { return idleStep(now) }
        let isUrgent = running == 0 || freeSlots >= limits.threshold || unsettled >= limits.threshold
        let earliest = max(notBeforeMilliseconds, isUrgent ? .min : lastTripMilliseconds + limits.lingerMilliseconds)
        guard now < earliest else {
            turn &+= 1
            return .trip(calls)
        }
        return .wait(untilMilliseconds: earliest, listens: false)
    }

    private mutating func wakeDueQueues(_ now: Int64) {
        for index in queues.indices {
            if let due = queues[index].dueAtMilliseconds, due <= now {
                queues[index].isHot = true
                queues[index].dueAtMilliseconds = nil
            }
            if queues[index].pollAtMilliseconds <= now { queues[index].isHot = true }
        }
    }

    /// The free slots shared among the queues that may have work, beginning with another one each time.
    private func plannedCalls() -> [Call] {
        let hot = !isClaiming ? [] : queues.indices.filter { queues[$0].isHot }
        var wants = [Int](repeating: 0, count: queues.count)
        if freeSlots > 0, !hot.isEmpty {
            let (share, rest) = freeSlots.quotientAndRemainder(dividingBy: hot.count)
            for (position, queue) in hot.enumerated() {
                let isFavoured = (position + turn) % hot.count < rest
                wants[queue] = share + (isFavoured ? 1 : 0)
            }
        }
        return queues.indices.filter { wants[$0] > 0 || queues[$0].unsettled > 0 }
            .map { Call(queue: $0, want: wants[$0]) }
    }

    private func idleStep(_ now: Int64) -> Step {
        guard isClaiming, freeSlots > 0 else { return .wait(untilMilliseconds: .max, listens: false) }
        let wakes = queues.map { min($0.pollAtMilliseconds, $0.dueAtMilliseconds ?? .max) }
        return .wait(untilMilliseconds: wakes.min() ?? .max, listens: true)
    }
}
