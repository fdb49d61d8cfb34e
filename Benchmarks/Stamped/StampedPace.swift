import Command
import Queue

/// Enqueues stamped jobs at a fixed pace, for a worker in another process.
struct StampedPace: Sendable {
    let client: QueueClient
    let jobCount: Int
    /// Jobs a second.
    let rate: Int
    /// The lane of each; empty for none.
    var lane: @Sendable (Int) -> String = { _ in "" }

    /// After the job that shows that the worker works: it goes to sleep.
    private static let pause = Duration.milliseconds(500)
    private static let startLimit = Duration.seconds(20)

    /// Has a worker run one job, then the others; answers their waits once all have run.
    func run(_ worker: RunningProgram, _ options: BenchOptions) async throws -> [Int64] {
        do {
            try await client.enqueue([StampedJob.make(stamp: 0)], to: StampedJob.queue)
            try await waitForFirst(worker)
            let ids = try await pace()
            try await worker.waitUntilDone()
            let result = try StampedResult(taking: StampedWorkerCommand.path(options))
            try result.check(against: ids)
            return result.delayNanoseconds
        } catch {
            await worker.kill()
            throw error
        }
    }

    private func waitForFirst(_ worker: RunningProgram) async throws {
        let clock = ContinuousClock()
        let end = clock.now + Self.startLimit
        while try await client.status(of: [StampedJob.queue], nowMilliseconds: 0)[0].counters["done"] == nil {
            try worker.checkRuns()
            guard clock.now < end else { throw BenchError("the worker did not run its first job") }
            try await clock.sleep(for: .milliseconds(10))
        }
        try await clock.sleep(for: Self.pause)
    }

    /// Each job in a task of its own, so that a slow one does not put off the next: an open loop.
    @concurrent private func pace() async throws -> [JobID] {
        let clock = ContinuousClock()
        let start = clock.now
        return try await withThrowingTaskGroup(of: JobID.self) { group in
            for number in 0..<jobCount {
                try await clock.sleep(until: start + .seconds(Double(number) / Double(rate)), tolerance: .zero)
                group.addTask {
                    let job = StampedJob.make(stamp: StampClock.monotonic.nanoseconds, lane: lane(number))
                    try await client.enqueue([job], to: StampedJob.queue)
                    return job.id
                }
            }
            var ids: [JobID] = []
            for try await id in group { ids.append(id) }
            return ids
        }
    }
}
