import Logging
import Postgres
import Queue
import Redis
import Synchronization
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct AttemptLogTests {
    private typealias Samples = DeliverySamples

    /// Stands for both servers: what they took, and what they do with the next.
    private final class Servers: Sendable {
        enum Mood { case well, failing, hanging }

        struct State {
            var postgres = Mood.well
            var redis = Mood.well
            var batches: [[DeliveryAttempt]] = []
            var entries: [LogEntry] = []
            var hanging: [CheckedContinuation<Void, Never>] = []
        }

        let state = Mutex(State())

        var rows: [DeliveryAttempt] { state.withLock { $0.batches.flatMap { $0 } } }
        var entries: [LogEntry] { state.withLock { $0.entries } }

        func set(postgres: Mood, redis: Mood = .well) {
            state.withLock { state in
                state.postgres = postgres
                state.redis = redis
            }
        }

        func letGo() { for waiter in state.withLock({ $0.hanging }) { waiter.resume() } }

        func log(patience: Int64 = 200) -> AttemptLog {
            var limits = AttemptBatcher.Limits()
            limits.patienceMilliseconds = patience
            limits.pauseMilliseconds = 50
            return AttemptLog(
                worker: "w-1", clock: SystemMonotonicClock(), limits: limits,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                write: { rows throws(JobsError) in
                    let mood = self.state.withLock { $0.postgres }
                    if mood == .hanging {
                        await withCheckedContinuation { waiter in self.state.withLock { $0.hanging.append(waiter) } }
                    }
                    guard mood == .well else { throw JobsError(.storage, "away") }
                    self.state.withLock { $0.batches.append(rows) }
                },
                leave: { entries throws(QueueError) in
                    guard self.state.withLock({ $0.redis == .well }) else { throw QueueError(.unavailable, "away") }
                    self.state.withLock { $0.entries += entries }
                    return 0
                })
        }
    }

    private func record(_ count: Int, in log: AttemptLog) async -> [DeliveryAttempt] {
        let rows = (0..<count).map { _ in Samples.attempt() }
        await withTaskGroup(of: Void.self) { group in
            for row in rows { group.addTask { await log.record(row) } }
        }
        return rows
    }

    @Test func rowsOfManyHandlersGoTogetherAndEachOnce() async {
        let servers = Servers()
        let log = servers.log(patience: 10_000)
        let rows = await record(2_000, in: log)
        #expect(servers.rows.map(\.delivery.id).sorted() == rows.map(\.delivery.id).sorted())
        #expect(servers.rows.allSatisfy { $0.worker == "w-1" })
        let batches = servers.state.withLock { $0.batches.count }
        #expect(batches < 400, "\(batches)")
        #expect(servers.entries.isEmpty)
        await log.close()
    }

    @Test func whenPostgresIsAwayRedisHasTheRowBeforeItReturns() async {
        let servers = Servers()
        let log = servers.log()
        servers.set(postgres: .failing)
        for number in 1...5 {
            await log.record(Samples.attempt())
            #expect(servers.entries.count == number)
        }
        servers.set(postgres: .well)
        // The pause passes, one look finds it well.
        try? await Waiting.until("Postgres to be used again") {
            await log.record(Samples.attempt())
            return !servers.rows.isEmpty
        }
        #expect(!servers.rows.isEmpty)
        #expect(servers.entries.compactMap { DeliveryAttempt($0) }.count == servers.entries.count)
    }

    @Test func aWriteThatHangsIsWaitedForNoLongerThanThePatience() async {
        let servers = Servers()
        let log = servers.log(patience: 100)
        servers.set(postgres: .hanging)
        let start = ContinuousClock.now
        let rows = await record(50, in: log)
        let time = ContinuousClock.now - start
        #expect(time > .milliseconds(90) && time < .seconds(5), "\(time)")
        #expect(Set(servers.entries.map(\.name)).count == rows.count)
        servers.set(postgres: .well)
        servers.letGo()
        await log.close()
    }

    /// The worker stops while rows are written: its tasks are cancelled, the rows are not.
    @Test func aCancelledHandlersRowIsWrittenAllTheSame() async {
        let servers = Servers()
        let log = servers.log()
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask { await log.record(Samples.attempt()) }
        }
        #expect(servers.rows.count == 1)
    }

    @Test func whileBothAreAwayNobodyWaitsAndTheRowsFollow() async {
        let servers = Servers()
        let log = servers.log()
        servers.set(postgres: .failing, redis: .failing)
        let rows = await record(20, in: log)
        #expect(servers.rows.isEmpty && servers.entries.isEmpty)
        servers.set(postgres: .well, redis: .failing)
        await log.close()
        #expect(Set(servers.rows.map(\.delivery.id)) == Set(rows.map(\.delivery.id)))
        #expect(servers.rows.count == 20)
    }

    /// Runs `body` with a database, and a namespace of its own on the shared Redis.
    private func withServers(_ body: (PostgresPool, QueueClient) async throws -> Void) async throws {
        let redis = RedisClient(configuration: try await TestRedis.configuration(), name: "test")
        let queue = QueueClient(redis: redis, namespace: TestRedis.makeNamespace())
        let result: Result<Void, any Error>
        do {
            result = .success(try await PostgresFixture.withDatabase { try await body($0, queue) })
        } catch {
            result = .failure(error)
        }
        await redis.shutdown()
        try result.get()
    }

    @Test func rowsThatWaitInRedisAreMovedOnce() async throws {
        try await withServers { pool, queue in
            let store = DeliveryStore(pool: pool)
            let id = Samples.id()
            let rows = [
                Samples.attempt(id, attempt: 1, outcome: .retry, status: 500),
                Samples.attempt(id, fence: Samples.now + 9, attempt: 2, outcome: .retry, status: 501),
                Samples.attempt(),
            ]
            try await queue.log(rows.map { try $0.entry() }, of: "q")
            try await queue.log([LogEntry(name: "nonsense", bytes: [1, 2, 3])], of: "q")
            // As if a recorder had died between its two steps.
            try await store.record([rows[0]])
            // And the job was cancelled before its rows came.
            try await FinishedStore(pool: pool).record([
                FinishedJob(
                    id: id.description, kind: "k", queue: "q", state: .cancelled, attempts: 2,
                    finishedAtMilliseconds: Samples.now + 100)
            ])
            let recorder = AttemptRecorder(
                queue: queue, store: store, queues: ["q"], clock: SystemMonotonicClock(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(try await recorder.moveOnce() == false)
            #expect(try await queue.waitingLog(of: "q", count: 9).isEmpty)
            #expect(try await store.attempts(at: id.description).map(\.status) == [500, 501])
            #expect(try await store.find(id.description)?.state == .cancelled)
            #expect(try await store.page(DeliveryFilter(), count: 9).count == 2)
            #expect(try await recorder.moveOnce() == false)
        }
    }

    /// What a server refuses for good does not hold up the rest.
    @Test func aRowThatCannotBeWrittenHoldsUpNobody() async throws {
        try await withServers { pool, queue in
            let store = DeliveryStore(pool: pool)
            try await pool.execute("ALTER TABLE jobs.attempts ADD CHECK (status <> 418)")
            let rows = (0..<5).map { Samples.attempt(status: $0 == 2 ? 418 : 200) }
            try await queue.log(rows.map { try $0.entry() }, of: "q")
            let recorder = AttemptRecorder(
                queue: queue, store: store, queues: ["q"], clock: SystemMonotonicClock(),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
            #expect(try await recorder.moveOnce() == false)
            #expect(try await store.page(DeliveryFilter(), count: 9).count == 4)
            #expect(try await queue.waitingLog(of: "q", count: 9).isEmpty)
        }
    }
}
