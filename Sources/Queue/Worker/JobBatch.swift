// Claimed jobs are started a few at a time. One task per job handed to Swift's pool wakes a thread for each, which costs more
// than a short job itself; a batch is one wake-up. Within it, each job runs at once up to its first suspension and is a
// task of its own from there on, so jobs that wait do not wait for each other.

import Threads

/// Jobs that are started together.
final class JobBatch: Sendable {
    private struct Member {
        var task: Task<Void, Never>?
        var isStopped = false
    }

    private let jobs: [ClaimedJob]
    private let members: Locked<[Member]>

    /// The most jobs of one batch: a job that is busy before it first waits holds up the others for that long.
    private static let maximumCount = 16
    /// A claim is spread over at least so many batches, so that no thread of the pool is idle.
    private static let minimumBatches = 8

    init(_ jobs: [ClaimedJob]) {
        self.jobs = jobs
        members = Locked(Array(repeating: Member(), count: jobs.count))
    }

    /// Splits a claim into batches.
    static func split(_ jobs: [ClaimedJob]) -> [JobBatch] {
        let size = min(max(jobs.count / minimumBatches, 1), maximumCount)
        return stride(from: 0, to: jobs.count, by: size).map { first in
            JobBatch(Array(jobs[first..<min(first + size, jobs.count)]))
        }
    }

    var count: Int { jobs.count }

    subscript(index: Int) -> ClaimedJob { jobs[index] }

    /// Starts every job.
    func start(with runner: JobRunner) {
        Task { [self] in
            for (index, job) in jobs.enumerated() {
                let task = Task.immediate { await runner.run(job) }
                let isStopped = members.withLock { members in
                    members[index].task = task
                    return members[index].isStopped
                }
                if isStopped { task.cancel() }
            }
        }
    }

    /// Cancels one job's task, now or as soon as there is one.
    func cancel(_ index: Int) {
        let task = members.withLock { members in
            members[index].isStopped = true
            return members[index].task
        }
        task?.cancel()
    }
}
