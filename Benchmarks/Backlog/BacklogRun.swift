// Three processes share the machine here: the worker, Redis, and this one, which replaces what the worker takes. So the
// rate is lower than noop's; what is compared is the same work at different lengths.

import Command
import Queue
import Redis

/// A drain of a queue that is kept at one length.
struct BacklogRun: Sendable {
    let options: BenchOptions
    let waitingCount: Int

    private static let share = 1_000
    private static let readyKey = "aj:{\(NoopJobs.queue)}:ready"

    var contender: Contender {
        Contender(name: "\(FigureText.make(Double(waitingCount))) waiting") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        try await BenchRedis.with(options) { redis in
            let client = QueueClient(redis: redis.client)
            var enqueued: [JobID] = []
            while enqueued.count < waitingCount + Self.share { enqueued += try await enqueueShare(client) }
            try await redis.settle()
            let redisBefore = try await redis.processorSeconds()
            let worker = try await NoopWorkerCommand.start(
                redis, options, jobCount: options.jobCount, concurrency: options.concurrency)
            let fewest: Int
            do {
                let (ids, least) = try await refill(client, redis.client, while: worker)
                enqueued += ids
                fewest = least
            } catch {
                await worker.kill()
                throw error
            }
            try await worker.waitUntilDone()
            let redisSeconds = try await redis.processorSeconds() - redisBefore
            let result = try NoopWorkerCommand.takeResult(options)
            try await check(result, enqueued, client)
            return [
                .rate(BacklogBenchmark.Group.drain, result.acknowledged, result.seconds),
                .processorTime(
                    BacklogBenchmark.Group.workerTime, result.acknowledged, result.processorSeconds),
                .processorTime(BacklogBenchmark.Group.redisTime, result.ids.count, redisSeconds),
                Reading(group: BacklogBenchmark.Group.waiting, unit: "jobs", value: Double(fewest)),
            ]
        }
    }

    private func enqueueShare(_ client: QueueClient) async throws -> [JobID] {
        let jobs = NoopJobs(count: Self.share)
        _ = try await jobs.enqueue(through: client, share: Self.share)
        return jobs.jobs.map(\.id)
    }

    /// Tops the queue up until the worker has ended; answers what was enqueued and how short the queue became while the
    /// worker was at work.
    @concurrent private func refill(
        _ client: QueueClient, _ redis: RedisClient, while worker: RunningProgram
    ) async throws -> (ids: [JobID], fewest: Int) {
        let clock = ContinuousClock()
        var ids: [JobID] = []
        var fewest = Int.max
        while worker.process.exit == nil {
            let reply = try await redis.run(RedisCommand("LLEN", arguments: [Self.readyKey]))
            let waiting = Int(reply.integerValue ?? 0)
            fewest = min(fewest, waiting)
            if waiting < waitingCount + Self.share {
                ids += try await enqueueShare(client)
            } else {
                try await clock.sleep(for: .microseconds(200))
            }
        }
        return (ids, fewest)
    }

    /// What ran was enqueued, and ran once; what did not run still waits.
    private func check(_ result: NoopResult, _ enqueued: [JobID], _ client: QueueClient) async throws {
        let status = try await client.status(of: [NoopJobs.queue], nowMilliseconds: 0)[0]
        let done = Int(status.counters["done"] ?? 0)
        let ran = Set(result.ids)
        guard ran.count == result.ids.count, ran.isSubset(of: enqueued), done == ran.count,
            status.ready == enqueued.count - done, status.running + status.due + status.dead == 0
        else {
            throw BenchError(
                "\(result.ids.count) runs of \(ran.count) jobs, \(done) acked, \(status.ready) left of \(enqueued.count)"
            )
        }
    }
}
