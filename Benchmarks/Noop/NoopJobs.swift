import Foundation
import Queue

/// The jobs of the noop benchmark, and how they get into the queue.
struct NoopJobs: Sendable {
    static let kind = "noop"
    static let queue: QueueName = "noop"

    let jobs: [NewJob]

    /// - Parameter firstDelayMilliseconds: until the first comes due, with one a millisecond after it; nil: all at once.
    init(count: Int, firstDelayMilliseconds: Int64? = nil) {
        let frame = #"{"payload":""}"#.utf8
        let filler = String(repeating: "x", count: NoopBenchmark.argumentBytes - frame.count)
        let arguments = Array(#"{"payload":"\#(filler)"}"#.utf8)
        let now = Int64(Date().timeIntervalSince1970 * 1_000)
        let policy = RetryPolicy(attempts: 3, delayMilliseconds: 5_000)
        jobs = (0..<count).map { number in
            NewJob(
                id: JobID(nowMilliseconds: now), kind: Self.kind, arguments: arguments, policy: policy,
                delayMilliseconds: firstDelayMilliseconds.map { $0 + Int64(number) } ?? 0)
        }
    }

    /// Enqueues jobs that come due from ten minutes on, one a millisecond.
    static func enqueueLater(_ count: Int, through client: QueueClient) async throws {
        for first in stride(from: 0, to: count, by: 10_000) {
            let share = NoopJobs(
                count: min(10_000, count - first), firstDelayMilliseconds: 600_000 + Int64(first))
            _ = try await share.enqueue(through: client, share: 1_000)
        }
    }

    /// Enqueues all of them, one trip after the other, each with `share` jobs; answers the seconds that it took.
    @concurrent func enqueue(through client: QueueClient, share: Int) async throws -> Double {
        try await ContinuousClock().measure {
            for first in stride(from: 0, to: jobs.count, by: share) {
                try await client.enqueue(Array(jobs[first..<min(first + share, jobs.count)]), to: Self.queue)
            }
        }.seconds
    }
}

/// How fast one caller enqueues jobs one by one.
struct NoopEnqueue: Sendable {
    let options: BenchOptions

    var contender: Contender {
        Contender(name: "Aventora") {
            let jobs = NoopJobs(count: max(1, options.jobCount / NoopBenchmark.aloneShare))
            let seconds = try await BenchRedis.with(options) { redis in
                try await jobs.enqueue(through: QueueClient(redis: redis.client), share: 1)
            }
            return [.rate(NoopBenchmark.Group.enqueueAlone, jobs.jobs.count, seconds)]
        }
    }
}
