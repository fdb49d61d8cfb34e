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

/// Why single jobs were cancelled, from the claim loop that did it to the job's task that finds out.
final class StopReasons: Sendable {
    private let reasons = Locked<[JobID: StopReason]>([:])

    func set(_ reason: StopReason, for id: JobID) { reasons.withLock { $0[id] = reason } }

    /// nil when the whole worker stops.
    func take(for id: JobID) -> StopReason? { reasons.withLock { $0.removeValue(forKey: id) } }

    func reason(for id: JobID) -> StopReason? { reasons.withLock { $0[id] } }
}
