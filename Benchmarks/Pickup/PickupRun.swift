import Queue

/// One idle worker process of ours, and this process that enqueues at a fixed pace.
struct PickupRun: Sendable {
    let options: BenchOptions
    let jobCount: Int

    /// After the job that shows that the worker works: it goes to sleep.
    private static let pause = Duration.milliseconds(500)
    private static let startLimit = Duration.seconds(20)

    var contender: Contender {
        Contender(name: "Aventora") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let client = QueueClient(redis: redis.client)
            let limit = Duration.seconds(60 + jobCount / PickupBenchmark.rate)
            let worker = try await StampedWorkerCommand.start(
                redis, options, jobCount: jobCount, clock: .monotonic, limit: limit)
            do {
                try await client.enqueue([StampedJob.make(stamp: 0)], to: StampedJob.queue)
                try await waitForFirst(client, worker)
                let ids = try await pace(client)
                try await worker.waitUntilDone()
                let result = try StampedResult(taking: StampedWorkerCommand.path(options))
                try result.check(against: ids)
                return Percentiles(nanoseconds: result.delayNanoseconds).readings(PickupBenchmark.wait)
            } catch {
                await worker.kill()
                throw error
            }
        }
    }

    private func waitForFirst(_ client: QueueClient, _ worker: RunningProgram) async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.startLimit
        while try await client.status(of: [StampedJob.queue], nowMilliseconds: 0)[0].counters["done"] != 1 {
            try worker.checkRuns()
            guard clock.now < end else { throw BenchError("the worker did not run its first job") }
            try await clock.sleep(for: .milliseconds(10))
        }
        try await clock.sleep(for: Self.pause)
    }

    /// Each job in a task of its own, so that a slow one does not put off the next: an open loop.
    @concurrent private func pace(_ client: QueueClient) async throws -> [JobID] {
        let clock = ContinuousClock()
        let start = clock.now
        return try await withThrowingTaskGroup(of: JobID.self) { group in
            for number in 0..<jobCount {
                let due = start + .seconds(Double(number) / Double(PickupBenchmark.rate))
                try await clock.sleep(until: due, tolerance: .zero)
                group.addTask {
                    let job = StampedJob.make(stamp: StampClock.monotonic.nanoseconds)
                    try await client.enqueue([job], to: StampedJob.queue)
                    return job.id
                }
            }
            var ids: [JobID] = []
            for try await id in group { ids.append(id) }
            return ids
        }
    }
}
