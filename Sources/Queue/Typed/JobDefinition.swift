/// What all jobs of one type have in common.
public struct JobDefinition: Sendable, Hashable {
    /// The name of the type in Redis: what a worker picks the handler by. It outlives every rename in the source.
    public let kind: String
    /// Where jobs of this type wait.
    public let queue: QueueName
    /// Of the arguments: raise it when they change so that older ones no longer decode, and write a migration.
    public let version: Int
    /// When a failed attempt is followed by another.
    public let retry: RetryPolicy
    /// How long one run may last, in ms.
    public let timeLimitMilliseconds: Int64
    /// Whether the end of each job is recorded for the history (see ``FinishedTrace``).
    public let leavesTrace: Bool

    /// - Parameters:
    ///   - kind: 1 to 200 printable ASCII characters without spaces, `receipt.send` for instance.
    ///   - version: from 1.
    ///   - retry: ten attempts a minute apart unless it says otherwise.
    ///   - timeLimitMilliseconds: from 1; after it the run is cancelled and counts as a failed attempt.
    ///   - leavesTrace: costs one small write per job.
    /// - Precondition: `kind`, `version` and `timeLimitMilliseconds` are as said; the message names the one that is not.
    public init(
        _ kind: String,
        queue: QueueName = "default",
        version: Int = 1,
        retry: RetryPolicy = RetryPolicy(attempts: 10, delayMilliseconds: 60_000),
        timeLimitMilliseconds: Int64 = Limits.standardTimeLimitMilliseconds,
        leavesTrace: Bool = false
    ) {
        precondition(
            Envelope.isToken(kind), "the kind '\(kind)' is not 1 to 200 printable ASCII characters without spaces")
        precondition(version >= 1, "version \(version) of '\(kind)': versions count from 1")
        precondition(timeLimitMilliseconds >= 1, "the time limit of '\(kind)' is not at least 1 ms")
        self.kind = kind
        self.queue = queue
        self.version = version
        self.retry = retry
        self.timeLimitMilliseconds = timeLimitMilliseconds
        self.leavesTrace = leavesTrace
    }
}
