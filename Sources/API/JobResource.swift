import Basics
import Jobs
import Queue

/// A job as the API shows it.
struct JobResource: Encodable, Sendable {
    var id: String
    var queue: String
    var kind: String
    var state: String
    var target: String?
    var lane: String?
    var attempts: Int
    var maxAttempts: Int?
    var crashes: Int
    var deferrals: Int
    var enqueuedAt: String?
    var runAt: String?
    var buriedAt: String?
    var finishedAt: String?
    var worker: String?
    var lastError: String?
    var lastErrorAt: String?
    var reason: String?
    var note: String?
    var why: String

    enum CodingKeys: String, CodingKey {
        case id, queue, kind, state, target, lane, attempts, crashes, deferrals, worker, reason, note, why
        case maxAttempts = "max_attempts"
        case enqueuedAt = "enqueued_at"
        case runAt = "run_at"
        case buriedAt = "buried_at"
        case finishedAt = "finished_at"
        case lastError = "last_error"
        case lastErrorAt = "last_error_at"
    }

    init(_ view: JobView, nowMilliseconds: Int64) {
        id = view.id.description
        queue = view.queue.description
        kind = view.envelope.kind
        state = view.state.rawValue
        lane = view.envelope.lane.isEmpty ? nil : view.envelope.lane
        target = PushLane(view.envelope.lane)?.target.rawValue
        attempts = view.envelope.attempts
        maxAttempts = view.envelope.policy.attempts
        crashes = view.envelope.crashes
        deferrals = view.envelope.deferrals
        enqueuedAt = Self.time(view.id.createdMilliseconds)
        runAt = view.state == .due ? view.atMilliseconds.map { Self.time($0) } : nil
        buriedAt = view.state == .dead ? view.atMilliseconds.map { Self.time($0) } : nil
        worker = view.worker
        lastError = view.lastError?.message
        lastErrorAt = view.lastError.map { Self.time($0.atMilliseconds) }
        reason = view.state == .dead ? lastError : nil
        why = Self.why(view, nowMilliseconds: nowMilliseconds)
    }

    init(_ trace: FinishedTrace) {
        self.init(FinishedJob(trace))
    }

    init(_ finished: FinishedJob) {
        id = finished.id
        queue = finished.queue
        kind = finished.kind
        state = finished.state.rawValue
        attempts = Int(finished.attempts)
        crashes = Int(finished.crashes)
        deferrals = Int(finished.deferrals)
        enqueuedAt = finished.enqueuedAtMilliseconds.map { Self.time($0) }
        finishedAt = Self.time(finished.finishedAtMilliseconds)
        note = finished.note
        lastError = finished.error
        why =
            switch finished.state {
            case .done: "it is done"
            case .dead: "it is dead, and left the dead set by its limits: \(finished.error ?? "no reason kept")"
            case .cancelled: "it was cancelled"
            }
    }

    /// A job that Redis has not been given yet.
    init(_ row: OutboxJob, isRedisAway: Bool, nowMilliseconds: Int64) {
        let runAtMilliseconds = row.runAtMilliseconds.flatMap { $0 > nowMilliseconds ? $0 : nil }
        id = row.id
        queue = row.queue
        kind = row.kind
        state = (runAtMilliseconds == nil ? JobState.ready : .due).rawValue
        lane = row.lane.isEmpty ? nil : row.lane
        target = PushLane(row.lane)?.target.rawValue
        attempts = 0
        maxAttempts = row.policy?.attempts
        crashes = 0
        deferrals = 0
        enqueuedAt = Self.time(row.createdAtMilliseconds)
        runAt = runAtMilliseconds.map { Self.time($0) }
        let place =
            isRedisAway ? "it waits in the outbox because Redis is away" : "it is in the outbox, on its way to Redis"
        why = runAtMilliseconds.map { "\(place); and for its time, \(Self.time($0))" } ?? place
    }

    private static func time(_ milliseconds: Int64) -> String { Timestamp(milliseconds: milliseconds).iso8601 }

    /// One sentence: why the job is not running now.
    private static func why(_ view: JobView, nowMilliseconds: Int64) -> String {
        switch view.state {
        case .ready: return "it waits in line for a free worker"
        case .running: return "it is running: worker \(view.worker ?? "unknown") holds it"
        case .dead: return "it is dead: \(view.lastError?.message ?? "no reason kept")"
        case .done: return "it is done"
        case .cancelled: return "it was cancelled"
        case .due:
            let at = view.atMilliseconds ?? nowMilliseconds
            let seconds = Double(max(0, at - nowMilliseconds)) / 1_000
            let when = "it waits for its time, \(Self.time(at)) (in \(seconds) s)"
            guard let error = view.lastError else { return when }
            return "\(when), after: \(error.message)"
        }
    }
}
