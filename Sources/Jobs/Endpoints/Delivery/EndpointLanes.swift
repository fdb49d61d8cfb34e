public import Logging
public import Queue
public import ServiceLifecycle

/// Gives each endpoint's lane its limits: at most so many deliveries at a time, so many a second, and a breaker.
///
/// Whoever changes an endpoint sets them at once; a scheduler sets all of them again now and then, so that a Redis that
/// lost its data has them again, and when an endpoint is parked or comes back. It also sees the end of a release, and
/// that no more waits for a parked endpoint than may.
public struct EndpointLanes: Service {
    /// How often all limits are set again, in ms; those that changed, at once.
    public static let fullMilliseconds: Int64 = 60_000
    /// Deliveries a second while what waited goes out, unless the endpoint has a rate of its own.
    public static let releasedPerSecond: Double = 100
    /// Deliveries that wait for one parked endpoint; at so many it is switched off and gets no more events.
    public static let maximumWaiting = 100_000
    private static let lookMilliseconds: Int64 = 250
    /// Looks at the limits for each look at lanes that are parked or let out.
    private static let looksPerVisit = 4

    private let queue: QueueClient
    private let directory: EndpointDirectory
    private let store: EndpointStore
    private let maximumWaiting: Int
    private let clock: any MonotonicClock
    private let logger: Logger

    /// - Parameter directory: kept fresh by somebody else.
    public init(
        queue: QueueClient, directory: EndpointDirectory, store: EndpointStore, maximumWaiting: Int = maximumWaiting,
        clock: any MonotonicClock = SystemMonotonicClock(), logger: Logger
    ) {
        self.queue = queue
        self.directory = directory
        self.store = store
        self.maximumWaiting = maximumWaiting
        self.clock = clock
        self.logger = logger
    }

    /// What an endpoint's lane has. While it is parked one event is tried at a time; while what waited goes out, one is
    /// sent at a time, so that the order stays, at a set pace.
    public static func limits(of endpoint: Endpoint) -> LaneLimits {
        let isNarrow = endpoint.parking != nil || endpoint.isReleasing
        let rate = endpoint.settings.ratePerSecond ?? (endpoint.isReleasing ? releasedPerSecond : 0)
        return LaneLimits(
            inFlight: isNarrow ? 1 : endpoint.settings.maximumInFlight, perSecond: rate, breaker: LaneLimits.Breaker())
    }

    /// Lets one delivery of an endpoint start at a time from now on, because it is about to be parked.
    static func narrow(_ endpoint: Endpoint, in queue: QueueClient) async throws(QueueError) {
        var limits = limits(of: endpoint)
        limits.inFlight = 1
        try await queue.setLimits(limits, ofLane: endpoint.lane, in: JobQueue.webhooks)
    }

    /// Sets one endpoint's limits now.
    public static func set(_ endpoint: Endpoint, in queue: QueueClient) async throws(QueueError) {
        try await queue.setLimits(limits(of: endpoint), ofLane: endpoint.lane, in: JobQueue.webhooks)
    }

    /// Does all of it until a shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var known: [String: LaneLimits] = [:]
            var version: Int64?
            var setAllAt = clock.nowMilliseconds
            var looks = 0
            while !Task.isCancelled {
                let isDue = clock.nowMilliseconds >= setAllAt
                if let snapshot = await directory.snapshot() {
                    if isDue || snapshot.version != version {
                        let wanted = Dictionary(
                            snapshot.endpoints.map { ($0.lane, Self.limits(of: $0)) }
                        ) { first, _ in first }
                        if await set(isDue ? wanted : wanted.filter { known[$0.key] != $0.value }) {
                            (known, version) = (wanted, snapshot.version)
                            if isDue { setAllAt = clock.nowMilliseconds + Self.fullMilliseconds }
                        }
                    }
                    if looks % Self.looksPerVisit == 0 { await visit(snapshot) }
                }
                looks += 1
                do { try await clock.sleep(milliseconds: Self.lookMilliseconds) } catch { return }
            }
        }
    }

    private func set(_ limits: [String: LaneLimits]) async -> Bool {
        do throws(QueueError) {
            try await queue.setLimits(limits, in: JobQueue.webhooks)
            return true
        } catch {
            // Redis is away, which others say louder; the limits are set when it is back.
            logger.debug("lanes' limits cannot be set", metadata: ["error": "\(error)"])
            return false
        }
    }

    /// Looks at the lanes of endpoints that are parked, or that let out what had waited.
    func visit(_ snapshot: EndpointSnapshot) async {
        for endpoint in snapshot.endpoints where endpoint.parking != nil || endpoint.isReleasing {
            do {
                let lane = try await queue.status(ofLane: endpoint.lane, in: JobQueue.webhooks)
                if endpoint.parking != nil {
                    let behind = try await queue.waitingBehind(
                        orderKeyPrefix: endpoint.orderKeyPrefix, in: JobQueue.webhooks)
                    try await limitWaiting(endpoint, lane.waiting + behind)
                } else if lane.waiting == 0, lane.running == 0, try await store.endRelease(id: endpoint.id) {
                    logger.info("what waited for an endpoint is delivered", metadata: ["endpoint": "\(endpoint.id)"])
                }
            } catch {
                logger.debug("a lane could not be looked at", metadata: ["error": "\(error)"])
            }
        }
    }

    private func limitWaiting(_ endpoint: Endpoint, _ waiting: Int) async throws {
        guard waiting >= maximumWaiting, endpoint.settings.isEnabled else { return }
        let reason = "\(waiting) deliveries wait, so it gets no more events until it is switched on"
        if try await store.switchOff(id: endpoint.id, reason: reason) {
            logger.warning(
                "a parked endpoint is switched off",
                metadata: ["endpoint": "\(endpoint.id)", "waiting": "\(waiting)", "reason": "\(reason)"])
        }
    }
}
