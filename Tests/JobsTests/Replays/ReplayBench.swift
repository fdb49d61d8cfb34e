import Basics
import Logging
import Postgres
import Redis
import TestKit

@testable import Jobs
@testable import Queue

/// One test's log and replays on a database of its own, and its queues on the shared Redis.
struct ReplayBench: Sendable {
    struct Clock: WallClock {
        let milliseconds: Int64

        func nowMilliseconds() -> Int64 { milliseconds }
    }

    let pool: PostgresPool
    let redis: RedisClient
    let queue: QueueClient
    let store: ReplayStore
    let log: DeliveryStore
    let namespace: String
    let directory: EndpointDirectory

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let retry = RetryPolicy(attempts: 3, delayMilliseconds: 5_000)
    /// When replays are asked for: an hour after the samples' time.
    static let asked = DeliverySamples.now + 3_600_000

    static func run(_ body: (ReplayBench) async throws -> Void) async throws {
        try await PostgresFixture.withDatabase { pool in
            let redis = RedisClient(configuration: try await TestRedis.configuration(), name: "test", logger: silent)
            let namespace = TestRedis.makeNamespace()
            let directory = EndpointDirectory(store: EndpointStore(pool: pool), listener: nil, logger: silent)
            let bench = ReplayBench(
                pool: pool, redis: redis, queue: QueueClient(redis: redis, namespace: namespace),
                store: ReplayStore(pool: pool), log: DeliveryStore(pool: pool), namespace: namespace,
                directory: directory)
            let result: Result<Void, any Error>
            do {
                await directory.refresh()
                result = .success(try await body(bench))
            } catch {
                result = .failure(error)
            }
            await redis.shutdown()
            try result.get()
        }
    }

    /// The arguments of a push that has been sent.
    static func push(_ engagement: String = "e-1") throws -> [UInt8] {
        let event = try Event(
            try JSONParser.parse(
                Array(#"{"type":"call.completed","domain_name":"acme.example","engagement_id":"\#(engagement)"}"#.utf8))
        )
        let body = #"{"engagement_id":"\#(engagement)","sent_at":"2026-01-01T00:00:00.000Z","delivery_type":"status"}"#
        return KeptPush.encode(
            PushArguments(target: .twenty, deliveryType: .status, event: event), body: Array(body.utf8))
    }

    /// Writes a delivery as its attempt left it.
    func deliver(
        _ outcome: DeliveryAttempt.Outcome = .delivered, at milliseconds: Int64 = DeliverySamples.now,
        hasPayload: Bool = true, _ change: (inout DeliveryAttempt) -> Void = { _ in }
    ) async throws -> String {
        var row = DeliverySamples.attempt(
            DeliverySamples.id(milliseconds), fence: milliseconds, outcome: outcome,
            status: outcome == .delivered ? 200 : 500)
        if hasPayload, outcome == .delivered { row.payload = try Self.push() }
        change(&row)
        try await log.record([row])
        return row.delivery.id
    }

    /// Puts a delivery's job into the dead set.
    func bury(_ id: String, _ arguments: [UInt8]) async throws {
        let prefix = "\(namespace):{webhooks}:"
        let header = Array("1 engagement.push 3x5000 3 0 0 twenty:acme.example\n".utf8)
        var set = RedisCommand("HSET")
        set.append(prefix + "jobs")
        set.append(id)
        set.append(header + arguments)
        _ = try await redis.run([RedisCommand("ZADD", arguments: [prefix + "dead", "1", id]), set])
    }

    /// Makes a subscription.
    func keepEndpoint(_ id: String, _ members: String = "") async throws -> Bool {
        try await EndpointStore(pool: pool).insert(
            id: id, settings: try EndpointFixture.settings(members), secret: nil, extras: nil)
    }

    /// A wish for everything of the samples' day.
    static func request(_ members: String = "", pace: Int = 1_000) throws -> ReplayRequest {
        let from = Timestamp(milliseconds: DeliverySamples.now - 1_000_000).iso8601
        let to = Timestamp(milliseconds: asked + 1_000_000).iso8601
        let more = members.isEmpty ? "" : "," + members
        return try ReplayRequest.decode(
            Array(#"{"from":"\#(from)","to":"\#(to)","pace_per_second":\#(pace)\#(more)}"#.utf8))
    }

    func count(_ members: String = "") async throws -> ReplayCount {
        try await store.count(
            try Self.request(members).filter(atMilliseconds: Self.asked), atMilliseconds: Self.asked, in: queue)
    }

    func start(_ members: String = "", pace: Int = 1_000) async throws -> Replay? {
        try await store.insert(
            id: Replay.makeID(nowMilliseconds: Self.asked), try Self.request(members, pace: pace), total: 0,
            runner: JobID(nowMilliseconds: Self.asked), nowMilliseconds: Self.asked)
    }

    func handler(
        at milliseconds: Int64 = asked, _ reach: @escaping @Sendable (ReplayHandler.Step) throws -> Void = { _ in }
    ) -> ReplayHandler {
        ReplayHandler(
            store: store, queue: queue, endpoints: directory, pushRetry: Self.retry,
            clock: Clock(milliseconds: milliseconds), logger: Self.silent, reach: reach)
    }

    /// Takes what waits in the replay's lane, as workers would; which deliveries it repeats.
    func take(_ replay: Replay) async throws -> [String] {
        var taken: [String] = []
        for id in try await queue.line(ofLane: replay.lane, in: JobQueue.webhooks, count: 10_000) {
            guard case .present(let view)? = try await queue.job(id, in: [JobQueue.webhooks]) else { continue }
            let arguments = try JSONParser.parse(view.envelope.arguments).object
            taken.append(arguments?["replay_of"]?.string ?? "?")
            _ = try await queue.cancel(id, in: JobQueue.webhooks)
        }
        // What is cancelled stays in line until its turn comes.
        _ = try await redis.run([
            RedisCommand("DEL", arguments: ["\(namespace):{webhooks}:lane:\(replay.lane)"])
        ])
        return taken
    }
}
