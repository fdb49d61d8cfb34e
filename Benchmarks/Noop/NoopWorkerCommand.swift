// The worker's side of the noop benchmark, in a process of its own as in production, so that it shares neither thread
// nor connection with who fills the queue. It ends when the last ack is in Redis.

import ArgumentParser
import Command
import Foundation
import Queue
import Redis
import Synchronization

/// Drains the queue that `REDIS_URL` leads to and writes what it saw to a file.
struct NoopWorkerCommand: AsyncParsableCommand {
    static let name = "noop-worker"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "The worker of the noop benchmark; started by it.", shouldDisplay: false)

    @Option var jobs: Int
    @Option var concurrency: Int
    @Option var output: String

    /// Between two looks at the count of acks, once every job has run: it adds this much to a drain at most.
    private static let pause = Duration.milliseconds(1)

    @concurrent func run() async throws {
        let redis = RedisClient(configuration: try BenchWorker.redisConfiguration(), name: "bench-watch")
        let client = QueueClient(redis: redis)
        // The connection is made before the clock runs.
        try await client.ping()

        let ran = RunRecord(expected: jobs)
        let handler = JobHandler(kind: NoopJobs.kind) { job in
            ran.add(job.id)
            return .done()
        }
        let worker = try BenchWorker.make(
            name: "noop-\(getpid())", queue: NoopJobs.queue, concurrency: concurrency, handler: handler)

        let result = try await BenchWorker.run(worker) { try await watch(ran, client) }
        await redis.shutdown()
        try NoopResult(
            seconds: result.seconds, processorSeconds: result.processorSeconds, acknowledged: result.acknowledged,
            ids: ran.ids
        ).write(to: output)
    }

    /// The clock runs from here to the last ack.
    private func watch(_ ran: RunRecord, _ client: QueueClient) async throws -> NoopResult {
        let clock = ContinuousClock()
        let processorBefore = ProcessorTime.seconds
        let start = clock.now
        await ran.waitUntilFull()
        var count = try await acknowledged(client)
        while count < jobs {
            try await clock.sleep(for: Self.pause)
            count = try await acknowledged(client)
        }
        return NoopResult(
            seconds: (clock.now - start).seconds, processorSeconds: ProcessorTime.seconds - processorBefore,
            acknowledged: count, ids: [])
    }

    /// Starts one.
    static func start(
        _ redis: BenchRedis, _ options: BenchOptions, jobCount: Int, concurrency: Int
    ) async throws -> RunningProgram {
        let output = path(options)
        return try await ProgramRun(
            try ProgramRun.ownPath(),
            [name, "--jobs", "\(jobCount)", "--concurrency", "\(concurrency)", "--output", output],
            environment: [BenchWorker.urlVariable: redis.server.url],
            limit: .seconds(60 + jobCount / 500),
            log: output + ".log"
        ).start()
    }

    /// What it has seen; its files are removed.
    static func takeResult(_ options: BenchOptions) throws -> NoopResult {
        defer { NoopResult.remove(path(options)) }
        return try NoopResult(path: path(options))
    }

    private static func path(_ options: BenchOptions) -> String { "\(options.directory)/noop-worker" }

    private func acknowledged(_ client: QueueClient) async throws -> Int {
        Int(try await client.status(of: [NoopJobs.queue], nowMilliseconds: 0)[0].counters["done"] ?? 0)
    }
}

/// The jobs that ran, in order. Adding one takes a lock for some nanoseconds.
private final class RunRecord: Sendable {
    private let ran: Mutex<[JobID]>
    private let expected: Int
    private let full: AsyncStream<Void>
    private let filler: AsyncStream<Void>.Continuation

    init(expected: Int) {
        self.expected = expected
        (full, filler) = AsyncStream.makeStream()
        var ids: [JobID] = []
        ids.reserveCapacity(expected)
        ran = Mutex(ids)
    }

    var ids: [JobID] { ran.withLock { $0 } }

    func add(_ id: JobID) {
        let count = ran.withLock { ids in
            ids.append(id)
            return ids.count
        }
        if count == expected { filler.finish() }
    }

    func waitUntilFull() async { for await _ in full {} }
}
