import Command
import Queue

/// The real worker program, a lane full of deliveries, and nginx as their target.
struct DeliverRun: Sendable {
    let options: BenchOptions
    let postgres: BenchPostgres
    let nginx: BenchNginx
    let concurrency: Int

    private static let pause = Duration.milliseconds(1)
    /// Slower than this is no use to anybody.
    private static let leastRate = 500

    var contender: Contender {
        Contender(name: "Aventora, \(concurrency) at a time") { try await measure() }
    }

    private func measure() async throws -> [Reading] {
        try await AttemptRows.with(postgres) { rows in
            try await rows.clear()
            return try await BenchRedis.with(options) { redis in try await measure(redis, rows) }
        }
    }

    private func measure(_ redis: BenchRedis, _ rows: AttemptRows) async throws -> [Reading] {
        let client = QueueClient(redis: redis.client)
        let endpoints = BenchEndpoints(redis: redis, postgres: postgres, options: options)
        let draft: [String: any Sendable] = [
            "url": nginx.url, "operations": ["person.*"], "signing": "standard", "max_in_flight": concurrency,
        ]
        let endpoint = try await endpoints.make([draft])[0]
        let jobs = (0..<options.jobCount).map { _ in
            DeliveryJobs.make(to: endpoint, bodyBytes: DeliverBenchmark.bodyBytes, policy: DeliveryJobs.standardPolicy)
        }
        _ = try await client.pause(DeliveryJobs.queue)
        try await DeliveryJobs.enqueue(jobs, through: client)
        try await redis.settle()
        let worker = try await endpoints.startWorker(["WORKER_CONCURRENCY": "\(concurrency)"])
        do {
            let before = try await nginx.totals()
            let nginxBefore = try nginx.program.processorSeconds()
            let redisBefore = try await redis.processorSeconds()
            let postgresBefore = try postgres.processorSeconds()
            let workerBefore = try worker.processorSeconds()
            let seconds = try await drain(client, worker)
            let workerSeconds = try worker.processorSeconds() - workerBefore
            let redisSeconds = try await redis.processorSeconds() - redisBefore
            let postgresSeconds = try postgres.processorSeconds() - postgresBefore
            let nginxSeconds = try nginx.program.processorSeconds() - nginxBefore
            let after = try await nginx.totals()
            let lateCount = try await check(jobs, client, redis, rows)
            guard after.requests - before.requests == jobs.count + 1 else {
                throw BenchError("nginx got \(after.requests - before.requests - 1) requests for \(jobs.count) jobs")
            }
            await worker.stop()
            return [
                .rate(DeliverBenchmark.Group.rate, jobs.count, seconds),
                .processorTime(DeliverBenchmark.Group.workerTime, jobs.count, workerSeconds),
                .processorTime(DeliverBenchmark.Group.redisTime, jobs.count, redisSeconds),
                .processorTime(DeliverBenchmark.Group.nginxTime, jobs.count, nginxSeconds),
                .processorTime(DeliverBenchmark.Group.postgresTime, jobs.count, postgresSeconds),
                Reading(group: DeliverBenchmark.Group.late, unit: "", value: Double(lateCount)),
                Reading(
                    group: DeliverBenchmark.Group.connections, unit: "",
                    value: Double(after.connections - before.connections - 1)),
            ]
        } catch {
            await worker.kill()
            throw error
        }
    }

    /// From the word that the worker may begin to the last ack.
    @concurrent private func drain(_ client: QueueClient, _ worker: RunningProgram) async throws -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        let end = start + .seconds(60 + options.jobCount / Self.leastRate)
        _ = try await client.resume(DeliveryJobs.queue)
        while true {
            let done = Int(
                try await client.status(of: [DeliveryJobs.queue], nowMilliseconds: 0)[0].counters["done"] ?? 0)
            let now = clock.now
            if done >= options.jobCount { return (now - start).seconds }
            try worker.checkRuns()
            guard now < end else { throw BenchError("\(done) of \(options.jobCount) were delivered in time") }
            // Rarely while much is left, so that the looks cost nothing.
            try await clock.sleep(for: options.jobCount - done > 2_000 ? .milliseconds(20) : Self.pause)
        }
    }

    /// Each job has one attempt in the log, and nothing is left of it in the queue. How many rows Postgres was too slow for,
    /// so that they lie in Redis.
    private func check(
        _ jobs: [NewJob], _ client: QueueClient, _ redis: BenchRedis, _ rows: AttemptRows
    ) async throws -> Int {
        let late = try await AttemptRows.late(redis)
        let logged = Set(try await rows.deliveries("delivered") + late)
        guard logged == Set(jobs.map(\.id.description)) else {
            throw BenchError("\(logged.count) deliveries of \(jobs.count) are in the log when the last is acked")
        }
        let bytes = try await rows.bodyBytes()
        guard bytes == DeliverBenchmark.bodyBytes else { throw BenchError("the bodies have \(bytes) bytes") }
        let status = try await client.status(of: [DeliveryJobs.queue], nowMilliseconds: 0)[0]
        guard status.ready + status.running + status.due + status.dead == 0 else {
            throw BenchError("\(status.ready + status.running + status.due + status.dead) jobs are left")
        }
        return late.count
    }
}
