import Basics
import Logging
import Queue

extension EndpointHandler {
    /// What to do instead of an attempt while the endpoint is parked; nil when an attempt may be made: always when it is
    /// not parked, else for the one event that is tried.
    func waitForProbe(_ endpoint: Endpoint) async throws -> JobOutcome? {
        guard let parking = endpoint.parking else { return nil }
        let reason = "the endpoint is parked: \(parking.reason)"
        let wait = parking.probeAtMilliseconds - clock.nowMilliseconds()
        guard wait <= 0 else { return Self.resting(reason, milliseconds: wait) }
        do {
            guard try await store.beginProbe(id: endpoint.id, probeMilliseconds: probeMilliseconds) else {
                return Self.resting(reason)
            }
        } catch {
            return Self.resting(reason)
        }
        logger.info("a parked endpoint is tried with one event", metadata: ["endpoint": "\(endpoint.id)"])
        return nil
    }

    /// The one place where an attempt becomes an outcome, and where each is logged.
    func conclude(_ job: RunningJob, _ endpoint: Endpoint, _ attempt: EndpointAttempt) async -> JobOutcome {
        var metadata: Logger.Metadata = [
            "job": "\(job.id)", "endpoint": "\(endpoint.id)", "event_type": "\(attempt.identity.eventType)",
            "attempt": "\(job.attempt)/\(job.policy.attempts)", "result": "\(attempt.result.text)",
        ]
        let decision = EndpointRule.decide(attempt.result)
        switch decision {
        case .delivered:
            logger.info("delivered", metadata: metadata)
            if endpoint.parking != nil || endpoint.failuresInARow > 0 { await noteSuccess(endpoint) }
            return .done(note: attempt.result.text)
        case .gone(let reason):
            metadata["reason"] = "\(reason)"
            logger.warning("an endpoint is parked; its events wait", metadata: metadata)
            await narrow(endpoint)
            await note(endpoint) { () async throws(JobsError) in
                _ = try await store.park(id: endpoint.id, reason: reason, probeMilliseconds: probeMilliseconds)
            }
            return Self.resting("the endpoint is parked: \(reason)")
        case .retry(let reason, _, _), .final(let reason):
            metadata["reason"] = "\(reason)"
            if endpoint.parking != nil {
                logger.info("a parked endpoint is not back", metadata: metadata)
                return Self.resting("the endpoint is parked; tried in vain: \(reason)")
            }
            let isTest = attempt.identity.eventType == EndpointEvent.testType
            return await failed(job, endpoint, decision, isTest, metadata)
        }
    }

    private func failed(
        _ job: RunningJob, _ endpoint: Endpoint, _ decision: EndpointRule.Decision, _ isTest: Bool,
        _ metadata: Logger.Metadata
    ) async -> JobOutcome {
        switch decision {
        case .retry(let reason, let notBefore, let hold) where !job.isLastAttempt:
            logger.info("a delivery failed; it will be tried again", metadata: metadata)
            return .retry(
                reason: "\(reason) at attempt \(job.attempt) of \(job.policy.attempts)",
                notBeforeMilliseconds: notBefore, holdLaneMilliseconds: hold)
        case .retry(let reason, _, let hold):
            await countFailure(endpoint, reason, isTest, metadata)
            return .retry(
                reason: "\(reason) at attempt \(job.attempt) of \(job.policy.attempts)", holdLaneMilliseconds: hold)
        case .final(let reason), .gone(let reason):
            await countFailure(endpoint, reason, isTest, metadata)
            return .bury(reason: reason)
        case .delivered:
            return .done()
        }
    }

    /// A test says nothing of the deliveries that matter.
    private func countFailure(
        _ endpoint: Endpoint, _ reason: String, _ isTest: Bool, _ metadata: Logger.Metadata
    ) async {
        logger.warning("a delivery failed for good; the job is in the dead set", metadata: metadata)
        guard !isTest else { return }
        let mayPark = endpoint.failuresInARow + 1 >= EndpointStore.failuresUntilParked
        if mayPark { await narrow(endpoint) }
        await note(endpoint) { () async throws(JobsError) in
            let isParked = try await store.noteFailure(
                id: endpoint.id, reason: reason, probeMilliseconds: probeMilliseconds)
            if isParked {
                logger.warning("an endpoint is parked; its events wait", metadata: ["endpoint": "\(endpoint.id)"])
            }
        }
        if mayPark { await limit(endpoint) }
    }

    /// Before it is parked: else many of its jobs start, find it parked, and come back in another order.
    private func narrow(_ endpoint: Endpoint) async {
        do throws(QueueError) { try await EndpointLanes.narrow(endpoint, in: queue) } catch {
            noteUnlimited(endpoint, error)
        }
    }

    /// After its state has changed, and before the job that changed it ends: the next one starts under the right limits.
    private func limit(_ endpoint: Endpoint) async {
        guard let now = await directory.snapshot()?[id: endpoint.id] else { return }
        do throws(QueueError) { try await EndpointLanes.set(now, in: queue) } catch { noteUnlimited(endpoint, error) }
    }

    /// Redis is away, and the job's end waits for it too; a scheduler sets all limits when it is back.
    private func noteUnlimited(_ endpoint: Endpoint, _ error: QueueError) {
        logger.debug("a lane's limits cannot be set", metadata: ["endpoint": "\(endpoint.id)", "error": "\(error)"])
    }

    private func noteSuccess(_ endpoint: Endpoint) async {
        await note(endpoint) { () async throws(JobsError) in
            let isReleased = try await store.noteSuccess(id: endpoint.id)
            if isReleased, endpoint.parking != nil {
                logger.info("a parked endpoint is back", metadata: ["endpoint": "\(endpoint.id)"])
            }
        }
        if endpoint.parking != nil { await limit(endpoint) }
    }

    /// Postgres away does not stop deliveries: what it should know of an endpoint's failures is then said again at the
    /// next one. What it does know is known here at once, not only after its notification.
    private func note(_ endpoint: Endpoint, _ write: () async throws(JobsError) -> Void) async {
        do throws(JobsError) {
            try await write()
            await directory.refresh()
        } catch {
            logger.warning(
                "an endpoint's state cannot be written", metadata: ["endpoint": "\(endpoint.id)", "error": "\(error)"])
        }
    }
}
