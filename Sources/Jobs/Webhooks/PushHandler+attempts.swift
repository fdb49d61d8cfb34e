import Queue

extension PushHandler {
    /// The row of an attempt that was decided on.
    ///
    /// - Parameter errorCode: what it came to, in a word, unless it delivered.
    func attempt(
        _ decision: DeliveryDecision, _ trial: PushTrial, _ effort: Effort?, errorCode: String
    ) -> DeliveryAttempt {
        let (job, delivery) = (trial.job, trial.delivery)
        let now = nowMilliseconds
        func row(_ outcome: DeliveryAttempt.Outcome) -> DeliveryAttempt {
            DeliveryAttempt(delivery, of: job, outcome: outcome, effort, nowMilliseconds: now)
        }
        switch decision {
        case .delivered: return row(.delivered)
        case .retry(let after, let reason):
            let delay = job.policy.delayMilliseconds(after: job.attempt, of: job.id)
            var failed = row(delay == nil ? .failed : .retry)
            failed.fail(
                errorCode, reason, effort, nowMilliseconds: now, pauseMilliseconds: delay.map { max($0, after) })
            return failed
        case .final(let reason):
            var failed = row(.failed)
            failed.fail(errorCode, reason, effort, nowMilliseconds: now, pauseMilliseconds: nil)
            return failed
        }
    }

    /// Logs an attempt that says nothing of the target.
    func note(_ fault: OwnFault, _ trial: PushTrial, _ effort: Effort) async {
        await record(
            DeliveryAttempt(
                trial.delivery, of: trial.job, fault: fault, effort,
                nowMilliseconds: nowMilliseconds, pauseMilliseconds: Self.faultPauseMilliseconds))
    }
}
