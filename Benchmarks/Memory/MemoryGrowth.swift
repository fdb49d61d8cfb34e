import Queue

/// Whether a worker and Redis grow with the jobs that have gone through.
struct MemoryGrowth: Sendable {
    let options: BenchOptions

    /// How many may wait meanwhile.
    private static let most = 20_000
    private static let limit = Duration.seconds(120)

    /// The jobs after which is looked for the first time: by then every buffer has had its size.
    static func early(_ options: BenchOptions) -> Int { options.million / 5 }

    var contender: Contender {
        Contender(name: "engine, jobs through it") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let client = QueueClient(redis: redis.client)
            let worker = try await MemoryWorkerCommand.start(redis, options, concurrency: options.concurrency)
            do {
                let early = Self.early(options)
                try await send(early, from: 0, client, worker)
                let first = try await look(redis, worker, MemoryBenchmark.early)
                try await send(options.million - early, from: early, client, worker)
                let second = try await look(redis, worker, MemoryBenchmark.late)
                await worker.kill()
                return first + second
            } catch {
                await worker.kill()
                throw error
            }
        }
    }

    /// Enqueues so many more and waits until all are done.
    @concurrent private func send(
        _ count: Int, from done: Int, _ client: QueueClient, _ worker: RunningProgram
    ) async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.limit
        var sent = 0
        while true {
            let status = try await client.status(of: [NoopJobs.queue], nowMilliseconds: 0)[0]
            let finished = Int(status.counters["done"] ?? 0)
            if finished == done + count { return }
            try worker.checkRuns()
            guard clock.now < end else { throw BenchError("\(finished) of \(done + count) jobs within \(Self.limit)") }
            if sent < count, status.ready < Self.most {
                let share = min(5_000, count - sent)
                _ = try await NoopJobs(count: share).enqueue(through: client, share: 1_000)
                sent += share
            } else {
                try await clock.sleep(for: .milliseconds(5))
            }
        }
    }

    private func look(
        _ redis: BenchRedis, _ worker: RunningProgram, _ contender: String
    ) async throws -> [Reading] {
        // A heartbeat's time, so that nothing is under way.
        try await ContinuousClock().sleep(for: .seconds(4))
        let used = try await redis.usedBytes()
        return try MemoryRun.readings(worker, contender) + [
            .memory(MemoryBenchmark.Group.redis, contender, bytes: used)
        ]
    }
}
