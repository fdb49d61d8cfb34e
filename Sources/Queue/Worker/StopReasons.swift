import Threads

/// Why single jobs were cancelled, from the claim loop that did it to the job's task that finds out.
final class StopReasons: Sendable {
    enum Reason: Sendable, Hashable {
        /// Somebody asked for it.
        case cancelled
        /// Its time limit passed.
        case late
    }

    private let reasons = Locked<[JobID: Reason]>([:])

    func set(_ reason: Reason, for id: JobID) { reasons.withLock { $0[id] = reason } }

    /// nil when the whole worker stops.
    func take(for id: JobID) -> Reason? { reasons.withLock { $0.removeValue(forKey: id) } }
}
