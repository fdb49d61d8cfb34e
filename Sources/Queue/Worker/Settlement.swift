// From what a handler returned to what changes in Redis: the one place where that is decided.

import Redis

/// The end of one claim, or a change under it, as `work.lua` takes it.
struct Settlement: Sendable, Hashable {
    enum Change: Sendable, Hashable {
        /// Done, nothing else to write: the fast path.
        case acknowledge
        case done(trace: String, followers: [NewJob])
        case requeue(header: String, delayMilliseconds: Int64, error: String, counter: String)
        case bury(header: String, reason: String)
        case keep(arguments: [UInt8])
    }

    let id: JobID
    let fence: Int64
    let change: Change

    /// - Parameter reason: a job that no handler of this worker knows stays in the queue for one that does.
    static let unknownKindPauseMilliseconds: Int64 = 30_000

    /// Turns the outcome of a run into its settlement.
    init(_ outcome: JobOutcome, of job: ClaimedJob, leavesTrace: Bool) {
        id = job.id
        fence = job.fence
        var next = job.envelope
        switch outcome {
        case .done(let note, let followers):
            guard leavesTrace || !followers.isEmpty || next.attempts > 0 || next.crashes > 0 || next.deferrals > 0
            else {
                change = .acknowledge
                return
            }
            let attempts = next.attempts + 1
            let trace =
                leavesTrace
                ? FinishedTrace.line(state: .done, of: next, attempts: attempts, note: Self.cut(note)) : ""
            change = .done(trace: trace, followers: followers)
        case .retry(let reason, let notBefore):
            next.attempts += 1
            if let delay = next.policy.delayMilliseconds(after: next.attempts) {
                change = .requeue(
                    header: next.header, delayMilliseconds: max(delay, notBefore), error: Self.cut(reason),
                    counter: "retried")
            } else {
                change = .bury(header: next.header, reason: Self.cut(reason))
            }
        case .defer(let milliseconds, let reason):
            next.deferrals += 1
            change = .requeue(
                header: next.header, delayMilliseconds: max(0, milliseconds), error: Self.cut(reason),
                counter: "deferred")
        case .bury(let reason):
            next.attempts += 1
            change = .bury(header: next.header, reason: Self.cut(reason))
        }
    }

    init(id: JobID, fence: Int64, change: Change) {
        self.id = id
        self.fence = fence
        self.change = change
    }

    /// The job goes back to the head of its queue as if it had not been claimed.
    static func release(_ job: ClaimedJob) -> Settlement {
        Settlement(
            id: job.id, fence: job.fence,
            change: .requeue(header: job.envelope.header, delayMilliseconds: 0, error: "", counter: "released"))
    }

    private static func cut(_ reason: String) -> String {
        guard reason.utf8.count > Limits.maximumReasonBytes else { return reason }
        return String(decoding: Array(reason.utf8.prefix(Limits.maximumReasonBytes)), as: UTF8.self)
    }
}

extension RedisCommand {
    /// Appends the settlements in the form of `work.lua`.
    mutating func append(_ settlements: [Settlement]) {
        let plain = settlements.filter { $0.change == .acknowledge }
        append(plain.count)
        for settlement in plain {
            append(settlement.id.bytes)
            append(settlement.fence)
        }
        append(settlements.count - plain.count)
        for settlement in settlements { append(changeOf: settlement) }
    }

    private mutating func append(changeOf settlement: Settlement) {
        func begin(_ what: String) {
            append(what)
            append(settlement.id.bytes)
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
        case .requeue(let header, let delay, let error, let counter):
            begin("requeue")
            append(header)
            append(delay)
            append(error)
            append("")
            append(counter)
        case .bury(let header, let reason):
            begin("bury")
            append(header)
            append(reason)
        case .keep(let arguments):
            begin("keep")
            append(arguments)
        }
    }
}

/// A job as it was claimed.
struct ClaimedJob: Sendable {
    let id: JobID
    let fence: Int64
    var envelope: Envelope
}
