import Threads

/// Why the task of a running job was cancelled.
public enum StopReason: Sendable, Hashable {
    /// Somebody asked for this job's end. What it throws now ends it.
    case cancelled
    /// Its time limit passed. What it throws now is a failed attempt.
    case late
    /// The worker had been silent for so long that the job was given to another. Nothing that it says counts any more.
    case claimLost
    /// The whole worker stops and its grace is over. What it throws now sends the job back unspent.
    case workerStops
}

/// Why single jobs were cancelled, from the claim loop that did it to the job's task that finds out. By claim and not by job:
/// a worker may have a job again while its earlier run has not ended yet.
final class StopReasons: Sendable {
    private struct Claim: Hashable {
        let id: JobID
        let fence: Int64

        init(_ job: ClaimedJob) {
            id = job.id
            fence = job.fence
        }
    }

    private let reasons = Locked<[Claim: StopReason]>([:])

    func set(_ reason: StopReason, for job: ClaimedJob) { reasons.withLock { $0[Claim(job)] = reason } }

    /// nil when the whole worker stops.
    func take(for job: ClaimedJob) -> StopReason? { reasons.withLock { $0.removeValue(forKey: Claim(job)) } }

    func reason(for job: ClaimedJob) -> StopReason? { reasons.withLock { $0[Claim(job)] } }
}
