public import Queue

/// A job that an event asks for, ready to be enqueued. The engine gives it an id.
public struct PlannedJob: Sendable, Hashable {
    /// The handler's name.
    public let kind: String
    /// The queue.
    public let queue: QueueName
    /// The lane inside the queue: jobs of one target and account wait behind each other only.
    public let lane: String
    /// Milliseconds before it may run.
    public let delayMilliseconds: Int64
    /// What keeps it from becoming many.
    public let key: JobKey?
    /// The event that it stands for.
    public let label: String?
    /// Arguments: one JSON object.
    public let arguments: [UInt8]

    /// A job.
    public init(
        kind: String, queue: QueueName, lane: String, delayMilliseconds: Int64 = 0, key: JobKey? = nil,
        label: String? = nil, arguments: [UInt8]
    ) {
        self.kind = kind
        self.queue = queue
        self.lane = lane
        self.delayMilliseconds = delayMilliseconds
        self.key = key
        self.label = label
        self.arguments = arguments
    }

    /// The job as the engine takes it.
    ///
    /// - Parameters:
    ///   - retry: when a failed attempt is followed by another.
    ///   - nowMilliseconds: since 1970, for the id.
    public func newJob(retry: RetryPolicy, nowMilliseconds: Int64) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: nowMilliseconds), kind: kind, arguments: arguments, policy: retry, lane: lane,
            delayMilliseconds: delayMilliseconds, key: key, label: label)
    }
}
