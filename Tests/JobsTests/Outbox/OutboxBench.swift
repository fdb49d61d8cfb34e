import Logging
import Redis
import ServiceLifecycle
import Synchronization
import TestKit

@testable import Jobs
@testable import Postgres
@testable import Queue

/// One test's outbox on a database of its own, and its queue on the shared Redis.
struct OutboxBench: Sendable {
    let pool: PostgresPool
    /// As another process has one: within a transaction of `pool` there can be no other of the same.
    let otherPool: PostgresPool
    let store: OutboxStore
    let redis: RedisClient
    let configuration: RedisConfiguration
    let namespace = TestRedis.makeNamespace()
    let queue: QueueClient
    let name: QueueName = "test"

    static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// Runs `body` with a bench.
    static func run(_ body: (OutboxBench) async throws -> Void) async throws {
        let configuration = try await TestRedis.configuration()
        try await PostgresFixture.withDatabase { pool in
            let redis = RedisClient(configuration: configuration, name: "test")
            let bench = OutboxBench(pool: pool, redis: redis, configuration: configuration)
            let result: Result<Void, any Error>
            do { result = .success(try await body(bench)) } catch { result = .failure(error) }
            await bench.otherPool.shutdown()
            await redis.shutdown()
            try result.get()
        }
    }

    private init(pool: PostgresPool, redis: RedisClient, configuration: RedisConfiguration) {
        self.pool = pool
        otherPool = PostgresPool(configuration: pool.configuration, size: 2)
        self.redis = redis
        self.configuration = configuration
        store = OutboxStore(pool: pool)
        queue = QueueClient(redis: redis, namespace: namespace)
    }

    func relay(
        _ checkpoint: @escaping @Sendable (OutboxRelay.Step) async throws -> Void = { _ in }
    ) -> OutboxRelay {
        OutboxRelay(
            queue: queue, store: store, listener: nil, clock: SystemMonotonicClock(), logger: Self.silent,
            checkpoint: checkpoint)
    }

    /// The relay of another process.
    func otherRelay() -> OutboxRelay {
        OutboxRelay(queue: queue, store: OutboxStore(pool: otherPool), listener: nil, logger: Self.silent)
    }

    /// The recorder's next step.
    func record() async throws {
        let recorder = HistoryRecorder(
            queue: queue, store: FinishedStore(pool: pool), deliveries: DeliveryStore(pool: pool), queues: [name],
            clock: SystemMonotonicClock(), logger: Self.silent)
        while try await recorder.moveOnce() {}
    }

    func job(
        _ arguments: String = "{}", delayMilliseconds: Int64 = 0, key: JobKey? = nil, kind: String = "kind"
    ) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: kind, arguments: Array(arguments.utf8),
            policy: RetryPolicy(attempts: 3, delayMilliseconds: 5_000), lane: "lane",
            delayMilliseconds: delayMilliseconds,
            key: key)
    }

    /// Puts jobs into the outbox, each a submission of its own; their ids.
    func insert(_ count: Int) async throws -> [JobID] {
        var ids: [JobID] = []
        for _ in 0..<count {
            let job = job()
            _ = try await store.insert(Submission(groups: [.init(jobs: [job])]), to: name)
            ids.append(job.id)
        }
        return ids
    }

    /// What a worker runs, one after the other, until the queue is empty; in the order in which it did.
    func drain() async throws -> [JobID] {
        let ran = Mutex<[JobID]>([])
        let handlers = ["kind", "silent"].map { kind in
            JobHandler(kind: kind, leavesTrace: kind == "kind") { job in
                ran.withLock { $0.append(job.id) }
                return .done()
            }
        }
        let worker = JobWorker(
            configuration: configuration,
            options: WorkerOptions(
                name: "w\(UInt64.random(in: 0...(.max)))", queues: [name], concurrency: 1, namespace: namespace),
            registry: JobRegistry(handlers), logger: Self.silent)
        let run = Task { try await worker.run() }
        try await Waiting.until("the queue to be empty") {
            let status = try await queue.status(of: [name], nowMilliseconds: 0)[0]
            return status.ready + status.running == 0
        }
        run.cancel()
        try await run.value
        return ran.withLock { $0 }
    }

    /// The ids that are ready, the next one first.
    func ready() async throws -> [JobID] {
        let key = Keys(namespace: namespace, queue: name).lane("lane")
        let reply = try await redis.run(RedisCommand("LRANGE", arguments: [key, "0", "-1"]))
        return (reply.arrayValue ?? []).compactMap { $0.string.flatMap { JobID($0) } }
    }

    /// What `FLUSHALL` would do to this queue.
    func forgetEverything() async throws {
        let keys = try await redis.run(RedisCommand("KEYS", arguments: ["\(namespace):*"])).arrayValue ?? []
        guard !keys.isEmpty else { return }
        _ = try await redis.run(RedisCommand("DEL", arguments: keys.compactMap(\.string)))
    }

    /// Rows that wait, are under way, and have ended.
    func counts() async throws -> [Int64] {
        let row = try await pool.query(
            PostgresStatement(
                "t_counts",
                """
                SELECT count(*) FILTER (WHERE relayed_at IS NULL AND ended_at IS NULL) AS waiting,
                    count(*) FILTER (WHERE relayed_at IS NOT NULL AND ended_at IS NULL) AS under_way,
                    count(*) FILTER (WHERE ended_at IS NOT NULL) AS ended FROM jobs.outbox
                """))[0]
        return [try row.integer("waiting"), try row.integer("under_way"), try row.integer("ended")]
    }
}

extension PostgresPool {
    /// Where it connects to, for a listener beside it.
    var testConfiguration: PostgresConfiguration { configuration }
}
