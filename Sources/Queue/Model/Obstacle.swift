/// Why a job is not running now, or what it is doing. One reason at a time: the one that has to go first.
public enum Obstacle: Sendable, Hashable {
    /// Nothing is claimed from its queue, since then (Unix ms).
    case paused(sinceMilliseconds: Int64)
    /// It waits for its time (Unix ms).
    case notDue(untilMilliseconds: Int64)
    /// No worker that took it up could run it: it waits for one of a release that can, until then (Unix ms; nil: at once).
    case parked(untilMilliseconds: Int64?)
    /// A debounced job, which starts when the one before it has ended.
    case follows(JobID)
    /// It starts when those before it with the same order key have ended, of which there are `ahead`; `first` is the one
    /// whose turn it is, if that is known.
    case behind(ahead: Int, first: JobID?)
    /// No worker that serves its queue, and is not told to be quiet, has given a sign of life lately.
    case noWorker
    /// It stands in line; `isAtLeast`: there are more before it than were counted.
    case inLine(ahead: Int, isAtLeast: Bool)
    /// Its lane has as many jobs running as it may.
    case laneFull(running: Int, limit: Int, ahead: Int, isAtLeast: Bool)
    /// Nothing of its lane starts before then (Unix ms): its rate, or its target asked for it.
    case laneHeld(untilMilliseconds: Int64, ahead: Int, isAtLeast: Bool)
    /// Too many jobs of its lane failed: nothing starts before then (Unix ms), then one at a time until one succeeds.
    case breakerOpen(untilMilliseconds: Int64?, ahead: Int, isAtLeast: Bool)
    /// A worker holds it, since then (Unix ms).
    case running(worker: String, sinceMilliseconds: Int64, isCancelling: Bool)
    /// It is in the dead set.
    case dead
}
