// From what a handler returned to what changes in Redis: the one place where that is decided.

import Redis

/// The end of one claim, or a change under it, as `work.lua` takes it.
struct Settlement: Sendable, Hashable {
    enum Change: Sendable, Hashable {
        /// Done, nothing else to write: the fast path.
        case acknowledge
        case done(trace: String, followers: [NewJob])
        case cancel(note: String)
        case requeue(Requeue)
        case bury(header: String, reason: String, isLaneFailure: Bool)
        /// `header`: empty leaves it as it is.
        case keep(header: String, arguments: [UInt8])
    }

    /// Back into the queue.
    struct Requeue: Sendable, Hashable {
        var header: String
        var delayMilliseconds: Int64
        /// Empty keeps the last one.
        var error = ""
        /// The queue's total that counts it.
        var counter: String
        /// For how long nothing of its lane starts.
        var holdLaneMilliseconds: Int64 = 0
        /// Whether it speaks against the lane's target.
        var isLaneFailure = false
    }

    let id: JobID
    let fence: Int64
    let change: Change

    /// How long a job that this worker cannot run waits for another the first time.
    static let unknownKindPauseMilliseconds: Int64 = 30_000
    private static let longestParkMilliseconds: Int64 = 600_000

    /// Turns the outcome of a run into its settlement.
    init(_ outcome: JobOutcome, of job: ClaimedJob, leavesTrace: Bool) {
        id = job.id
        fence = job.fence
        var next = job.envelope
        switch outcome {
        case .done(let note, let followers):
            let isTraced = leavesTrace || next.options.isTracked
            let isFresh = next.attempts == 0 && next.crashes == 0 && next.deferrals == 0
            guard isTraced || !followers.isEmpty || !isFresh || !next.isPlain else {
                change = .acknowledge
                return
            }
            let attempts = next.attempts + 1
            let trace =
                isTraced
                ? FinishedTrace.line(state: .done, of: next, attempts: attempts, note: Self.cut(note)) : ""
            change = .done(trace: trace, followers: followers)
        case .retry(let reason, let notBefore, let hold):
            next.attempts += 1
            if let delay = next.policy.delayMilliseconds(after: next.attempts, of: job.id) {
                change = .requeue(
                    Requeue(
                        header: next.header, delayMilliseconds: Self.delay(max(delay, notBefore)),
                        error: Self.cut(reason), counter: "retried", holdLaneMilliseconds: Self.delay(hold),
                        isLaneFailure: true))
            } else {
                change = .bury(header: next.header, reason: Self.cut(reason), isLaneFailure: true)
            }
        case .defer(let milliseconds, let reason, let hold):
            next.deferrals += 1
            change = .requeue(
                Requeue(
                    header: next.header, delayMilliseconds: Self.delay(milliseconds), error: Self.cut(reason),
                    counter: "deferred", holdLaneMilliseconds: Self.delay(hold)))
        case .bury(let reason):
            next.attempts += 1
            change = .bury(header: next.header, reason: Self.cut(reason), isLaneFailure: false)
        }
    }

    init(id: JobID, fence: Int64, change: Change) {
        self.id = id
        self.fence = fence
        self.change = change
    }

    /// The job goes back to the head of its line, interrupted through no fault of its own: no attempt spent, and counted
    /// as put off, since part of its work may be done.
    static func release(_ job: ClaimedJob) -> Settlement {
        var next = job.envelope
        next.deferrals += 1
        let requeue = Requeue(header: next.header, delayMilliseconds: 0, counter: "released")
        return Settlement(id: job.id, fence: job.fence, change: .requeue(requeue))
    }

    /// What the reason of every parked job begins with.
    static let parkedMark = "parked: "

    /// No worker of this release can run the job: it waits for one that can, longer each time, and is not touched.
    static func park(_ job: ClaimedJob, reason: String) -> Settlement {
        var next = job.envelope
        next.deferrals += 1
        let pause = min(unknownKindPauseMilliseconds * Int64(next.deferrals), longestParkMilliseconds)
        let requeue = Requeue(
            header: next.header, delayMilliseconds: pause, error: cut(parkedMark + reason), counter: "parked")
        return Settlement(id: job.id, fence: job.fence, change: .requeue(requeue))
    }

    private static func delay(_ milliseconds: Int64) -> Int64 {
        min(max(0, milliseconds), Limits.maximumDelayMilliseconds)
    }

    private static func cut(_ reason: String) -> String {
        guard reason.utf8.count > Limits.maximumReasonBytes else { return reason }
        return String(decoding: Array(reason.utf8.prefix(Limits.maximumReasonBytes)), as: UTF8.self)
    }
}

extension RedisCommand {
    /// Appends the settlements in the form of `work.lua`.
    mutating func append(_ settlements: [Settlement]) {
        // A trip's jobs share one fence and mostly end together.
        var groups: [Int64: [JobID]] = [:]
        var plainCount = 0
        for settlement in settlements {
            guard case .acknowledge = settlement.change else { continue }
            groups[settlement.fence, default: []].append(settlement.id)
            plainCount += 1
        }
        append(groups.count)
        for (fence, ids) in groups {
            append(fence)
            append(ids.count)
            for id in ids { append(id) }
        }
        append(settlements.count - plainCount)
        guard settlements.count > plainCount else { return }
        for settlement in settlements { append(changeOf: settlement) }
    }

    private mutating func append(changeOf settlement: Settlement) {
        func begin(_ what: String) {
            append(what)
            append(settlement.id)
            append(settlement.fence)
        }
        switch settlement.change {
        case .acknowledge:
            break
        case .done(let trace, let followers):
            begin("done")
            append(trace)
            append(followers.count)
            for follower in followers { append(follower) }
        case .cancel(let note):
            begin("cancel")
            append(note)
        case .requeue(let requeue):
            begin("requeue")
            append(requeue.header)
            append(requeue.delayMilliseconds)
            append(requeue.error)
            append(requeue.counter)
            append(requeue.holdLaneMilliseconds)
            append(requeue.isLaneFailure ? "bad" : "")
        case .bury(let header, let reason, let isLaneFailure):
            begin("bury")
            append(header)
            append(reason)
            append(isLaneFailure ? "bad" : "")
        case .keep(let header, let arguments):
            begin("keep")
            append(header)
            append(arguments)
        }
    }
}
