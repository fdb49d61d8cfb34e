// A replay is a row in Postgres that a job works through. The row is written first: should the job not be enqueued after it,
// a scheduler does that, within seconds.

public import Basics
public import Jobs
public import Queue

/// Sends deliveries again, one or by range, and looks after replays.
public struct ReplayDesk: Sendable {
    let queue: QueueClient
    let submit: DurableQueue?
    let deliveries: DeliveryDesk
    let log: DeliveryStore
    let endpoints: EndpointStore
    let pushRetry: RetryPolicy
    let clock: any WallClock
    private let store: ReplayStore

    /// Why something is not done.
    public enum Refusal: Error, Sendable {
        /// The delivery's or the replay's state does not allow it.
        case conflict(String)
        /// Nobody has what it takes any more.
        case gone(String)
        /// Nobody knows the delivery.
        case unknown
        /// The range has too many deliveries.
        case tooLarge
        /// As many replays are under way as may be.
        case full
        /// The `Idempotency-Key` was used for another delivery.
        case otherKey
    }

    /// A desk over the queues, the log, the subscriptions and the replays.
    ///
    /// - Parameters:
    ///   - submit: where one delivery goes that is sent again; nil where nobody asks for that.
    ///   - pushRetry: of engagement pushes.
    public init(
        queue: QueueClient, submit: DurableQueue?, deliveries: DeliveryDesk, log: DeliveryStore,
        endpoints: EndpointStore, store: ReplayStore, pushRetry: RetryPolicy, clock: any WallClock
    ) {
        self.queue = queue
        self.submit = submit
        self.deliveries = deliveries
        self.log = log
        self.endpoints = endpoints
        self.store = store
        self.pushRetry = pushRetry
        self.clock = clock
    }

    /// What a replay would send. Reads the whole range.
    ///
    /// - Throws: ``Refusal/tooLarge``, `QueueError`, `JobsError`.
    public func count(_ request: ReplayRequest) async throws -> ReplayCountResource {
        let now = clock.nowMilliseconds()
        return ReplayCountResource(request, try await counted(request, now))
    }

    /// Starts one, which counts it first.
    ///
    /// - Throws: ``Refusal/tooLarge``, ``Refusal/full``, `QueueError`, `JobsError`.
    public func start(_ request: ReplayRequest) async throws -> ReplayResource {
        let now = clock.nowMilliseconds()
        let count = try await counted(request, now)
        let id = Replay.makeID(nowMilliseconds: now)
        let job = ReplayHandler.job(id, nowMilliseconds: now)
        guard
            let replay = try await store.insert(
                id: id, request, total: count.total, runner: job.id, nowMilliseconds: now)
        else { throw Refusal.full }
        await enqueue(job)
        return ReplayResource(replay, ReplayOutcomes())
    }

    /// One page, the newest first, from after the replay whose id is the cursor. Throws `JobsError`.
    ///
    /// - Parameter limit: 1 or more.
    public func page(limit: Int, after cursor: String? = nil) async throws(JobsError) -> Page<ReplayResource> {
        let rows = try await store.page(below: cursor, count: limit + 1)
        let outcomes = try await store.outcomes(of: rows.prefix(limit).map(\.id))
        let items = rows.prefix(limit).map { ReplayResource($0, outcomes[$0.id] ?? ReplayOutcomes()) }
        return Page(items: items, nextCursor: rows.count > limit ? items.last?.id : nil)
    }

    /// One; nil when there is none. Throws `JobsError`.
    public func find(_ id: String) async throws(JobsError) -> ReplayResource? {
        guard let replay = try await store.find(id) else { return nil }
        return try await resource(replay)
    }

    /// Stops a running one for a while: within a second nothing of it starts any more. Nil when there is none.
    ///
    /// - Throws: ``Refusal/conflict(_:)``, `JobsError`.
    public func pause(_ id: String) async throws -> ReplayResource? {
        if let replay = try await store.pause(id) { return try await resource(replay) }
        guard let replay = try await store.find(id) else { return nil }
        guard replay.state == .paused else { throw Self.conflict(replay, "only a running one can be paused") }
        return try await resource(replay)
    }

    /// Lets a paused one, or one that failed, go on. Nil when there is none.
    ///
    /// - Throws: ``Refusal/conflict(_:)``, `JobsError`.
    public func resume(_ id: String) async throws -> ReplayResource? {
        let job = ReplayHandler.job(id, nowMilliseconds: clock.nowMilliseconds())
        if let replay = try await store.resume(id, runner: job.id) {
            await enqueue(job)
            return try await resource(replay)
        }
        guard let replay = try await store.find(id) else { return nil }
        guard replay.state == .running else {
            throw Self.conflict(replay, "only one that is paused or failed can be resumed")
        }
        return try await resource(replay)
    }

    /// Ends one for good: nothing more of it starts within a second, and what waits is cancelled. Nil when there is none.
    ///
    /// - Throws: ``Refusal/conflict(_:)`` when all of it has been sent and nothing waits, `JobsError`.
    public func cancel(_ id: String) async throws -> ReplayResource? {
        guard let known = try await find(id) else { return nil }
        if known.state == Replay.State.done.rawValue, known.waiting == 0 {
            throw Refusal.conflict("the replay is done; nothing of it waits")
        }
        let job = ReplayHandler.job(id, nowMilliseconds: clock.nowMilliseconds())
        guard let replay = try await store.cancel(id, runner: job.id) else { return known }
        await enqueue(job)
        await sweep(replay)
        return try await find(id)
    }

    private func resource(_ replay: Replay) async throws(JobsError) -> ReplayResource {
        ReplayResource(replay, try await store.outcomes(of: [replay.id])[replay.id] ?? ReplayOutcomes())
    }

    private func counted(_ request: ReplayRequest, _ now: Int64) async throws -> ReplayCount {
        let count = try await store.count(
            request.filter(atMilliseconds: now), atMilliseconds: now, in: queue)
        guard !count.isTooLarge else { throw Refusal.tooLarge }
        return count
    }

    /// What does not work now the scheduler does.
    private func enqueue(_ job: NewJob) async {
        do throws(QueueError) { try await queue.enqueue([job], to: JobQueue.upkeep) } catch { return }
    }

    /// At once, since the job may take a moment to be claimed; it goes on where this ends.
    private func sweep(_ replay: Replay) async {
        do { _ = try await ReplaySweep(store: store, queue: queue).run(replay) } catch { return }
    }

    private static func conflict(_ replay: Replay, _ reason: String) -> Refusal {
        .conflict("the replay is \(replay.state.rawValue); \(reason)")
    }
}
