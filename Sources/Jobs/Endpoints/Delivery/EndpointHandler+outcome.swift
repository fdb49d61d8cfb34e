import Basics
import Logging
import Queue

/// One attempt that came to a request. An object, since all of it goes through several hands.
final class EndpointTrial: Sendable {
    let job: RunningJob
    let endpoint: Endpoint
    let delivery: Delivery
    let effort: Effort

    init(job: RunningJob, endpoint: Endpoint, delivery: Delivery, effort: Effort) {
        (self.job, self.endpoint, self.delivery, self.effort) = (job, endpoint, delivery, effort)
    }
}

extension EndpointHandler {
    /// The one place where an attempt becomes an outcome, and where each is logged: first in the attempt log, then in what is
    /// known of the endpoint.
    func conclude(_ trial: EndpointTrial, _ result: DeliveryResult) async -> JobOutcome {
        let (job, endpoint) = (trial.job, trial.endpoint)
        let decision = EndpointRule.decide(
            result, ageMilliseconds: clock.nowMilliseconds() - job.id.createdMilliseconds)
        if case .delivered = decision {
            await record(row(.delivered, trial))
            // The attempt log has it: a line for each would be most of what a worker prints.
            logger.debug("delivered", metadata: metadata(trial, result))
            if endpoint.parking != nil || endpoint.failuresInARow > 0 { await noteSuccess(endpoint) }
            return .done(note: result.text)
        }
        var metadata = metadata(trial, result)
        switch decision {
        case .delivered: return .done(note: result.text)
        case .gone(let reason):
            await record(row(.deferred, trial, result.code, reason))
            metadata["reason"] = "\(reason)"
            logger.warning("an endpoint is parked; its events wait", metadata: metadata)
            await narrow(endpoint)
            await change(endpoint) { () async throws(JobsError) in
                _ = try await store.park(id: endpoint.id, reason: reason, probeMilliseconds: probeMilliseconds)
            }
            return Self.resting("the endpoint is parked: \(reason)")
        case .wait(let reason, let milliseconds):
            await record(row(.deferred, trial, result.code, reason, pauseMilliseconds: milliseconds))
            metadata["reason"] = "\(reason)"
            logger.info("an endpoint asked for time; its events wait", metadata: metadata)
            return .defer(milliseconds: 0, reason: reason, holdLaneMilliseconds: milliseconds)
        case .retry(let reason, _) where endpoint.parking != nil, .final(let reason) where endpoint.parking != nil:
            await record(row(.deferred, trial, result.code, reason))
            metadata["reason"] = "\(reason)"
            logger.info("a parked endpoint is not back", metadata: metadata)
            return Self.resting("the endpoint is parked; tried in vain: \(reason)")
        case .retry(let reason, let hold):
            metadata["reason"] = "\(reason)"
            return await again(trial, result, reason, hold, metadata)
        case .final(let reason):
            await record(row(.failed, trial, result.code, reason))
            metadata["reason"] = "\(reason)"
            await countFailure(trial, reason, metadata)
            return .bury(reason: reason)
        }
    }

    private func again(
        _ trial: EndpointTrial, _ result: DeliveryResult, _ reason: String, _ hold: Int64,
        _ metadata: Logger.Metadata
    ) async -> JobOutcome {
        let job = trial.job
        let full = "\(reason) at attempt \(job.attempt) of \(job.policy.attempts)"
        if let delay = job.policy.delayMilliseconds(after: job.attempt, of: job.id) {
            await record(row(.retry, trial, result.code, full, pauseMilliseconds: max(delay, hold)))
            logger.info("a delivery failed; it will be tried again", metadata: metadata)
        } else {
            await record(row(.failed, trial, result.code, full))
            await countFailure(trial, reason, metadata)
        }
        return .retry(reason: full, notBeforeMilliseconds: hold, holdLaneMilliseconds: hold)
    }

    /// Ends a delivery that cannot be sent.
    func bury(
        _ job: RunningJob, _ arguments: EndpointArguments, _ endpoint: Endpoint, _ reason: String
    ) async -> JobOutcome {
        let now = clock.nowMilliseconds()
        var row = DeliveryAttempt(
            Self.delivery(job, arguments, endpoint), of: job, outcome: .failed, nil, nowMilliseconds: now)
        row.fail("not_sent", reason, nil, nowMilliseconds: now, pauseMilliseconds: nil)
        await record(row)
        var metadata = metadata(job, endpoint, arguments.type)
        metadata["reason"] = "\(reason)"
        logger.warning("a delivery cannot be sent; the job is in the dead set", metadata: metadata)
        return .bury(reason: reason)
    }

    /// Logs an attempt that says nothing of the endpoint. A worker that stops has thousands of them at once and little time: its
    /// jobs go back first.
    func note(_ fault: OwnFault, _ trial: EndpointTrial) async {
        let row = DeliveryAttempt(
            trial.delivery, of: trial.job, fault: fault, trial.effort, nowMilliseconds: clock.nowMilliseconds(),
            pauseMilliseconds: Self.faultPauseMilliseconds)
        if fault.isStop, trial.job.stopReason == .workerStops { log.note(row) } else { await record(row) }
    }

    private func row(
        _ outcome: DeliveryAttempt.Outcome, _ trial: EndpointTrial, _ code: String = "", _ reason: String? = nil,
        pauseMilliseconds: Int64? = nil
    ) -> DeliveryAttempt {
        let now = clock.nowMilliseconds()
        var row = DeliveryAttempt(
            trial.delivery, of: trial.job, outcome: outcome, trial.effort, nowMilliseconds: now)
        if let reason {
            row.fail(code, reason, trial.effort, nowMilliseconds: now, pauseMilliseconds: pauseMilliseconds)
        }
        return row
    }

    private func record(_ row: DeliveryAttempt) async {
        await log.record(row)
        FaultPoint.reach(.workerAfterLog)
    }

    private func metadata(_ trial: EndpointTrial, _ result: DeliveryResult) -> Logger.Metadata {
        var metadata = metadata(trial.job, trial.endpoint, trial.delivery.eventType)
        metadata["result"] = "\(result.text)"
        return metadata
    }

    private func metadata(_ job: RunningJob, _ endpoint: Endpoint, _ type: String?) -> Logger.Metadata {
        [
            "job": "\(job.id)", "endpoint": "\(endpoint.id)", "event_type": "\(type ?? "")",
            "attempt": "\(job.attempt)/\(job.policy.attempts)",
        ]
    }
}
