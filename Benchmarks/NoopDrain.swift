// One worker drains jobs that do nothing: what is left is the engine. The clock runs from the start of the worker to
// the last ack, and the ids that ran are compared with the ids that were enqueued.

import Foundation
import Logging
import Queue
import Redis
import Synchronization

struct NoopDrain {
    let configuration: RedisConfiguration
    let jobCount: Int
    let argumentBytes: Int
    let concurrency: Int

    struct Result {
        let enqueueSeconds: Double
        let drainSeconds: Double
    }

    struct Mismatch: Error, CustomStringConvertible {
        let description: String
    }

    func run() async throws -> Result {
        let redis = RedisClient(configuration: configuration, name: "bench")
        let namespace = "bench-\(UInt32.random(in: 0...(.max)))"
        let client = QueueClient(redis: redis, namespace: namespace)
        let queue: QueueName = "noop"
        let jobs = makeJobs()

        let clock = ContinuousClock()
        let enqueueing = try await clock.measure {
            for first in stride(from: 0, to: jobs.count, by: 1_000) {
                try await client.enqueue(Array(jobs[first..<min(first + 1_000, jobs.count)]), to: queue)
            }
        }

        let ran = Mutex<[JobID]>([])
        ran.withLock { $0.reserveCapacity(jobCount) }
        let (finished, signal) = AsyncStream<Void>.makeStream()
        let handler = JobHandler(kind: "noop") { [jobCount] job in
            let count = ran.withLock { ids in
                ids.append(job.id)
                return ids.count
            }
            if count == jobCount { signal.finish() }
            return .done()
        }
        let worker = JobWorker(
            configuration: configuration,
            options: WorkerOptions(
                name: "bench-\(namespace)", queues: [queue], concurrency: concurrency, namespace: namespace),
            registry: JobRegistry([handler]),
            logger: Logger(label: "bench", factory: { _ in SwiftLogNoOpLogHandler() }))
        let start = clock.now
        let working = Task { try await worker.run() }
        for await _ in finished {}
        while try await client.status(of: [queue], nowMilliseconds: 0)[0].counters["done"] != Int64(jobCount) {
            await Task.yield()
        }
        let drain = clock.now - start
        working.cancel()
        try await working.value
        let ids = ran.withLock { $0 }
        guard ids.count == jobCount, Set(ids) == Set(jobs.map(\.id)) else {
            throw Mismatch(description: "\(ids.count) runs of \(Set(ids).count) jobs, of \(jobCount) enqueued")
        }
        await redis.shutdown()
        return Result(enqueueSeconds: enqueueing.inSeconds, drainSeconds: drain.inSeconds)
    }

    private func makeJobs() -> [NewJob] {
        let frame = #"{"payload":""}"#
        let arguments = Array(
            (frame.dropLast(2) + String(repeating: "x", count: max(0, argumentBytes - frame.utf8.count)) + #""}"#).utf8)
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let policy = RetryPolicy(attempts: 3, delayMilliseconds: 5_000)
        return (0..<jobCount).map { _ in
            NewJob(id: JobID(nowMilliseconds: now), kind: "noop", arguments: arguments, policy: policy)
        }
    }
}

extension Duration {
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
