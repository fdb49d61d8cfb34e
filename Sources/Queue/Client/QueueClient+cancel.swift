import Redis

/// What became of a wish to cancel a job.
public enum Cancellation: String, Sendable, Hashable {
    /// It waited, and will not run.
    case cancelled
    /// It runs; its worker is told within seconds. If it finishes before that, it is done.
    case requested
    /// It is buried already.
    case dead
    /// Redis knows no such job: it has ended, or there never was one.
    case notFound
}

extension QueueClient {
    /// Ends a job that waits, or asks the worker of one that runs to stop it.
    ///
    /// - Parameter note: who did it and why; it goes into the job's trace.
    public func cancel(
        _ id: JobID, in queue: QueueName, note: String = "cancelled"
    ) async throws(QueueError) -> Cancellation {
        var command = call(Scripts.cancel, Keys(namespace: namespace, queue: queue))
        command.append(id)
        command.append(note)
        switch try await run(command).string {
        case "cancelled": return .cancelled
        case "requested": return .requested
        case "dead": return .dead
        default: return .notFound
        }
    }

    /// Lets a debounced job run now instead of after its quiet time; if one runs, the job that follows it.
    ///
    /// - Returns: the job; nil when none of this key waits or runs.
    @discardableResult
    public func flush(debounceKey: String, in queue: QueueName) async throws(QueueError) -> JobID? {
        var command = call(Scripts.flush, Keys(namespace: namespace, queue: queue))
        command.append(debounceKey)
        return try await run(command).string.flatMap { JobID($0) }
    }

    /// Tells a worker to claim no more; it hears of it with its next heartbeat, finishes what it runs, and stays.
    ///
    /// - Returns: false when no such worker is listed.
    public func quiet(worker: String) async throws(QueueError) -> Bool {
        let keys = CommonKeys(namespace: namespace)
        guard try await run(command("ZSCORE", keys.workers, worker)) != .null else { return false }
        _ = try await run(command("SADD", keys.quiet, worker))
        return true
    }
}
