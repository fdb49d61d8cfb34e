// How an endpoint stands: parked after failures, tried with one event, let out after a success.

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

    /// A test says nothing of the deliveries that matter.
    func countFailure(_ trial: EndpointTrial, _ reason: String, _ metadata: Logger.Metadata) async {
        logger.warning("a delivery failed for good; the job is in the dead set", metadata: metadata)
        guard trial.delivery.eventType != EndpointEvent.testType else { return }
        let endpoint = trial.endpoint
        let mayPark = endpoint.failuresInARow + 1 >= EndpointStore.failuresUntilParked
        if mayPark { await narrow(endpoint) }
        await change(endpoint) { () async throws(JobsError) in
            let isParked = try await store.noteFailure(
                id: endpoint.id, reason: reason, probeMilliseconds: probeMilliseconds)
            if isParked {
                logger.warning("an endpoint is parked; its events wait", metadata: ["endpoint": "\(endpoint.id)"])
            }
        }
        if mayPark { await limit(endpoint) }
    }

    /// Before it is parked: else many of its jobs start, find it parked, and come back in another order.
    func narrow(_ endpoint: Endpoint) async {
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

    func noteSuccess(_ endpoint: Endpoint) async {
        await change(endpoint) { () async throws(JobsError) in
            let isReleased = try await store.noteSuccess(id: endpoint.id)
            if isReleased, endpoint.parking != nil {
                logger.info("a parked endpoint is back", metadata: ["endpoint": "\(endpoint.id)"])
            }
        }
        if endpoint.parking != nil { await limit(endpoint) }
    }

    /// Postgres away does not stop deliveries: what it should know of an endpoint's failures is then said again at the
    /// next one. What it does know is known here at once, not only after its notification.
    func change(_ endpoint: Endpoint, _ write: () async throws(JobsError) -> Void) async {
        do throws(JobsError) {
            try await write()
            await directory.refresh()
        } catch {
            logger.warning(
                "an endpoint's state cannot be written", metadata: ["endpoint": "\(endpoint.id)", "error": "\(error)"])
        }
    }
}
