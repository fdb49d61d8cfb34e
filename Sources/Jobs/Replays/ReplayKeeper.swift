public import Basics
public import Logging
public import Queue
public import ServiceLifecycle

/// Sees to it that each replay under way has a job that works through it: Redis may have lost it, whoever made it may have
/// died before it was enqueued, and it may be dead.
public struct ReplayKeeper: Service {
    private let store: ReplayStore
    private let queue: QueueClient
    private let wall: any WallClock
    private let clock: any MonotonicClock
    private let logger: Logger

    private static let lookMilliseconds: Int64 = 2_000

    /// A keeper over the store and the queues.
    public init(
        store: ReplayStore, queue: QueueClient, wall: any WallClock = SystemWallClock(),
        clock: any MonotonicClock = SystemMonotonicClock(), logger: Logger
    ) {
        self.store = store
        self.queue = queue
        self.wall = wall
        self.clock = clock
        self.logger = logger
    }

    /// Looks every two seconds until a shutdown.
    public func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do { try await look() } catch {
                    // Redis or Postgres is away, which others say louder.
                    logger.debug("replays cannot be looked after", metadata: ["error": "\(error)"])
                }
                do { try await clock.sleep(milliseconds: Self.lookMilliseconds) } catch { return }
            }
        }
    }

    /// One look at all of them.
    func look() async throws {
        for replay in try await store.unattended() {
            switch try await queue.job(replay.runner, in: [JobQueue.upkeep]) {
            case .present(let view) where view.state != .dead: continue
            case .present(let view) where replay.state == .running:
                let reason = "its job is in the dead set: \(view.lastError?.message ?? "for no known reason")"
                try await store.end(replay.id, runner: replay.runner, as: .failed, error: reason)
                logger.warning("a replay cannot go on", metadata: ["replay": "\(replay.id)", "reason": "\(reason)"])
            default:
                let job = ReplayHandler.job(replay.id, nowMilliseconds: wall.nowMilliseconds())
                guard try await store.hand(replay.id, from: replay.runner, to: job.id) else { continue }
                try await queue.enqueue([job], to: JobQueue.upkeep)
                logger.info("a replay goes on with another job", metadata: ["replay": "\(replay.id)"])
            }
        }
    }
}

/// Removes old replays, with what Redis holds for them.
public struct ReplayPruner: Sendable {
    private let store: ReplayStore
    private let queue: QueueClient

    private static let batch = 100

    /// A pruner over the store and the queues.
    public init(store: ReplayStore, queue: QueueClient) {
        self.store = store
        self.queue = queue
    }

    /// Removes up to a hundred that were asked for before a moment and are over; how many. Throws `JobsError`, or
    /// `QueueError`, and then some limits stay, which does no harm.
    public func remove(beforeMilliseconds: Int64) async throws -> Int {
        let ids = try await store.remove(beforeMilliseconds: beforeMilliseconds, count: Self.batch)
        for id in ids { try await queue.setLimits(nil, ofLane: Replay.lane(of: id), in: JobQueue.webhooks) }
        return ids.count
    }
}
