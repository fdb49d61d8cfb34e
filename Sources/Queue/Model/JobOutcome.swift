/// What became of one run of a job. The engine turns it into storage in one place: ``Settlement``.
public enum JobOutcome: Sendable, Hashable {
    /// The work is done. `note` goes into the trace of kinds that leave one; `then` is enqueued to the same queue in the
    /// step that ends this job, so that neither happens without the other.
    case done(note: String = "", then: [NewJob] = [])
    /// The attempt failed: run again by the policy, or bury when it was the last. `notBefore` puts the next attempt
    /// off further, in ms from now; `holdLane` lets no other job of the lane start for as long, in ms.
    case retry(reason: String, notBeforeMilliseconds: Int64 = 0, holdLaneMilliseconds: Int64 = 0)
    /// Not now, and no fault of the job: run again later, no attempt spent.
    case `defer`(milliseconds: Int64, reason: String, holdLaneMilliseconds: Int64 = 0)
    /// No further attempt can help.
    case bury(reason: String)
}
