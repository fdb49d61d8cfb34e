import Basics
import Queue
import Redis
import TestKit

@testable import Operator

/// One test's queues on the shared Redis.
final class OperatorBench: Sendable {
    let redis: RedisClient
    let namespace = TestRedis.makeNamespace()

    init() async throws {
        redis = RedisClient(configuration: try await TestRedis.configuration(), name: "test")
    }

    func client(at milliseconds: Int64 = 0) -> QueueClient {
        QueueClient(redis: redis, namespace: namespace, scriptTimeMilliseconds: milliseconds)
    }

    func queueDesk(at milliseconds: Int64) -> QueueDesk {
        QueueDesk(queue: client(at: milliseconds), clock: FixedClock(milliseconds: milliseconds))
    }

    var queueDesk: QueueDesk { queueDesk(at: 1_000_000) }

    func enqueue(
        _ count: Int, to queue: QueueName, at milliseconds: Int64, kind: String = "kind", lane: String = ""
    ) async throws {
        let jobs = (0..<count).map { _ in
            NewJob(
                id: JobID(nowMilliseconds: milliseconds), kind: kind, arguments: Array("{}".utf8),
                policy: RetryPolicy(attempts: 3, delayMilliseconds: 5_000), lane: lane)
        }
        try await client(at: milliseconds).enqueue(jobs, to: queue)
    }

    /// The jobs of a queue that are in line, lanes not counted, or else all that it holds.
    func ids(_ queue: QueueName) async throws -> [JobID] {
        let replies = try await redis.run([
            RedisCommand("LRANGE", arguments: ["\(namespace):{\(queue)}:ready", "0", "-1"]),
            RedisCommand("HKEYS", arguments: ["\(namespace):{\(queue)}:jobs"]),
        ])
        let lists = replies.map { ($0.arrayValue ?? []).compactMap { $0.string.flatMap { JobID($0) } } }
        return lists[0].isEmpty ? lists[1] : lists[0]
    }

    /// As if so many jobs at the head had run.
    func finish(_ count: Int, in queue: QueueName) async throws {
        _ = try await redis.run([
            RedisCommand("LPOP", arguments: ["\(namespace):{\(queue)}:ready", "\(count)"]),
            RedisCommand("HINCRBY", arguments: ["\(namespace):{\(queue)}:counters", "done", "\(count)"]),
        ])
    }

    /// Puts jobs into the dead set, the first at `milliseconds`, then one each second.
    @discardableResult
    func bury(
        _ count: Int, in queue: QueueName, at milliseconds: Int64, kind: String = "kind", lane: String = "",
        reason: String = "it broke"
    ) async throws -> [JobID] {
        let prefix = "\(namespace):{\(queue)}:"
        var ids: [JobID] = []
        for index in 0..<count {
            let id = JobID(nowMilliseconds: milliseconds)
            let time = "\(milliseconds + Int64(index) * 1_000)"
            let header = "1 \(kind) 3x5000 3 0 0" + (lane.isEmpty ? "" : " " + lane)
            _ = try await redis.run([
                RedisCommand("ZADD", arguments: [prefix + "dead", time, id.description]),
                RedisCommand("HSET", arguments: [prefix + "jobs", id.description, header + "\n{}"]),
                RedisCommand("HSET", arguments: [prefix + "errors", id.description, "\(time) \(reason)"]),
            ])
            ids.append(id)
        }
        return ids
    }

    func json(_ value: some Encodable) throws -> String {
        String(decoding: try ResourceJSON.encode(value), as: UTF8.self)
    }
}

struct FixedClock: WallClock {
    let milliseconds: Int64

    func nowMilliseconds() -> Int64 { milliseconds }
}
