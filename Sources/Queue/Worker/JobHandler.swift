/// A job in a worker's hands.
public struct RunningJob: Sendable {
    public let id: JobID
    public let queue: QueueName
    public let kind: String
    /// JSON, as enqueued or as last ``keep(arguments:)``-t.
    public let arguments: [UInt8]
    /// 1 for the first attempt.
    public let attempt: Int
    /// Attempts in all.
    public let policy: RetryPolicy
    public let lane: String
    /// Grows with every claim of the job: of two results, the one with the lower fence is stale.
    public let fence: Int64

    let keeper: @Sendable ([UInt8]) async throws(QueueError) -> Bool

    /// Replaces the arguments in Redis for this and every later attempt, before anything that depends on them happens.
    ///
    /// Costs a part of the worker's next trip to Redis, a few milliseconds at most.
    /// - Throws: ``LostClaim`` when the job is somebody else's by now, ``QueueError`` when Redis does not answer.
    public func keep(arguments: [UInt8]) async throws {
        guard try await keeper(arguments) else { throw LostClaim() }
    }
}

/// The job was given to another worker: this one's lease had run out.
public struct LostClaim: Error, Sendable {}

/// What runs the jobs of one kind.
public struct JobHandler: Sendable {
    public let kind: String
    /// Whether the end of each job is recorded in the history (see ``FinishedTrace``).
    public let leavesTrace: Bool
    let run: @Sendable (RunningJob) async throws -> JobOutcome

    /// - Parameters:
    ///   - kind: as in ``Envelope/kind``.
    ///   - leavesTrace: whether done jobs are recorded; costs one small write per job.
    ///   - run: does the work. A thrown error is ``JobOutcome/retry(reason:notBeforeMilliseconds:)``, except a
    ///     cancellation while the worker stops: then the job goes back unspent. It must be idempotent, since a job may
    ///     run more than once.
    public init(
        kind: String, leavesTrace: Bool = false, run: @escaping @Sendable (RunningJob) async throws -> JobOutcome
    ) {
        self.kind = kind
        self.leavesTrace = leavesTrace
        self.run = run
    }
}

/// The kinds that a worker can run.
public struct JobRegistry: Sendable {
    private var handlers: [String: JobHandler] = [:]

    public init(_ handlers: [JobHandler] = []) {
        for handler in handlers { register(handler) }
    }

    /// - Precondition: the kind has no handler yet.
    public mutating func register(_ handler: JobHandler) {
        precondition(handlers[handler.kind] == nil, "two handlers for '\(handler.kind)'")
        handlers[handler.kind] = handler
    }

    public subscript(kind: String) -> JobHandler? { handlers[kind] }

    /// Every kind, sorted.
    public var kinds: [String] { handlers.keys.sorted() }
}
