import Basics
import Jobs
import Queue

/// Why a job is not running now, in a sentence.
enum JobReason {
    /// Of a job that Redis holds.
    static func sentence(_ view: JobView, nowMilliseconds: Int64) -> String {
        switch view.state {
        case .ready: return "it waits in line for a free worker"
        case .running: return "it is running: worker \(view.worker ?? "unknown") holds it"
        case .dead: return "it is dead: \(view.lastError?.message ?? "no reason kept")"
        case .done: return "it is done"
        case .cancelled: return "it was cancelled"
        case .due:
            let at = view.atMilliseconds ?? nowMilliseconds
            let seconds = Double(max(0, at - nowMilliseconds)) / 1_000
            let when = "it waits for its time, \(time(at)) (in \(seconds) s)"
            guard let error = view.lastError else { return when }
            return "\(when), after: \(error.message)"
        }
    }

    /// Of a job that has ended.
    static func sentence(_ finished: FinishedJob) -> String {
        switch finished.state {
        case .done: "it is done"
        case .dead: "it is dead, and no longer in the dead set: \(finished.error ?? "no reason kept")"
        case .cancelled: "it was cancelled"
        }
    }

    private static func time(_ milliseconds: Int64) -> String { Timestamp(milliseconds: milliseconds).iso8601 }
}
