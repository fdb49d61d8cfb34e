import Command
import Foundation
import Queue

/// One drain: a queue filled by this process, and emptied by a worker process that starts when all is there.
struct NoopRun: Sendable {
    let options: BenchOptions
    let concurrency: Int

    var contender: Contender {
        Contender(name: "Aventora, \(concurrency) at a time") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        let jobs = NoopJobs(count: options.jobCount)
        return try await BenchRedis.with(options) { redis in
            let client = QueueClient(redis: redis.client)
            let enqueueSeconds = try await jobs.enqueue(through: client, share: 1_000)
            try await redis.settle()
            let redisBefore = try await redis.processorSeconds()
            let result = try await drain(redis)
            let redisSeconds = try await redis.processorSeconds() - redisBefore
            try await check(client)
            try check(result, against: jobs)
            var enqueued = Reading.rate(NoopBenchmark.Group.enqueueMany, options.jobCount, enqueueSeconds)
            enqueued.contender = "Aventora"
            return [
                .rate(NoopBenchmark.Group.drain, options.jobCount, result.seconds),
                enqueued,
                .processorTime(NoopBenchmark.Group.workerTime, options.jobCount, result.processorSeconds),
                .processorTime(NoopBenchmark.Group.redisTime, options.jobCount, redisSeconds),
            ]
        }
    }

    private func drain(_ redis: BenchRedis) async throws -> NoopResult {
        let output = "\(options.directory)/noop-worker"
        let worker = try ProgramRun(
            try ProgramRun.ownPath(),
            [
                NoopWorkerCommand.name, "--jobs", "\(options.jobCount)", "--concurrency", "\(concurrency)",
                "--output", output,
            ],
            environment: [BenchWorker.urlVariable: redis.server.url],
            limit: .seconds(60 + options.jobCount / 500),
            log: output + ".log")
        try await worker.run()
        defer { NoopResult.remove(output) }
        return try NoopResult(path: output)
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
        guard done == Int64(options.jobCount), status.ready + status.due + status.running + status.dead == 0 else {
            throw BenchError(
                "\(done) of \(options.jobCount) acked; \(status.ready) ready, \(status.running) running left")
        }
    }
}
