/// A job in a worker's hands.
public struct RunningJob: Sendable {
    public var id: JobID { run.job.id }
    public var queue: QueueName { run.queue }
    public var kind: String { run.job.envelope.kind }
    /// JSON, as enqueued or as ``keep(arguments:)``-t by an earlier attempt.
    public var arguments: [UInt8] { run.job.envelope.arguments }
    /// Of the arguments.
    public var version: Int { run.job.envelope.options.argumentsVersion }
    /// 1 for the first attempt.
    public var attempt: Int { run.job.envelope.attempts + 1 }
    /// Attempts in all.
    public var policy: RetryPolicy { run.job.envelope.policy }
    public var lane: String { run.job.envelope.lane }
    /// Grows with every claim of the job: of two results, the one with the lower fence is stale. At least the time of the
    /// claim by Redis's clock, in Unix ms.
    public var fence: Int64 { run.job.fence }

    /// The worker's clock. A handler that waits waits by it, so that a simulation need not wait.
    public var clock: any MonotonicClock { run.clock }

    // One word, since a handler that waits keeps it in every frame of its stack.
    let run: JobRun

    /// Whether the job is buried if this attempt fails.
    public var isLastAttempt: Bool { attempt >= policy.attempts }

    /// Why the task of this run was cancelled; nil while it is not.
    public var stopReason: StopReason? { Task.isCancelled ? run.reason ?? .workerStops : nil }

    /// Replaces the arguments in Redis for this and every later attempt, before anything that depends on them happens.
    ///
    /// Costs a part of the worker's next trip to Redis, a few milliseconds at most.
    /// - Throws: ``LostClaim`` when the job is somebody else's by now, ``QueueError`` when Redis does not answer.
    public func keep(arguments: [UInt8]) async throws {
        try await keep(arguments: arguments, version: version)
    }

    func keep(arguments: [UInt8], version: Int) async throws {
        guard try await run.keep(arguments: arguments, version: version) else { throw LostClaim() }
    }
}

/// The job was given to another worker: this one's lease had run out.
public struct LostClaim: Error, Sendable {}
