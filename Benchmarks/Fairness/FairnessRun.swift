import Queue

/// One worker with the usual settings: lanes take turns, and of one lane 64 jobs run at a time.
struct FairnessRun: Sendable {
    let options: BenchOptions
    /// Jobs of the busy lane.
    let busyCount: Int

    private static let seconds = 8.0

    var contender: Contender {
        Contender(name: busyCount == 0 ? "alone" : "beside the busy lane") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        let jobCount = Int(options.seconds(Self.seconds)) * FairnessBenchmark.rate
        return try await BenchRedis.with(options) { redis in
            let client = QueueClient(redis: redis.client)
            for first in stride(from: 0, to: busyCount, by: 1_000) {
                let jobs = (first..<min(first + 1_000, busyCount)).map { _ in
                    StampedJob.make(stamp: StampedJob.slow, lane: "busy")
                }
                try await client.enqueue(jobs, to: StampedJob.queue)
            }
            try await redis.settle()
            let worker = try await StampedWorkerCommand.start(
                redis, options, jobCount: jobCount, clock: .monotonic, limit: .seconds(120))
            let clock = ContinuousClock()
            let start = clock.now
            let pace = StampedPace(client: client, jobCount: jobCount, rate: FairnessBenchmark.rate) { number in
                "lane-\(number * 7 % FairnessBenchmark.laneCount)"
            }
            let delays = try await pace.run(worker, options)
            let seconds = (clock.now - start).seconds
            let status = try await client.status(of: [StampedJob.queue], nowMilliseconds: 0)[0]
            let busy = Int(status.counters["done"] ?? 0) - jobCount - 1
            return Percentiles(nanoseconds: delays).readings(FairnessBenchmark.Group.wait) + [
                Reading(group: FairnessBenchmark.Group.busy, unit: "per s", value: Double(busy) / seconds)
            ]
        }
    }
}
