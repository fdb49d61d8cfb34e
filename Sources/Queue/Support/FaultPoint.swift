// How the fault suite kills a process at a place of its choice. A process that was not started with the variable reads
// two words at each point and goes on.

import Glibc
import Synchronization

/// Places where dying is worth a test: between a change in Redis or Postgres and the next step that knows of it.
///
/// A process started with `AVENTORA_FAULT_POINT=name` or `name:nth` in its environment sends itself SIGKILL when it
/// reaches that point for the nth time (1 unless given). Any other value arms nothing. For tests only.
package enum FaultPoint: String, CaseIterable, Sendable {
    /// A worker sends results to Redis next.
    case workerBeforeSettle = "worker-before-settle"
    /// Redis has the results; the worker has not noted it.
    case workerAfterSettle = "worker-after-settle"
    /// Redis has given jobs to the worker; none has begun.
    case workerClaimed = "worker-claimed"
    /// The worker has built a push and has Redis keep it next.
    case workerBeforeKeep = "worker-before-keep"
    /// Redis keeps the push; it has not been sent.
    case workerKept = "worker-kept"
    /// The worker posts a push next.
    case workerBeforePost = "worker-before-post"
    /// The target has answered; nobody else knows.
    case workerAfterPost = "worker-after-post"
    /// The attempt is in the log; Redis does not know how it ended.
    case workerAfterLog = "worker-after-log"
    /// A process found a lease that ran out and gives back its claims next.
    case beforeReap = "before-reap"
    /// It has given back some or all of them.
    case afterReap = "after-reap"
    /// The API enqueues what it has accepted next.
    case apiBeforeEnqueue = "api-before-enqueue"
    /// Redis has the jobs; the caller has no answer.
    case apiAfterEnqueue = "api-after-enqueue"
    /// The scheduler has read traces and writes them to Postgres next.
    case schedulerBeforeRecord = "scheduler-before-record"
    /// Postgres has the traces, and Redis still does.
    case schedulerBeforeForget = "scheduler-before-forget"
    /// Redis has dropped the traces.
    case schedulerAfterForget = "scheduler-after-forget"

    /// The relay has decided which rows of the outbox Redis needs, and enqueues them next.
    case relayBeforeEnqueue = "relay-before-enqueue"
    /// Redis has the jobs; Postgres does not know it.
    case relayAfterEnqueue = "relay-after-enqueue"
    /// It is written down that they were relayed; not committed yet.
    case relayAfterNote = "relay-after-note"

    /// The variable that arms a point.
    package static let variable = "AVENTORA_FAULT_POINT"

    private static let armed: (point: FaultPoint, nth: Int)? = {
        guard let value = unsafe getenv(variable) else { return nil }
        return unsafe parse(String(cString: value))
    }()

    private static let reachCount = Atomic(0)

    /// Says that the process is at this place now.
    package static func reach(_ point: FaultPoint) {
        guard let armed, armed.point == point else { return }
        guard reachCount.add(1, ordering: .relaxed).newValue == armed.nth else { return }
        kill(getpid(), SIGKILL)
    }

    /// Reads the variable's value; nil for one that names no point.
    package static func parse(_ text: String) -> (point: FaultPoint, nth: Int)? {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first, let point = FaultPoint(rawValue: String(name)) else { return nil }
        guard parts.count == 2 else { return (point, 1) }
        guard let nth = Int(parts[1]), nth > 0 else { return nil }
        return (point, nth)
    }
}
