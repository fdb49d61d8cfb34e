import Queue

/// One idle worker process of ours, and this process that enqueues at a fixed pace.
struct PickupRun: Sendable {
    let options: BenchOptions
    let jobCount: Int

    var contender: Contender {
        Contender(name: "Aventora") {
            try await BenchRedis.with(options) { redis in
                let worker = try await StampedWorkerCommand.start(
                    redis, options, jobCount: jobCount, clock: .monotonic,
                    limit: .seconds(60 + jobCount / PickupBenchmark.rate))
                let pace = StampedPace(
                    client: QueueClient(redis: redis.client), jobCount: jobCount, rate: PickupBenchmark.rate)
                let delays = try await pace.run(worker, options)
                return Percentiles(nanoseconds: delays).readings(PickupBenchmark.wait)
            }
        }
    }
}
