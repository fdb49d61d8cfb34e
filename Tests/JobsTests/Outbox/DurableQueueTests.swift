import Command
import Postgres
import Redis
import TestKit
import Testing

@testable import Jobs
@testable import Queue

@Suite(.timeLimit(.minutes(2)))
struct DurableQueueTests {
    /// The entry over a Redis of the test's own.
    private func withEntry(
        _ durability: PrivateRedis.Options.Durability = .always, pool: PostgresPool? = nil,
        _ body: (OutboxBench, PrivateRedis, DurableQueue, QueueClient) async throws -> Void
    ) async throws {
        try await OutboxBench.run { bench in
            var options = PrivateRedis.Options(directory: TestFolders.make("redis"))
            options.durability = durability
            let server = try await PrivateRedis.start(options)
            var configuration = try RedisConfiguration(url: server.url)
            (configuration.connectTimeout, configuration.commandTimeout) = (.seconds(1), .seconds(1))
            let clients = ["submit", "fsync"].map { RedisClient(configuration: configuration, name: $0) }
            let queue = QueueClient(redis: clients[0], namespace: bench.namespace)
            let entry = DurableQueue(
                queue: queue, fsynced: FsyncedQueue(redis: clients[1], namespace: bench.namespace),
                outbox: pool.map { OutboxStore(pool: $0) } ?? bench.store, logger: OutboxBench.silent)
            let result: Result<Void, any Error>
            do { result = .success(try await body(bench, server, entry, queue)) } catch { result = .failure(error) }
            entry.shutDown()
            for client in clients { await client.shutdown() }
            server.thaw()
            try await server.destroy()
            try result.get()
        }
    }

    private func submission(_ bench: OutboxBench, receipt: Bool = false) -> Submission {
        Submission(groups: [
            .init(receipt: receipt ? Receipt(key: "k", digest: "d") : nil, jobs: [bench.job()])
        ])
    }

    private func refusal(
        _ entry: DurableQueue, _ submission: Submission, _ name: QueueName, _ durability: Durability
    ) async -> QueueError? {
        do throws(QueueError) {
            _ = try await entry.submit(submission, to: name, durability: durability)
            return nil
        } catch {
            return error
        }
    }

    @Test func givesWhatIsAskedFor() async throws {
        try await withEntry { bench, _, entry, queue in
            for durability in Durability.allCases {
                let submission = submission(bench)
                let outcome = try await entry.submit(submission, to: bench.name, durability: durability)
                let id = submission.groups[0].jobs[0].id
                #expect(outcome.durability == durability)
                #expect(outcome.result == .accepted([.init(ids: [id], isDuplicate: false)]))
                let isInRedis = try await queue.job(id, in: [bench.name]) != nil
                #expect(isInRedis == (durability != .outbox))
            }
            #expect(try await bench.counts() == [1, 0, 0])
        }
    }

    @Test func refusesFsyncedWhereItCannotBeGiven() async throws {
        try await withEntry(.everySecond) { (bench, _, entry, _) async throws in
            let error = await refusal(entry, submission(bench), bench.name, .fsynced)
            #expect(error?.code == .durabilityRefused)
            #expect(error?.message.contains("appendfsync everysec") == true)
            #expect(try await bench.counts() == [0, 0, 0])
        }
    }

    @Test(arguments: [Durability.queued, .fsynced])
    func redisThatIsAwayIsAskedOnceAndNoticedWhenItIsBack(_ durability: Durability) async throws {
        try await withEntry { bench, server, entry, _ in
            await server.kill()
            var times: [Duration] = []
            for _ in 0..<20 {
                let start = ContinuousClock.now
                let outcome = try await entry.submit(submission(bench), to: bench.name, durability: durability)
                #expect(outcome.durability == .outbox)
                times.append(ContinuousClock.now - start)
            }
            #expect(times.sorted()[10] < .milliseconds(900), "\(times)")
            #expect(try await bench.counts()[0] == 20)
            try await server.start()
            try await Waiting.until("submissions to go to Redis again", within: .seconds(20)) {
                try await entry.submit(submission(bench), to: bench.name, durability: durability).durability
                    == durability
            }
        }
    }

    @Test func redisThatHangsCostsOnlyTheFirstCallers() async throws {
        try await withEntry { bench, server, entry, queue in
            _ = try await entry.submit(submission(bench), to: bench.name)
            server.freeze()
            let start = ContinuousClock.now
            let first = submission(bench)
            #expect(try await entry.submit(first, to: bench.name).durability == .outbox)
            #expect(ContinuousClock.now - start < .seconds(10))
            var times: [Duration] = []
            for _ in 0..<10 {
                let start = ContinuousClock.now
                #expect(try await entry.submit(submission(bench), to: bench.name).durability == .outbox)
                times.append(ContinuousClock.now - start)
            }
            #expect(times.sorted()[5] < .milliseconds(500), "\(times)")
            server.thaw()
            try await Waiting.until("submissions to go to Redis again", within: .seconds(20)) {
                try await entry.submit(submission(bench), to: bench.name).durability == .queued
            }
            // What hung in the socket was carried out, or not: relayed, it is there once.
            let relay = OutboxRelay(
                queue: queue, store: bench.store, listener: nil, logger: OutboxBench.silent)
            try await relay.relayAll()
            let keys = Keys(namespace: bench.namespace, queue: bench.name)
            let ready = try await queue.redis.run(RedisCommand("LRANGE", arguments: [keys.lane("lane"), "0", "-1"]))
            let ids = (ready.arrayValue ?? []).compactMap(\.string)
            #expect(Set(ids).count == ids.count)
            #expect(ids.contains(first.groups[0].jobs[0].id.description))
            #expect(try await bench.counts()[0] == 0)
            #expect(try await bench.counts()[1] >= 11)
        }
    }

    @Test func redisThatIsFullIsNoReasonToRefuse() async throws {
        try await withEntry { bench, _, entry, queue in
            for command in [["SET", "maxmemory-policy", "noeviction"], ["SET", "maxmemory", "1"]] {
                _ = try await queue.redis.run(RedisCommand("CONFIG", arguments: command))
            }
            #expect(try await entry.submit(submission(bench), to: bench.name).durability == .outbox)
        }
    }

    @Test func isUnavailableOnlyWhenBothAreAway() async throws {
        let nowhere = PostgresPool(
            configuration: try PostgresConfiguration(url: "postgresql:///x?host=/nonexistent"), size: 1)
        try await withEntry(pool: nowhere) { (bench, server, entry, _) async throws in
            #expect(try await entry.submit(submission(bench), to: bench.name).durability == .queued)
            await server.kill()
            for durability in Durability.allCases {
                let error = await refusal(entry, submission(bench), bench.name, durability)
                #expect(error?.code == .unavailable)
            }
        }
        await nowhere.shutdown()
    }

    @Test func receiptsHoldWhileItStaysOnOneWay() async throws {
        try await withEntry { bench, server, entry, _ in
            await server.kill()
            let first = try await entry.submit(submission(bench, receipt: true), to: bench.name)
            let again = try await entry.submit(submission(bench, receipt: true), to: bench.name)
            guard case .accepted(let groups) = first.result, case .accepted(let repeated) = again.result else {
                Issue.record("\(first), \(again)")
                return
            }
            #expect(!groups[0].isDuplicate && repeated[0].isDuplicate && groups[0].ids == repeated[0].ids)
        }
    }
}
