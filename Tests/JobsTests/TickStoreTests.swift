import Basics
import Logging
import Postgres
import Queue
import Redis
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct TickStoreTests {
    private static let now: Int64 = 1_800_000_000_000
    private static let day: Int64 = 86_400_000

    private struct FixedClock: WallClock {
        func nowMilliseconds() -> Int64 { TickStoreTests.now }
    }

    /// Runs `body` with a database, a namespace of its own on the shared Redis, and a schedule there.
    private func withBench(
        _ body: (PostgresPool, RedisClient, String, ScheduledJob) async throws -> Void
    ) async throws {
        let redis = RedisClient(configuration: try await TestRedis.configuration(), name: "test")
        let scheduled = ScheduledJob(
            schedule: CronSchedule(name: "s", pattern: try #require(CronPattern("* * * * *"))), queue: "upkeep",
            kind: "kind", policy: RetryPolicy(attempts: 1, delayMilliseconds: 0))
        let result: Result<Void, any Error>
        do {
            result = .success(
                try await PostgresFixture.withDatabase { pool in
                    try await body(pool, redis, TestRedis.makeNamespace(), scheduled)
                })
        } catch {
            result = .failure(error)
        }
        await redis.shutdown()
        try result.get()
    }

    private func client(_ redis: RedisClient, _ namespace: String, at milliseconds: Int64) -> ScheduleClient {
        ScheduleClient(QueueClient(redis: redis, namespace: namespace, scriptTimeMilliseconds: milliseconds))
    }

    @Test func wishesGoFromRedisIntoTheLedgerOnce() async throws {
        try await withBench { pool, redis, namespace, scheduled in
            let store = TickStore(pool: pool)
            let schedules = client(redis, namespace, at: Self.now)
            let ids = [try await schedules.run(scheduled), try await schedules.run(scheduled)]
            let lines = try await schedules.waitingTicks(of: scheduled.queue, count: 10)
            #expect(lines.count == 2)
            // As if a recorder had died between its two steps.
            try await store.record(lines)
            let recorder = TickRecorder(
                schedules: schedules, store: store, queues: [scheduled.queue], clock: SystemMonotonicClock(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(try await recorder.moveOnce() == false)
            #expect(try await schedules.waitingTicks(of: scheduled.queue, count: 10).isEmpty)
            let rows = try await store.latest(of: "s", in: scheduled.queue, count: 10)
            #expect(Set(rows.map(\.jobID)) == Set(ids.map(\.description)))
            #expect(rows.allSatisfy { $0.atMilliseconds == Self.now && $0.outcome == "manual" && $0.reason == nil })
            #expect(try await recorder.moveOnce() == false)
        }
    }

    @Test func theNewestComeFirstAndPageByPage() async throws {
        try await withBench { pool, redis, namespace, scheduled in
            let store = TickStore(pool: pool)
            for second in 0..<5 as Range<Int64> {
                let schedules = client(redis, namespace, at: Self.now + second * 1_000)
                _ = try await schedules.run(scheduled)
                if second == 2 { _ = try await schedules.run(scheduled) }
            }
            try await store.record(
                try await client(redis, namespace, at: 0).waitingTicks(of: scheduled.queue, count: 100))
            func page(before: Int64?, _ count: Int) async throws -> [Int64] {
                try await store.latest(of: "s", in: scheduled.queue, beforeMilliseconds: before, count: count)
                    .map { ($0.atMilliseconds - Self.now) / 1_000 }
            }
            #expect(try await page(before: nil, 2) == [4, 3])
            // Two of one moment stay together.
            #expect(try await page(before: Self.now + 3_000, 1) == [2, 2])
            #expect(try await page(before: Self.now + 2_000, 9) == [1, 0])
            #expect(try await store.latest(of: "other", in: scheduled.queue, count: 9).isEmpty)
            #expect(try await store.latest(of: "s", in: "crm", count: 9).isEmpty)
        }
    }

    @Test func oldRowsGoInBatchesAndYoungOnesStay() async throws {
        try await withBench { pool, redis, namespace, scheduled in
            let (finished, ticks) = (FinishedStore(pool: pool), TickStore(pool: pool))
            for age in [1, 29, 31, 200, 300] as [Int64] {
                let at = Self.now - age * Self.day
                _ = try await client(redis, namespace, at: at).run(scheduled)
                try await finished.record([
                    FinishedJob(
                        id: "job-\(age)", kind: "k", queue: "q", state: .done, attempts: 1, finishedAtMilliseconds: at)
                ])
            }
            try await ticks.record(
                try await client(redis, namespace, at: 0).waitingTicks(of: scheduled.queue, count: 100))
            let handler = PruneHandler(finished: finished, ticks: ticks, clock: FixedClock(), batch: 2)
            let outcome = try await handler.run(keepDays: 30)
            #expect(outcome == .done(note: "removed 3 jobs and 3 ticks older than 30 days"))
            #expect(try await finished.find(id: "job-31") == nil)
            #expect(try await finished.find(id: "job-29") != nil)
            #expect(try await ticks.latest(of: "s", in: scheduled.queue, count: 9).count == 2)
            #expect(
                try await handler.run(keepDays: 30) == .done(note: "removed 0 jobs and 0 ticks older than 30 days"))
        }
    }

    /// A run is bounded; the rest is for the next, at no cost of an attempt.
    @Test func aRunThatFindsTooMuchIsPutOff() async throws {
        try await withBench { pool, _, _, _ in
            let finished = FinishedStore(pool: pool)
            try await finished.record(
                (0..<5).map {
                    FinishedJob(
                        id: "job-\($0)", kind: "k", queue: "q", state: .done, attempts: 1, finishedAtMilliseconds: $0)
                })
            let handler = PruneHandler(
                finished: finished, ticks: TickStore(pool: pool), clock: FixedClock(), batch: 2, maximumBatches: 2)
            #expect(
                try await handler.run(keepDays: 1)
                    == .defer(milliseconds: 1_000, reason: "4 rows are removed, more are left"))
            #expect(try await handler.run(keepDays: 1) == .done(note: "removed 1 jobs and 0 ticks older than 1 days"))
        }
    }

    /// What stands in the source is what can be: names apart, patterns that come, queues and kinds that there are.
    @Test func everyScheduleCanBe() {
        let names = JobSchedule.all.map(\.schedule.name)
        #expect(Set(names).count == names.count)
        let kinds = KindCatalogue.standard(pushRetry: JobPolicy.internalWork)
        for scheduled in JobSchedule.all {
            #expect(scheduled.schedule.next(after: Self.now) != nil)
            #expect(JobQueue.all.contains(scheduled.queue))
            #expect(kinds[scheduled.kind] != nil, "\(scheduled.kind)")
        }
    }
}
