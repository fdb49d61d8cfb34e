/// What runs the jobs of one kind.
public struct JobHandler: Sendable {
    public let kind: String
    /// Where jobs of this kind are enqueued; nil where several queues are, or nothing was said.
    public let queue: QueueName?
    /// Whether the end of each job is recorded in the history (see ``FinishedTrace``).
    public let leavesTrace: Bool
    /// How long one run may last, in ms, unless the job says otherwise.
    public let timeLimitMilliseconds: Int64
    /// The newest version of the arguments that it understands; jobs of later ones stay in the queue.
    public let newestVersion: Int
    let run: @Sendable (RunningJob) async throws -> JobOutcome

    /// - Parameters:
    ///   - kind: as in ``Envelope/kind``.
    ///   - queue: see ``queue``; a worker that is told no queues serves those of its handlers.
    ///   - leavesTrace: whether done jobs are recorded; costs one small write per job.
    ///   - timeLimitMilliseconds: after it the run is cancelled and counts as a failed attempt, even if it does not
    ///     return.
    ///   - newestVersion: see ``newestVersion``.
    ///   - run: does the work. A thrown error is ``JobOutcome/retry(reason:notBeforeMilliseconds:holdLaneMilliseconds:)``,
    ///     except a ``QueueError`` that is retriable, which puts the job off unspent, and whatever it throws after its
    ///     task was cancelled: see ``StopReason``. It must be idempotent, since a job may run more than once.
    public init(
        kind: String,
        queue: QueueName? = nil,
        leavesTrace: Bool = false,
        timeLimitMilliseconds: Int64 = Limits.standardTimeLimitMilliseconds,
        newestVersion: Int = 1,
        run: @escaping @Sendable (RunningJob) async throws -> JobOutcome
    ) {
        self.kind = kind
        self.queue = queue
        self.leavesTrace = leavesTrace
        self.timeLimitMilliseconds = max(1, timeLimitMilliseconds)
        self.newestVersion = newestVersion
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

    /// Every queue that a handler names, sorted.
    public var queues: [QueueName] { Set(handlers.values.compactMap(\.queue)).sorted() }
}
