import Queue

/// What an attempt that came to a request leaves for its row in the log.
struct Effort: Sendable {
    let exchange: HTTPExchange
    /// When the request began, Unix ms.
    let startedAtMilliseconds: Int64
    /// Our own work before it.
    let prepareMilliseconds: Int64
    /// What the log keeps of a delivery that arrived: the job's arguments, with the body that was sent.
    let arguments: @Sendable () -> [UInt8]
    /// What must not be kept of what went wrong.
    let secrets: [String]
}

extension DeliveryAttempt {
    /// The row of a job's attempt.
    ///
    /// - Parameter effort: nil when it did not come to a request.
    init(_ delivery: Delivery, of job: RunningJob, outcome: Outcome, _ effort: Effort?, nowMilliseconds: Int64) {
        self.init(
            delivery, fence: job.fence, attempt: job.attempt, outcome: outcome,
            startedAtMilliseconds: effort?.startedAtMilliseconds ?? nowMilliseconds)
        exchange = effort?.exchange
        prepareMicroseconds = (effort?.prepareMilliseconds ?? 0) * 1_000
        // A job that failed for good keeps its arguments itself, in the dead set.
        if outcome == .delivered { payload = effort?.arguments() }
    }

    /// The row of an attempt that says nothing of the target, unless it is one that ran for too long.
    init(
        _ delivery: Delivery, of job: RunningJob, fault: OwnFault, _ effort: Effort, nowMilliseconds: Int64,
        pauseMilliseconds: Int64
    ) {
        let isLate = fault.isStop && job.stopReason == .late
        let outcome: Outcome = isLate ? (job.isLastAttempt ? .failed : .retry) : .deferred
        self.init(delivery, of: job, outcome: outcome, effort, nowMilliseconds: nowMilliseconds)
        errorCode = isLate ? "time_limit" : fault.isStop ? "stopped" : "own_fault"
        error = isLate ? "it ran for longer than its job may" : fault.description
        if !fault.isStop { retryAtMilliseconds = nowMilliseconds + pauseMilliseconds }
    }

    /// Notes why it failed.
    ///
    /// - Parameters:
    ///   - code: in a word.
    ///   - pauseMilliseconds: until the next one; nil when none follows, or nobody knows when.
    mutating func fail(
        _ code: String, _ reason: String, _ effort: Effort?, nowMilliseconds: Int64, pauseMilliseconds: Int64?
    ) {
        errorCode = code
        error = SecretMask(effort?.secrets ?? []).scrub(reason)
        retryAtMilliseconds = pauseMilliseconds.map { nowMilliseconds + $0 }
    }
}
