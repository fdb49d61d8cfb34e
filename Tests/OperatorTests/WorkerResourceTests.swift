import Queue
import Redis
import TestKit
import Testing

@testable import Operator

@Suite(.timeLimit(.minutes(1)))
struct WorkerResourceTests {
    @Test(arguments: [
        (0 as Int64, false, "working"), (8_000, false, "working"), (60_000, false, "silent"), (0, true, "quiet"),
        (60_000, true, "silent"),
    ])
    func stateIsWhatMattersMost(age: Int64, isQuiet: Bool, state: String) async throws {
        let bench = try await OperatorBench()
        let time = try await bench.redis.run(RedisCommand("TIME")).arrayValue?.first?.integerValue ?? 0
        _ = try await bench.redis.run([
            RedisCommand(
                "ZADD", arguments: ["\(bench.namespace):workers", "\(time * 1_000 - age)", "w"])
        ])
        if isQuiet {
            _ = try await bench.redis.run(RedisCommand("SADD", arguments: ["\(bench.namespace):workers:quiet", "w"]))
        }
        let worker = try #require(try await bench.queueDesk.workers().first)
        #expect(worker.state == state && worker.quiet == isQuiet)
    }

    @Test(arguments: [
        (#"{"version":"1.2","concurrency":9,"queues":["crm"]}"#, "1.2", 9 as Int64?, ["crm"]), ("", nil, nil, []),
        ("{", nil, nil, []), ("7", nil, nil, []),
        (#"{"version":7,"concurrency":"x","queues":[7,"a"]}"#, nil, nil, ["a"]),
    ])
    func whatCannotBeReadIsAbsent(
        description: String, version: String?, concurrency: Int64?, queues: [String]
    ) async throws {
        let bench = try await OperatorBench()
        _ = try await bench.redis.run([
            RedisCommand("ZADD", arguments: ["\(bench.namespace):workers", "1", "w"]),
            RedisCommand("HSET", arguments: ["\(bench.namespace):workers:info", "w", description]),
        ])
        let worker = try #require(try await bench.queueDesk.workers().first)
        #expect(worker.version == version && worker.concurrency == concurrency && worker.queues == queues)
        let json = try bench.json(worker)
        #expect(json.contains(version == nil ? #""version":null"# : #""version":"1.2""#))
    }
}
