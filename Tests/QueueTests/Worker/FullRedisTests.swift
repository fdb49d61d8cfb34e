import Command
import Foundation
import Logging
import Redis
import TestKit
import Testing

@testable import Queue

/// A Redis that has reached its `maxmemory` and evicts nothing. Only workers can empty it, so it has to let them.
@Suite(.timeLimit(.minutes(1)))
struct FullRedisTests {
    /// A Redis of the test's own: its limit is everybody's.
    private func withRedis(_ body: (RedisClient, RedisConfiguration) async throws -> Void) async throws {
        var options = PrivateRedis.Options(directory: TestFolders.make("full-redis"))
        options.durability = .never
        let server = try await PrivateRedis.start(options)
        let configuration = try RedisConfiguration(url: server.url)
        let client = RedisClient(configuration: configuration, name: "test")
        let result: Result<Void, any Error>
        do { result = .success(try await body(client, configuration)) } catch { result = .failure(error) }
        await client.shutdown()
        try await server.destroy()
        try result.get()
    }

    private func fill(_ redis: RedisClient) async throws {
        let reply = try await redis.run(RedisCommand("CONFIG", arguments: ["SET", "maxmemory", "1"]))
        #expect(reply == .status("OK"))
    }

    private func job(lane: String = "", delay: Int64 = 0) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: Array("{}".utf8),
            policy: RetryPolicy(attempts: 3, delayMilliseconds: 20), lane: lane, delayMilliseconds: delay)
    }

    /// Where the jobs wait when the memory runs out.
    enum Place: CaseIterable { case ready, due, lane, laneDue }

    @Test(arguments: Place.allCases)
    func workersEmptyIt(place: Place) async throws {
        try await withRedis { redis, configuration in
            let queue: QueueName = "test"
            let client = QueueClient(redis: redis)
            let lane = place == .lane || place == .laneDue ? "lane" : ""
            let delay: Int64 = place == .due || place == .laneDue ? 1 : 0
            let jobs = (0..<20).map { _ in job(lane: lane, delay: delay) }
            try await client.enqueue(jobs, to: queue)
            try await fill(redis)
            // Nothing more comes in.
            await #expect(throws: QueueError.self) { try await client.enqueue([job()], to: queue) }
            let done = TestSignal<JobID>()
            let handler = JobHandler(kind: "kind") { job in
                // Fails once, so that it becomes due; keeps once, which alone is what its trip then carries.
                try await job.keep(arguments: Array(#"{"kept":true}"#.utf8))
                guard job.attempt > 1 else { return .retry(reason: "again") }
                done.send(job.id)
                return .done()
            }
            let worker = JobWorker(
                configuration: configuration, options: WorkerOptions(name: "w", queues: [queue]),
                registry: JobRegistry([handler]),
                logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
            let run = Task { try await worker.run() }
            let ended = await withTaskGroup(of: [JobID].self) { group in
                group.addTask { await done.next(jobs.count) }
                group.addTask {
                    // A bound, not a wait: without it a worker that stands still holds the test for its minute.
                    do { try await Task.sleep(for: .seconds(10)) } catch { return [] }
                    return []
                }
                defer { group.cancelAll() }
                return await group.next() ?? []
            }
            run.cancel()
            try await run.value
            #expect(Set(ended) == Set(jobs.map(\.id)), "\(ended.count) of \(jobs.count) ended")
        }
    }

    @Test func aDeadWorkersJobsGoBackAndTheLivingKeepTheirs() async throws {
        try await withRedis { redis, _ in
            let keys = Keys(namespace: "aj", queue: "test")
            try await QueueClient(redis: redis).enqueue([job()], to: "test")
            let trips = { (worker: String) in
                WorkTrips(
                    redis: redis, keys: [keys], queues: ["test"], worker: worker, scriptTimeMilliseconds: 1_000)
            }
            let haul = try await trips("dead").make([.init(queue: 0, want: 1)], settlements: [[]])[0]
            #expect(haul.jobs.count == 1)
            try await fill(redis)
            let common = CommonKeys(namespace: "aj")
            var expired: String?
            // The beats go on; the lease runs out at the one that comes 9 s later.
            for time in stride(from: Int64(1_000), through: 13_000, by: 3_000) {
                var beat = RedisCommand(
                    script: Scripts.beat,
                    keys: [
                        common.workers, common.descriptions, common.clock, common.quiet, keys.leases, keys.cancels,
                        keys.claims(of: "alive"),
                    ])
                beat.append(time)
                for argument in ["alive", "{}", "9000", "3600000", "1"] { beat.append(argument) }
                expired = try await redis.run(beat).arrayValue?[1].string
            }
            #expect(expired == "dead")
            var reap = RedisCommand(script: Scripts.reap, keys: keys.all + [keys.claims(of: "dead")])
            for argument in ["13000", "dead", "9000", "500", "3"] { reap.append(argument) }
            #expect(try await redis.run(reap) == .array([.integer(1), .integer(0), .integer(0)]))
        }
    }
}
