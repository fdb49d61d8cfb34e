import Basics
import Logging
import Postgres
import Redis
import TestKit
import Testing

@testable import Jobs
@testable import Queue

/// Lanes of parked endpoints, on a real Redis and a real Postgres.
@Suite(.timeLimit(.minutes(2)))
struct EndpointLanesTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs the body with a parked endpoint `e` for which jobs wait.
    private func withParked(
        waiting count: Int64 = 3, _ members: String = "",
        _ body: (EndpointStore, EndpointDirectory, QueueClient) async throws -> Void
    ) async throws {
        try await PostgresFixture.withDatabase { pool in
            let redis = RedisClient(
                configuration: try await TestRedis.configuration(), name: "test", logger: Self.logger)
            let queue = QueueClient(redis: redis, namespace: TestRedis.makeNamespace())
            let store = EndpointStore(pool: pool)
            let directory = EndpointDirectory(store: store, listener: nil, logger: Self.logger)
            let result: Result<Void, any Error>
            do {
                _ = try await store.insert(
                    id: "e", settings: try EndpointFixture.settings(members), secret: nil, extras: nil)
                _ = try await store.park(id: "e", reason: "gone", probeMilliseconds: 60_000)
                await directory.refresh()
                let endpoint = try #require(await directory.snapshot()?[id: "e"])
                let event = try EndpointFixture.event(EndpointFixture.person)
                let jobs = (0..<count).flatMap { EndpointRouter.plan(event, to: [endpoint], nowMilliseconds: $0) }
                if !jobs.isEmpty { _ = try await queue.enqueue(jobs, to: JobQueue.webhooks) }
                result = .success(try await body(store, directory, queue))
            } catch {
                result = .failure(error)
            }
            await redis.shutdown()
            try result.get()
        }
    }

    private func visit(
        _ store: EndpointStore, _ directory: EndpointDirectory, _ queue: QueueClient, maximumWaiting: Int
    ) async throws -> Endpoint {
        await directory.refresh()
        let lanes = EndpointLanes(
            queue: queue, directory: directory, store: store, maximumWaiting: maximumWaiting, logger: Self.logger)
        await lanes.visit(try #require(await directory.snapshot()))
        return try #require(try await store.find(id: "e"))
    }

    @Test func noMoreThanSoManyWait() async throws {
        try await withParked { store, directory, queue in
            let below = try await visit(store, directory, queue, maximumWaiting: 4)
            #expect(below.settings.isEnabled && below.parking?.reason == "gone")
            let at = try await visit(store, directory, queue, maximumWaiting: 3)
            #expect(!at.settings.isEnabled)
            #expect(at.parking?.reason == "gone; 3 deliveries wait, so it gets no more events until it is switched on")
            // Once said is enough, and what waits is still there.
            #expect(try await visit(store, directory, queue, maximumWaiting: 3) == at)
            #expect(try await queue.status(ofLane: "endpoint:e", in: JobQueue.webhooks).waiting == 3)
            let event = try EndpointFixture.event(EndpointFixture.person)
            await directory.refresh()
            #expect(await directory.snapshot()?.endpoints(wanting: event).isEmpty == true)
        }
    }

    /// Of three of one record two are in no line.
    @Test func whatWaitsForItsTurnIsCountedToo() async throws {
        try await withParked(#""order_by":"record_id""#) { store, directory, queue in
            #expect(try await queue.status(ofLane: "endpoint:e", in: JobQueue.webhooks).waiting == 1)
            let below = try await visit(store, directory, queue, maximumWaiting: 4)
            let at = try await visit(store, directory, queue, maximumWaiting: 3)
            #expect(below.settings.isEnabled && !at.settings.isEnabled)
        }
    }

    @Test(arguments: [0, 1, 3] as [Int64])
    func aReleaseEndsWhenNothingIsLeft(_ count: Int64) async throws {
        try await withParked(waiting: count) { store, directory, queue in
            #expect(try await store.enable(id: "e")?.isReleasing == true)
            let endpoint = try await visit(store, directory, queue, maximumWaiting: 3)
            #expect(endpoint.isReleasing == (count > 0) && endpoint.parking == nil)
        }
    }

    @Test func limitsAreSetAndSetAgain() async throws {
        try await withParked { store, directory, queue in
            let lanes = EndpointLanes(queue: queue, directory: directory, store: store, logger: Self.logger)
            let run = Task { try await lanes.run() }
            func inFlight() async throws -> Int {
                try await queue.status(ofLane: "endpoint:e", in: JobQueue.webhooks).limits.inFlight
            }
            try await Waiting.until("the parked lane to be narrow") { try await inFlight() == 1 }
            for job in try await store.page(count: 1) { _ = try await store.enable(id: job.id) }
            await directory.refresh()
            try await Waiting.until("the pace of a release") {
                try await queue.status(ofLane: "endpoint:e", in: JobQueue.webhooks).limits.perSecond == 100
            }
            run.cancel()
            _ = await run.result
        }
    }
}
