import Queue

/// What an attempt that came to a request leaves for its row in the log.
struct Effort: Sendable {
    let exchange: HTTPExchange
    let startedAtMilliseconds: Int64
    let prepareMilliseconds: Int64
    /// The job's, with the body that was sent.
    let arguments: [UInt8]
    let secrets: [String]
}

extension PushHandler {
    /// The row of an attempt that was decided on.
    ///
    /// - Parameter errorCode: what it came to, in a word, unless it delivered.
    func attempt(
        _ decision: DeliveryDecision, _ job: RunningJob, _ push: KeptPush, _ effort: Effort?, errorCode: String
    ) -> DeliveryAttempt {
        var (outcome, reason, pause) = (DeliveryAttempt.Outcome.delivered, nil as String?, nil as Int64?)
        switch decision {
        case .delivered: break
        case .retry(let after, let why):
            let delay = job.policy.delayMilliseconds(after: job.attempt, of: job.id)
            (outcome, reason) = (delay == nil ? .failed : .retry, why)
            pause = delay.map { max($0, after) }
        case .final(let why): (outcome, reason) = (.failed, why)
        }
        var row = row(outcome, job, push, effort)
        row.errorCode = reason == nil ? nil : errorCode
        row.error = reason.map { SecretMask(effort?.secrets ?? []).scrub($0) }
        row.retryAtMilliseconds = pause.map { nowMilliseconds + $0 }
        // A job that failed for good keeps its arguments itself, in the dead set.
        if outcome == .delivered { row.payload = effort?.arguments }
        return row
    }

    /// Logs an attempt that says nothing of the target, unless it is one that ran for too long.
    func note(_ fault: OwnFault, _ job: RunningJob, _ push: KeptPush, _ effort: Effort) async {
        let isLate = fault.isStop && job.stopReason == .late
        var row = row(isLate ? (job.isLastAttempt ? .failed : .retry) : .deferred, job, push, effort)
        row.errorCode = isLate ? "time_limit" : fault.isStop ? "stopped" : "own_fault"
        row.error = isLate ? "it ran for longer than its job may" : fault.description
        if !fault.isStop { row.retryAtMilliseconds = nowMilliseconds + Self.faultPauseMilliseconds }
        await record(row)
    }

    private func row(
        _ outcome: DeliveryAttempt.Outcome, _ job: RunningJob, _ push: KeptPush, _ effort: Effort?
    ) -> DeliveryAttempt {
        var row = DeliveryAttempt(
            Delivery(jobID: job.id, push: push.arguments), fence: job.fence, attempt: job.attempt, outcome: outcome,
            startedAtMilliseconds: effort?.startedAtMilliseconds ?? nowMilliseconds)
        row.exchange = effort?.exchange
        row.prepareMicroseconds = (effort?.prepareMilliseconds ?? 0) * 1_000
        return row
    }
}
