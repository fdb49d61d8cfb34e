import Queue

/// One drain: a queue filled by this process, and emptied by a worker process that starts when all is there.
struct NoopRun: Sendable {
    let options: BenchOptions
    let concurrency: Int
    /// Jobs of the same queue that come due long after the drain.
    var laterCount = 0

    /// What a drain found.
    struct Outcome: Sendable {
        let enqueueSeconds: Double
        let drain: NoopResult
        let redisSeconds: Double
    }

    var contender: Contender {
        Contender(name: "Aventora, \(concurrency) at a time") {
            let outcome = try await measure()
            var enqueued = Reading.rate(
                NoopBenchmark.Group.enqueueMany, options.jobCount, outcome.enqueueSeconds)
            enqueued.contender = "Aventora"
            return [
                .rate(NoopBenchmark.Group.drain, options.jobCount, outcome.drain.seconds), enqueued,
                .processorTime(NoopBenchmark.Group.workerTime, options.jobCount, outcome.drain.processorSeconds),
                .processorTime(NoopBenchmark.Group.redisTime, options.jobCount, outcome.redisSeconds),
            ]
        }
    }

    func measure() async throws -> Outcome {
        let jobs = NoopJobs(count: options.jobCount)
        return try await BenchRedis.with(options) { redis in
            let client = QueueClient(redis: redis.client)
            try await NoopJobs.enqueueLater(laterCount, through: client)
            let enqueueSeconds = try await jobs.enqueue(through: client, share: 1_000)
            try await redis.settle()
            let redisBefore = try await redis.processorSeconds()
            let worker = try await NoopWorkerCommand.start(
                redis, options, jobCount: options.jobCount, concurrency: concurrency)
            try await worker.waitUntilDone()
            let drain = try NoopWorkerCommand.takeResult(options)
            let redisSeconds = try await redis.processorSeconds() - redisBefore
            try await check(client)
            try check(drain, against: jobs)
            return Outcome(enqueueSeconds: enqueueSeconds, drain: drain, redisSeconds: redisSeconds)
        }
    }

    /// Every job ran, and once.
    private func check(_ result: NoopResult, against jobs: NoopJobs) throws {
        let ran = Set(result.ids)
        guard result.ids.count == options.jobCount, ran == Set(jobs.jobs.map(\.id)) else {
            throw BenchError("\(result.ids.count) runs of \(ran.count) jobs, of \(options.jobCount) enqueued")
        }
    }

    /// Every job is settled in Redis, and nothing is left of it.
    private func check(_ client: QueueClient) async throws {
        let status = try await client.status(of: [NoopJobs.queue], nowMilliseconds: 0)[0]
        let done = status.counters["done"] ?? 0
        guard done == Int64(options.jobCount), status.due == laterCount,
            status.ready + status.running + status.dead == 0
        else {
            throw BenchError(
                "\(done) of \(options.jobCount) acked; \(status.ready) ready, \(status.running) running left")
        }
    }
}
