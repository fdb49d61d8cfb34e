import Basics
import Jobs
import Queue

extension EndpointDesk {
    /// Sends an event of our own to an endpoint: one attempt, in its lane like every other. Nil when there is none.
    ///
    /// - Throws: ``Refusal/conflict(_:)`` while the endpoint is switched off, `QueueError`, `JobsError`.
    public func test(_ id: String) async throws -> AcceptedJob? {
        guard let endpoint = try await store.find(id: id), let submit else { return nil }
        guard endpoint.settings.isEnabled else { throw Refusal.conflict("the endpoint is switched off") }
        let job = EndpointRouter.planTest(of: endpoint, nowMilliseconds: clock.nowMilliseconds())
        let accepted = try await submit.enqueue([job], to: JobQueue.webhooks)
        return AcceptedJob(id: job.id.description, duplicate: false, durability: accepted.durability.rawValue)
    }

    /// How an endpoint's lane stands; nil when there is no such endpoint.
    public func stats(_ id: String) async throws -> EndpointStats? {
        guard let endpoint = try await store.find(id: id) else { return nil }
        return EndpointStats(
            endpoint, try await queue.status(ofLane: endpoint.lane, in: JobQueue.webhooks),
            behind: try await queue.waitingBehind(orderKeyPrefix: endpoint.orderKeyPrefix, in: JobQueue.webhooks))
    }
}

/// How deliveries to one endpoint go.
public struct EndpointStats: Encodable, Sendable {
    let id, status: String
    /// Deliveries that could start now but for the lane, and that run.
    public let waiting, running: Int
    /// Deliveries that wait for another with the same value of `order_by` to end.
    public let behind: Int
    let failuresInARow: Int
    /// Deliveries at a time, now.
    public let maximumInFlight: Int
    let ratePerSecond: Double?
    /// Whether its deliveries failed too often.
    public let breakerOpen: Bool
    /// Until when none starts.
    public let heldUntil: String?
    let parked: ParkingResource?
    /// Why nothing goes to it; nil when it is not parked.
    public var parkedReason: String? { parked?.reason }

    private enum CodingKeys: String, CodingKey {
        case id, status, waiting, running, behind, parked
        case failuresInARow = "failures_in_a_row"
        case maximumInFlight = "max_in_flight"
        case ratePerSecond = "rate_per_second"
        case breakerOpen = "breaker_open"
        case heldUntil = "held_until"
    }

    init(_ endpoint: Endpoint, _ lane: LaneStatus, behind: Int) {
        self.behind = behind
        id = endpoint.id
        status = EndpointResource(endpoint, nowMilliseconds: 0).status
        (waiting, running) = (lane.waiting, lane.running)
        failuresInARow = endpoint.failuresInARow
        maximumInFlight = lane.limits.inFlight
        ratePerSecond = lane.limits.perSecond > 0 ? lane.limits.perSecond : nil
        breakerOpen = lane.isBreakerOpen
        heldUntil = lane.heldUntilMilliseconds.map { Timestamp(milliseconds: $0).iso8601 }
        parked = endpoint.parking.map(ParkingResource.init)
    }

    /// With null for what is not so.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(status, forKey: .status)
        try container.encode(waiting, forKey: .waiting)
        try container.encode(running, forKey: .running)
        try container.encode(behind, forKey: .behind)
        try container.encode(failuresInARow, forKey: .failuresInARow)
        try container.encode(maximumInFlight, forKey: .maximumInFlight)
        try container.encode(ratePerSecond, forKey: .ratePerSecond)
        try container.encode(breakerOpen, forKey: .breakerOpen)
        try container.encode(heldUntil, forKey: .heldUntil)
        try container.encode(parked, forKey: .parked)
    }
}
