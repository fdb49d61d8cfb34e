import Queue

/// Jobs that come due one after the other for a worker that has nothing else to do, while very many more come due later.
struct DueLagRun: Sendable {
    let options: BenchOptions

    var contender: Contender {
        Contender(name: "Aventora") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        let count = Int(options.seconds(12)) * DueLagBenchmark.rate
        return try await BenchRedis.with(options) { redis in
            // The last first, so that nothing comes due while the rest is still being enqueued.
            let later = options.million - count
            for first in stride(from: 0, to: later, by: 1_000) {
                let jobs = (first..<min(first + 1_000, later)).map { number in
                    StampedJob.make(stamp: 0, delayMilliseconds: 600_000 + Int64(number))
                }
                try await QueueClient(redis: redis.client).enqueue(jobs, to: StampedJob.queue)
            }
            let worker = try await StampedWorkerCommand.start(
                redis, options, jobCount: count, clock: .realtime, limit: .seconds(120))
            do {
                let firstDue = StampClock.realtime.nanoseconds / 1_000_000 + 2_000
                let ids = try await DueJobs.enqueue(count, redis) {
                    firstDue + Int64($0) * 1_000 / Int64(DueLagBenchmark.rate)
                }
                try await worker.waitUntilDone()
                let result = try StampedResult(taking: StampedWorkerCommand.path(options))
                try result.check(against: ids)
                return Percentiles(nanoseconds: result.delayNanoseconds).readings(DueLagBenchmark.Group.lag)
            } catch {
                await worker.kill()
                throw error
            }
        }
    }
}

/// Stamped jobs with a time.
enum DueJobs {
    /// Enqueues them, stamped with their times; answers their ids.
    ///
    /// - Parameter due: Unix time in ms of each. The script is told the time from which the delay counts, so that this
    ///   time is exact.
    static func enqueue(
        _ count: Int, _ redis: BenchRedis, due: (Int) -> Int64
    ) async throws -> [JobID] {
        var ids: [JobID] = []
        for first in stride(from: 0, to: count, by: 1_000) {
            let now = StampClock.realtime.nanoseconds / 1_000_000
            let jobs = (first..<min(first + 1_000, count)).map { number in
                let time = due(number)
                return StampedJob.make(stamp: time * 1_000_000, delayMilliseconds: time - now)
            }
            let client = QueueClient(redis: redis.client, scriptTimeMilliseconds: now)
            try await client.enqueue(jobs, to: StampedJob.queue)
            ids += jobs.map(\.id)
        }
        return ids
    }
}
