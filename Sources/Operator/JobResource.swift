import Basics
public import Jobs
public import Queue

/// A job as people and programs are shown it.
public struct JobResource: Encodable, Sendable {
    public var id: String
    public var queue: String
    public var kind: String
    public var state: String
    /// Of an engagement push.
    public var target: String?
    public var lane: String?
    public var attempts: Int
    public var maxAttempts: Int?
    public var crashes: Int
    public var deferrals: Int
    public var uniqueKey: String?
    public var debounceKey: String?
    public var orderKey: String?
    /// How long one run may take, where the job itself says so.
    public var timeoutSeconds: Double?
    public var enqueuedAt: String?
    /// When it falls due.
    public var runAt: String?
    public var buriedAt: String?
    public var finishedAt: String?
    /// Who holds it.
    public var worker: String?
    public var lastError: String?
    public var lastErrorAt: String?
    /// Why it is dead.
    public var reason: String?
    /// What its handler said at the end.
    public var note: String?
    /// One sentence: why it is not running now, or that it is.
    public var why: String

    private enum CodingKeys: String, CodingKey {
        case id, queue, kind, state, target, lane, attempts, crashes, deferrals, worker, reason, note, why
        case maxAttempts = "max_attempts"
        case uniqueKey = "unique_key"
        case debounceKey = "debounce_key"
        case orderKey = "order_key"
        case timeoutSeconds = "timeout_seconds"
        case enqueuedAt = "enqueued_at"
        case runAt = "run_at"
        case buriedAt = "buried_at"
        case finishedAt = "finished_at"
        case lastError = "last_error"
        case lastErrorAt = "last_error_at"
    }

    /// A job that Redis holds.
    public init(_ view: JobView, nowMilliseconds: Int64) {
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
        uniqueKey = view.envelope.options.uniqueKey
        debounceKey = view.envelope.options.debounceKey
        orderKey = view.envelope.options.orderKey
        timeoutSeconds = view.envelope.options.timeLimitMilliseconds.map { Double($0) / 1_000 }
        enqueuedAt = Self.time(view.id.createdMilliseconds)
        runAt = view.state == .due ? view.atMilliseconds.map { Self.time($0) } : nil
        buriedAt = view.state == .dead ? view.atMilliseconds.map { Self.time($0) } : nil
        worker = view.worker
        lastError = view.lastError?.message
        lastErrorAt = view.lastError.map { Self.time($0.atMilliseconds) }
        reason = view.state == .dead ? lastError : nil
        why = JobReason(view: view, nowMilliseconds: nowMilliseconds).sentence
    }

    /// A job that has ended, whose trace is on its way to the history.
    public init(_ trace: FinishedTrace) {
        self.init(FinishedJob(trace))
    }

    /// A job of the history.
    public init(_ finished: FinishedJob) {
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
        why = JobReason.sentence(finished)
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
}
