/// One run of a job in a ``QueueSimulation``.
public struct SimulatedRun: Sendable, Hashable {
    /// What the run came to. Times are Unix ms.
    public enum Result: Sendable, Hashable {
        case done
        /// The attempt failed, and another follows.
        case retried(reason: String, atMilliseconds: Int64)
        /// Put off, no attempt spent.
        case deferred(reason: String, atMilliseconds: Int64)
        /// No handler of this kind or version is registered.
        case parked(reason: String, atMilliseconds: Int64)
        case buried(reason: String)
        case cancelled
        /// Sent back unspent.
        case released
    }

    public let id: JobID
    public let queue: QueueName
    public let kind: String
    public let lane: String
    /// 1 for the first attempt.
    public let attempt: Int
    /// JSON, as they were when the run began.
    public let arguments: [UInt8]
    /// Of the arguments.
    public let version: Int
    public let startMilliseconds: Int64
    public let endMilliseconds: Int64
    public let result: Result

    /// The job, if it is one of this type.
    ///
    /// - Throws: ``UnreadableArguments``.
    public func job<TypedJob: Job>(as type: TypedJob.Type) throws -> TypedJob? {
        kind == type.definition.kind ? try type.decode(arguments, version: version) : nil
    }

    init(_ settlement: Settlement, of job: ClaimedJob, in queue: QueueName, from start: Int64, to end: Int64) {
        id = job.id
        self.queue = queue
        kind = job.envelope.kind
        lane = job.envelope.lane
        attempt = job.envelope.attempts + 1
        arguments = job.envelope.arguments
        version = job.envelope.options.argumentsVersion
        startMilliseconds = start
        endMilliseconds = end
        switch settlement.change {
        case .acknowledge, .done, .keep: result = .done
        case .cancel: result = .cancelled
        case .bury(_, let reason, _): result = .buried(reason: reason)
        case .requeue(let requeue): result = Self.result(requeue, atMilliseconds: end + requeue.delayMilliseconds)
        }
    }

    private static func result(_ requeue: Settlement.Requeue, atMilliseconds: Int64) -> Result {
        switch requeue.counter {
        case "retried": .retried(reason: requeue.error, atMilliseconds: atMilliseconds)
        case "deferred": .deferred(reason: requeue.error, atMilliseconds: atMilliseconds)
        case "parked": .parked(reason: requeue.error, atMilliseconds: atMilliseconds)
        default: .released
        }
    }
}
