// The relay reads rows, enqueues them, and writes down that it did. It may die between any two of these, and another one
// may be at work before it has noticed that it is no longer the one; see docs/decisions/0004-durability.md for why each
// job is still enqueued once. The order of its looks is what matters: Redis first, Postgres after it. A job leaves Redis
// only when Postgres has its end, so what neither of them knows, in this order, has not been there or was lost.

public import Logging
public import Postgres
public import Queue
public import ServiceLifecycle

/// Gives the rows of the outbox to Redis, in their order, and again when Redis has lost them.
///
/// Any number may run; one at a time relays. It wakes at a notification and every ``tickMilliseconds``.
public actor OutboxRelay: Service {
    /// Where a test may stop it.
    enum Step: Sendable, CaseIterable { case read, looked, rechecked, decided, enqueued, noted }

    /// What came of one batch.
    enum BatchOutcome: Sendable {
        /// Nothing waits.
        case idle
        /// There may be more.
        case relayed(Int)
        /// Another relay is at work.
        case standby
        /// Something waits, but Redis does not take it now.
        case stuck
        /// Something waits in these queues, which are full.
        case full(Set<QueueName>)
    }

    static let tickMilliseconds: Int64 = 1_000
    /// How often a slice of what is under way is looked for in Redis, and old rows removed.
    static let sweepMilliseconds: Int64 = 5_000
    static let sliceRows = 1_000
    static let batchRows = 500
    static let batchBytes = 8 << 20

    private let queue: QueueClient
    private let store: OutboxStore
    private let listener: PostgresListener?
    private let clock: any MonotonicClock
    private let logger: Logger
    private let checkpoint: @Sendable (Step) async throws -> Void

    /// The life of Redis's data that this relay has looked through.
    private var epoch: String?
    private var newestFence: Int64 = 0
    private var sweepPosition: Int64 = 0
    private var sweptAtMilliseconds: Int64 = 0
    private var isFailing = false
    private var notBeforeMilliseconds: Int64 = 0

    /// - Parameters:
    ///   - store: over a pool of at least two connections.
    ///   - listener: to ``OutboxStore/channel``; the caller shuts it down. Without one, rows wait for the next tick.
    public init(
        queue: QueueClient, store: OutboxStore, listener: PostgresListener?,
        clock: any MonotonicClock = SystemMonotonicClock(), logger: Logger
    ) {
        self.init(queue: queue, store: store, listener: listener, clock: clock, logger: logger) { step in
            switch step {
            case .decided: FaultPoint.reach(.relayBeforeEnqueue)
            case .enqueued: FaultPoint.reach(.relayAfterEnqueue)
            case .noted: FaultPoint.reach(.relayAfterNote)
            case .read, .looked, .rechecked: break
            }
        }
    }

    init(
        queue: QueueClient, store: OutboxStore, listener: PostgresListener?, clock: any MonotonicClock, logger: Logger,
        checkpoint: @escaping @Sendable (Step) async throws -> Void
    ) {
        self.queue = queue
        self.store = store
        self.listener = listener
        self.clock = clock
        self.logger = logger
        self.checkpoint = checkpoint
    }

    /// Relays until a shutdown. What waits then is relayed by another process, or after the next start.
    public func run() async throws {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wake.yield()
        await cancelWhenGracefulShutdown { [listener, clock] in
            await withDiscardingTaskGroup { group in
                if let listener {
                    group.addTask { for await _ in listener.notifications() { wake.yield() } }
                }
                group.addTask {
                    while true {
                        do { try await clock.sleep(milliseconds: Self.tickMilliseconds) } catch { return }
                        wake.yield()
                    }
                }
                group.addTask { for await _ in wakes { await self.pass() } }
            }
        }
    }

    /// One look at everything, which never throws. After a failure the next one waits for a tick, whatever notifies.
    private func pass() async {
        guard clock.nowMilliseconds >= notBeforeMilliseconds, !Task.isCancelled else { return }
        do {
            try await relayAll()
            if isFailing { logger.info("the outbox is relayed again") }
            isFailing = false
        } catch {
            if Task.isCancelled { return }
            if !isFailing { logger.warning("the outbox waits", metadata: ["error": "\(error)"]) }
            isFailing = true
            rest()
        }
    }

    /// Until the next tick, whatever notifies.
    private func rest() { notBeforeMilliseconds = clock.nowMilliseconds + Self.tickMilliseconds - 100 }

    /// Finds out whether Redis lost something, relays all that waits, and sweeps when it is time to.
    func relayAll() async throws {
        let current = try await queue.epoch()
        if current != epoch {
            guard try await recover(current) else { return }
            epoch = current
        }
        var full: Set<QueueName> = []
        relaying: while !Task.isCancelled {
            switch try await relayBatch(excluding: full) {
            case .idle, .standby: break relaying
            case .stuck:
                rest()
                break relaying
            case .full(let queues): full.formUnion(queues)
            case .relayed(let count): logger.debug("relayed", metadata: ["jobs": "\(count)"])
            }
        }
        if !full.isEmpty { rest() }
        if clock.nowMilliseconds - sweptAtMilliseconds >= Self.sweepMilliseconds {
            sweptAtMilliseconds = clock.nowMilliseconds
            try await sweep()
        }
    }

    // MARK: - Relaying

    /// Gives the first rows that wait to Redis. A throw has no effect but on Redis, where the same rows are known then.
    func relayBatch(excluding full: Set<QueueName> = []) async throws -> BatchOutcome {
        let outcome: BatchOutcome?
        do {
            outcome = try await store.withRelayRight { try await self.relayBatch($0, full) }
        } catch let error as Fenced {
            newestFence = error.fence
            return .stuck
        }
        return outcome ?? .standby
    }

    private func relayBatch(_ right: RelayRight, _ full: Set<QueueName>) async throws -> BatchOutcome {
        let rows = try await right.waiting(
            maximumRows: Self.batchRows, maximumBytes: Self.batchBytes, excluding: full)
        guard !rows.isEmpty else { return .idle }
        for row in rows where row.hasUnknownPolicy {
            logger.warning("a row of the outbox has an unknown retry policy", metadata: ["job": "\(row.job.id)"])
        }
        try await checkpoint(.read)
        let unknown = try await look(for: rows.map { ($0.queue, $0.job.id) })
        try await checkpoint(.looked)
        let open = try await right.stillWaiting(rows.map(\.number))
        try await checkpoint(.rechecked)
        var notes = rows.filter { open.contains($0.number) && !unknown.contains($0.job.id) }
            .map { RelayRight.Note(number: $0.number) }
        let wanted = rows.filter { open.contains($0.number) && unknown.contains($0.job.id) }
        let fence = try await right.nextFence(after: newestFence)
        let receipts = try await right.receipts(of: Array(Set(wanted.map(\.submission))))
        try await checkpoint(.decided)
        let verdicts = try await offer(OutboxBundle.bundles(of: wanted, receipts: receipts), fence)
        notes += verdicts.flatMap(\.notes)
        try await checkpoint(.enqueued)
        try await right.note(notes)
        try await checkpoint(.noted)
        if let failure = verdicts.compactMap(\.failure).first {
            logger.warning("redis refuses a job of the outbox", metadata: ["error": "\(failure)"])
            return .stuck
        }
        let filled = Set(verdicts.compactMap(\.fullQueue))
        return filled.isEmpty ? .relayed(notes.count) : .full(filled)
    }

    private struct Fenced: Error { let fence: Int64 }

    private func offer(_ bundles: [OutboxBundle], _ fence: Int64) async throws -> [OutboxBundle.Verdict] {
        guard !bundles.isEmpty else { return [] }
        let results = try await queue.relay(bundles.map(\.relayed), fence: fence)
        var verdicts = zip(bundles, results).map { $0.verdict($1) }
        if let newer = verdicts.compactMap(\.newerFence).max() { throw Fenced(fence: newer) }
        let bare = verdicts.map(\.bare).filter { !$0.isEmpty }
        guard !bare.isEmpty else { return verdicts }
        logger.warning(
            "receipts in Redis do not fit jobs of the outbox; these are enqueued without",
            metadata: ["jobs": "\(bare.reduce(0) { $0 + $1.count })"])
        for (rows, result) in zip(bare, try await queue.relay(bare.map { OutboxBundle.bare($0) }, fence: fence)) {
            switch result {
            case .submitted(.accepted(let groups)):
                let notes = zip(rows, groups.flatMap(\.jobs)).map { row, item in
                    OutboxBundle.note(row, item, isKnownByReceipt: false)
                }
                verdicts.append(.init(notes: notes))
            case .submitted(.full): verdicts.append(.init(fullQueue: rows[0].queue))
            case .known, .submitted(.conflict): break  // looked at again with the next batch
            case .fenced(let newer): throw Fenced(fence: newer)
            case .failed(let error): verdicts.append(.init(failure: error))
            }
        }
        return verdicts
    }

    /// Those of the jobs of which Redis knows nothing.
    private func look(for jobs: [(QueueName, JobID)]) async throws -> Set<JobID> {
        var unknown: Set<JobID> = []
        for (name, members) in Dictionary(grouping: jobs, by: \.0) {
            unknown.formUnion(try await queue.unknown(of: members.map(\.1), in: name))
        }
        return unknown
    }

    // MARK: - What Redis has lost

    /// Looks for everything that is under way, if Redis is not the one that it was given to; false when another relay is
    /// at work.
    private func recover(_ current: String) async throws -> Bool {
        guard let known = try await store.withRelayRight({ $0.epoch == current }) else { return false }
        if known { return true }
        var position: Int64? = 0
        while let from = position {
            guard let next = try await sweepSlice(after: from) else { return false }
            position = next.position
        }
        return try await store.withRelayRight { try await $0.setEpoch(current) } != nil
    }

    /// One slice of what is under way, the next one each time; and what is old goes.
    private func sweep() async throws {
        if let next = try await sweepSlice(after: sweepPosition) { sweepPosition = next.position ?? 0 }
        for _ in 0..<20 where !Task.isCancelled {
            guard try await store.prune(Self.sliceRows) else { return }
        }
    }

    /// Lets rows wait again whose jobs neither Redis nor the history knows. Nil when another relay is at work.
    ///
    /// - Returns: from where to go on; nil at the end.
    func sweepSlice(after position: Int64) async throws -> (position: Int64?, lost: Int)? {
        let result = try await store.withRelayRight { right in
            let rows = try await right.underWay(after: position, count: Self.sliceRows)
            let unknown = try await self.look(for: rows.map { ($0.queue, $0.job) })
            let lost = try await right.takeBack(rows.filter { unknown.contains($0.job) }.map(\.number))
            return (position: rows.count < Self.sliceRows ? nil : rows.last?.number, lost: lost)
        }
        if let lost = result?.lost, lost > 0 {
            logger.warning("redis has lost jobs; the outbox gives them again", metadata: ["jobs": "\(lost)"])
        }
        return result
    }
}
