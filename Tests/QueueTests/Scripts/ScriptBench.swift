import Redis
import TestKit
import Testing

@testable import Queue

/// One test's queue on the shared Redis, with the scripts at a time that the test sets.
final class ScriptBench: Sendable {
    let redis: RedisClient
    let namespace = TestRedis.makeNamespace()
    let queue: QueueName = "test"
    let keys: Keys

    init() async throws {
        redis = RedisClient(configuration: try await TestRedis.configuration(), name: "test")
        keys = Keys(namespace: namespace, queue: queue)
    }

    func client(at milliseconds: Int64 = 0) -> QueueClient {
        QueueClient(redis: redis, namespace: namespace, scriptTimeMilliseconds: milliseconds)
    }

    func job(
        _ arguments: String = "{}", attempts: Int = 3, delayMilliseconds: Int64 = 0, lane: String = ""
    ) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: Array(arguments.utf8),
            policy: RetryPolicy(attempts: attempts, delayMilliseconds: 5_000), lane: lane,
            delayMilliseconds: delayMilliseconds)
    }

    /// One trip of a worker at a time of the test's choice.
    func trip(
        _ worker: String = "w1", want: Int = 0, settling settlements: [Settlement] = [], at milliseconds: Int64 = 1_000,
        mostDead: Int = Limits.maximumDead
    ) async throws -> WorkTrips.Haul {
        let trips = WorkTrips(
            redis: redis, keys: [keys], queues: [queue], worker: worker, scriptTimeMilliseconds: milliseconds,
            maximumDead: mostDead)
        return try await trips.make([.init(queue: 0, want: want)], settlements: [settlements])[0]
    }

    func reply(_ name: String, _ arguments: String...) async throws -> RedisReply {
        try await redis.run(RedisCommand(name, arguments: arguments))
    }

    func list(_ key: String) async throws -> [String] {
        try await reply("LRANGE", key, "0", "-1").arrayValue?.compactMap(\.string) ?? []
    }

    func counter(_ name: String) async throws -> Int64 {
        try await reply("HGET", keys.counters, name).integerValue ?? 0
    }

    /// Everything that the queue holds of jobs, to compare before and after.
    func snapshot() async throws -> [RedisReply] {
        try await redis.run([
            RedisCommand("LRANGE", arguments: [keys.ready, "0", "-1"]), RedisCommand("HGETALL", arguments: [keys.jobs]),
            RedisCommand("ZRANGE", arguments: [keys.due, "0", "-1", "WITHSCORES"]),
            RedisCommand("ZRANGE", arguments: [keys.dead, "0", "-1", "WITHSCORES"]),
            RedisCommand("HGETALL", arguments: [keys.errors]),
            RedisCommand("HGETALL", arguments: [keys.claims(of: "w1")]),
        ])
    }
}
