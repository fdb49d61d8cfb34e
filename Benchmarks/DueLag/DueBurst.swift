import Queue
import Redis

/// Very many jobs that come due in the same millisecond, for a worker that has nothing else to do.
struct DueBurst: Sendable {
    let options: BenchOptions

    private static let count = 100_000
    private static let dueKey = "aj:{\(StampedJob.queue)}:due"
    /// Scripts that take longer are remembered by Redis.
    private static let slowMicroseconds = 100
    private static let limit = Duration.seconds(30)

    var contender: Contender {
        Contender(name: "\(FigureText.make(Double(Self.count))) at once") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        let settings = ["slowlog-log-slower-than \(Self.slowMicroseconds)", "slowlog-max-len 100000"]
        return try await BenchRedis.with(options, settings: settings) { redis in
            let worker = try await StampedWorkerCommand.start(
                redis, options, jobCount: Self.count, clock: .realtime, limit: .seconds(120))
            do {
                let due = StampClock.realtime.nanoseconds / 1_000_000 + 5_000
                let ids = try await DueJobs.enqueue(Self.count, redis) { _ in due }
                _ = try await redis.client.run(RedisCommand("SLOWLOG", arguments: ["RESET"]))
                let seen = try await watch(redis, due: due)
                try await worker.waitUntilDone()
                let scripts = try await redis.client.run(RedisCommand("SLOWLOG", arguments: ["GET", "-1"]))
                let result = try StampedResult(taking: StampedWorkerCommand.path(options))
                try result.check(against: ids)
                let starts = Percentiles(nanoseconds: result.delayNanoseconds)
                return [
                    reading(DueLagBenchmark.Group.promotion, seen.promoted),
                    reading(DueLagBenchmark.Group.start, starts.most),
                    reading(DueLagBenchmark.Group.script, Self.longest(scripts)),
                    reading(DueLagBenchmark.Group.caller, seen.longestWait),
                ]
            } catch {
                await worker.kill()
                throw error
            }
        }
    }

    private func reading(_ group: String, _ milliseconds: Double) -> Reading {
        Reading(group: group, unit: "ms", value: milliseconds)
    }

    /// Asks from shortly before the time on, every other millisecond, how many are still due; answers when none was,
    /// and the longest time that Redis took for an answer.
    @concurrent private func watch(
        _ redis: BenchRedis, due: Int64
    ) async throws -> (promoted: Double, longestWait: Double) {
        let clock = ContinuousClock()
        let untilDue = due - StampClock.realtime.nanoseconds / 1_000_000
        guard untilDue > 200 else { throw BenchError("the jobs came due while they were being enqueued") }
        try await clock.sleep(for: .milliseconds(untilDue - 100))
        let end = clock.now + Self.limit
        var longest = 0.0
        while clock.now < end {
            let sent = clock.now
            let reply = try await redis.client.run(RedisCommand("ZCARD", arguments: [Self.dueKey]))
            longest = max(longest, (clock.now - sent).seconds * 1_000)
            if reply.integerValue == 0 {
                return (Double(StampClock.realtime.nanoseconds) / 1e6 - Double(due), longest)
            }
            try await clock.sleep(for: .milliseconds(2))
        }
        throw BenchError("not all jobs were ready \(Self.limit) after their time")
    }

    /// In ms. Each entry is its number, its time, what it took in µs, and the command.
    private static func longest(_ reply: RedisReply) -> Double {
        let entries = (reply.arrayValue ?? []).compactMap(\.arrayValue)
        let scripts = entries.filter { $0.count > 3 && $0[3].arrayValue?.first?.string == "EVALSHA" }
        let most = scripts.compactMap { $0[2].integerValue }.max()
        return Double(most ?? Int64(slowMicroseconds)) / 1_000
    }
}
