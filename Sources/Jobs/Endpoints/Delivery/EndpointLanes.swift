public import Logging
public import Queue
public import ServiceLifecycle

/// Gives each endpoint's lane its limits: at most so many deliveries at a time, so many a second, and a breaker.
///
/// Whoever changes an endpoint sets them at once; a scheduler sets all of them again now and then, so that a Redis that
/// lost its data has them again, and when an endpoint is parked or comes back.
public struct EndpointLanes: Service {
    /// How often all limits are set again, in ms; only those that changed, more often.
    public static let fullMilliseconds: Int64 = 60_000
    private static let lookMilliseconds: Int64 = 250

    private let queue: QueueClient
    private let directory: EndpointDirectory
    private let clock: any MonotonicClock
    private let logger: Logger

    /// - Parameter directory: kept fresh by somebody else.
    public init(
        queue: QueueClient, directory: EndpointDirectory, clock: any MonotonicClock = SystemMonotonicClock(),
        logger: Logger
    ) {
        self.queue = queue
        self.directory = directory
        self.clock = clock
        self.logger = logger
    }

    /// What an endpoint's lane has. While it is parked one event is tried at a time.
    public static func limits(of endpoint: Endpoint) -> LaneLimits {
        LaneLimits(
            inFlight: endpoint.parking == nil ? endpoint.settings.maximumInFlight : 1,
            perSecond: endpoint.settings.ratePerSecond ?? 0, breaker: LaneLimits.Breaker())
    }

    /// Sets one endpoint's limits now.
    public static func set(_ endpoint: Endpoint, in queue: QueueClient) async throws(QueueError) {
        try await queue.setLimits(limits(of: endpoint), ofLane: endpoint.lane, in: JobQueue.webhooks)
    }

    /// Sets them until a shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            var known: [String: LaneLimits] = [:]
            var version: Int64?
            var setAllAt = clock.nowMilliseconds
            while !Task.isCancelled {
                let isDue = clock.nowMilliseconds >= setAllAt
                if let snapshot = await directory.snapshot(), isDue || snapshot.version != version {
                    let wanted = Dictionary(
                        snapshot.endpoints.map { ($0.lane, Self.limits(of: $0)) }
                    ) { first, _ in first }
                    if await set(isDue ? wanted : wanted.filter { known[$0.key] != $0.value }) {
                        (known, version) = (wanted, snapshot.version)
                        if isDue { setAllAt = clock.nowMilliseconds + Self.fullMilliseconds }
                    }
                }
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
}
