import Basics
import Jobs
import Logging
import Operator
import Postgres
import Redis
import TestKit
import Testing

@testable import API
@testable import Queue

/// What `POST /v1/jobs` answers at its limits.
@Suite(.timeLimit(.minutes(1)))
struct JobRouteTests {
    private static let job =
        #"{"kind":"engagement.upsert","args":{"engagement_id":"e","sent_at":"2026-01-01T00:00:00Z"}}"#
    private static let fields = ["Authorization: Bearer token-of-all", "Content-Type: application/json"]

    /// Runs `body` with the routes over a Redis at this address and no Postgres.
    private func run(
        redis configuration: RedisConfiguration, maximumQueueLength: Int = 10,
        _ body: (TestServer, QueueClient) async throws -> Void
    ) async throws {
        let redis = RedisClient(configuration: configuration, name: "test")
        let pool = PostgresPool(
            configuration: try PostgresConfiguration(url: "postgresql://x@127.0.0.1:1/x"), size: 1)
        let namespace = TestRedis.makeNamespace()
        let queue = QueueClient(redis: redis, namespace: namespace, maximumQueueLength: maximumQueueLength)
        let durable = DurableQueue(
            queue: queue, fsynced: FsyncedQueue(redis: redis, namespace: namespace), outbox: OutboxStore(pool: pool),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let clock = SystemWallClock()
        let routes = JobRoutes(
            desk: JobDesk(
                queue: queue, history: FinishedStore(pool: pool), outbox: OutboxStore(pool: pool), clock: clock),
            submitter: JobSubmitter(queue: durable, receipts: queue, clock: clock),
            catalogue: .standard(pushRetry: JobPolicy.internalWork), durability: .queued, clock: clock,
            maximumBodyBytes: 1_048_576)
        let result: Result<Void, any Error>
        do {
            result = .success(try await TestServer.run({ routes.add(to: &$0) }, { try await body($0, queue) }))
        } catch {
            result = .failure(error)
        }
        durable.shutDown()
        await redis.shutdown()
        await pool.shutdown()
        try result.get()
    }

    @Test func aFullQueueIs429() async throws {
        try await run(redis: try await TestRedis.configuration(), maximumQueueLength: 2) { server, _ in
            for status in [202, 202, 429] {
                let answer = try await server.request("POST", "/v1/jobs", Self.fields, body: Self.job)
                #expect(answer.status == status, "\(answer.body)")
                #expect((answer.fields["retry-after"] != nil) == (status == 429))
            }
        }
    }

    @Test func withNothingDurableInReachItIs503() async throws {
        try await run(redis: try RedisConfiguration(url: "redis://127.0.0.1:1/0")) { server, _ in
            let answer = try await server.request("POST", "/v1/jobs", Self.fields, body: Self.job)
            #expect(answer.status == 503 && answer.fields["retry-after"] != nil, "\(answer.body)")
            let id = String(repeating: "0", count: 20)
            for (method, path) in [("GET", id), ("DELETE", id), ("POST", "\(id)/retry")] {
                let answer = try await server.request(method, "/v1/jobs/\(path)", Self.fields)
                #expect(answer.status == 503 && answer.fields["retry-after"] != nil, "\(method): \(answer.body)")
            }
            // The kinds need no server.
            #expect(try await server.request("GET", "/v1/kinds", Self.fields).status == 200)
        }
    }

    @Test func argumentsReachRedisAsTheyWerePosted() async throws {
        try await run(redis: try await TestRedis.configuration()) { server, queue in
            let arguments = "{ \"engagement_id\" : \"\\u0065\",\n\t\"sent_at\":\"2026-01-01T00:00:00Z\", \"x\": 1.50 }"
            let answer = try await server.request(
                "POST", "/v1/jobs", Self.fields, body: #"{"args":\#(arguments),"kind":"engagement.upsert"}"#)
            #expect(answer.status == 202)
            let id = try #require(answer.body.split(separator: "\"").compactMap { JobID(String($0)) }.first)
            guard case .present(let view)? = try await queue.job(id, in: ["crm"]) else {
                Issue.record("the job is not there")
                return
            }
            #expect(String(decoding: view.envelope.arguments, as: UTF8.self) == arguments)
            let shown = try await server.request("GET", "/v1/jobs/\(id)", Self.fields)
            #expect(shown.status == 200 && shown.body.contains(#""kind":"engagement.upsert""#))
            #expect(shown.body.contains("no live worker serves its queue crm"))
        }
    }
}
