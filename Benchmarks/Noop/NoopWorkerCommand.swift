// The worker's side of the noop benchmark, in a process of its own as in production, so that it shares neither thread
// nor connection with who fills the queue. It ends when the last ack is in Redis.

import ArgumentParser
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

        let clock = ContinuousClock()
        let processorBefore = ProcessorTime.seconds
        let start = clock.now
        let working = Task { try await worker.run() }
        await ran.waitUntilFull()
        while try await acknowledged(client) < jobs { try await clock.sleep(for: Self.pause) }
        let seconds = (clock.now - start).seconds
        let processorSeconds = ProcessorTime.seconds - processorBefore

        working.cancel()
        try await working.value
        await redis.shutdown()
        try NoopResult(seconds: seconds, processorSeconds: processorSeconds, ids: ran.ids).write(to: output)
    }

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
