import Command
import Queue

/// The measurements of ours that need one look.
enum MemoryRun {
    static let name = "Aventora"
    private static let runningCount = 10_000
    /// After it, a worker's start is over.
    private static let calm = Duration.seconds(4)

    /// The bytes that Redis takes for each of many waiting jobs.
    static func waiting(_ options: BenchOptions) -> Contender {
        Contender(name: name) {
            try await BenchRedis.with(options) { redis in
                let before = try await redis.usedBytes()
                let jobs = NoopJobs(count: options.jobCount)
                _ = try await jobs.enqueue(through: QueueClient(redis: redis.client), share: 1_000)
                let bytes = try await redis.usedBytes() - before
                return [
                    Reading(
                        group: MemoryBenchmark.Group.job, unit: "bytes", value: Double(bytes) / Double(options.jobCount)
                    )
                ]
            }
        }
    }

    /// The engine alone, with nothing to do.
    static func idleEngine(_ options: BenchOptions) -> Contender {
        Contender(name: "engine, idle") {
            try await BenchRedis.with(options) { redis in
                let worker = try await MemoryWorkerCommand.start(redis, options, concurrency: options.concurrency)
                return try await look(worker, "engine, idle")
            }
        }
    }

    /// The whole worker program as it is installed, with nothing to do.
    static func idleProgram(_ options: BenchOptions) -> Contender {
        Contender(name: MemoryBenchmark.idle) {
            try await BenchPostgres.with(options) { postgres in
                try await BenchRedis.with(options) { redis in
                    let port = try LoopbackPort.free()
                    let worker = try await BenchProgram.start(
                        "aventora-worker", redis, postgres, options, port: port,
                        ["METRICS_LISTEN": "127.0.0.1:\(port)"])
                    return try await look(worker, MemoryBenchmark.idle)
                }
            }
        }
    }

    /// A worker that runs as many jobs as it may.
    static func running(_ options: BenchOptions) -> Contender {
        Contender(name: MemoryBenchmark.running) {
            try await BenchRedis.with(options) { redis in
                let client = QueueClient(redis: redis.client)
                _ = try await NoopJobs(count: runningCount).enqueue(through: client, share: 1_000)
                let worker = try await MemoryWorkerCommand.start(
                    redis, options, concurrency: runningCount, holds: true)
                let readings = try await look(worker, MemoryBenchmark.running)
                let status = try await client.status(of: [NoopJobs.queue], nowMilliseconds: 0)[0]
                guard status.running == runningCount else { throw BenchError("only \(status.running) jobs ran") }
                return readings
            }
        }
    }

    static func readings(_ worker: RunningProgram, _ contender: String) throws -> [Reading] {
        [
            .memory(MemoryBenchmark.Group.worker, contender, bytes: try worker.residentBytes()),
            .memory(MemoryBenchmark.Group.anonymous, contender, bytes: try worker.anonymousBytes()),
        ]
    }

    /// Lets it come to rest, looks, and kills it.
    static func look(_ worker: RunningProgram, _ contender: String) async throws -> [Reading] {
        do {
            try await ContinuousClock().sleep(for: calm)
            try worker.checkRuns()
            let readings = try readings(worker, contender)
            await worker.kill()
            return readings
        } catch {
            await worker.kill()
            throw error
        }
    }
}

extension BenchRedis {
    /// What the server has taken for its data, in bytes: without the buffers of connections and of the append-only file.
    func usedBytes() async throws -> Int {
        try await settle()
        let fields = try await fields(of: "memory")
        let number = { (name: String) in fields[name].flatMap { Int($0) } ?? 0 }
        return number("used_memory") - number("mem_clients_normal") - number("mem_aof_buffer")
    }
}
