public import Basics
public import Jobs
public import Queue

/// Finds jobs wherever they are, cancels them and sends them to work again.
public struct JobDesk: Sendable {
    private let queue: QueueClient
    private let history: FinishedStore
    private let clock: any WallClock
    private let names: [QueueName]

    /// What became of a wish.
    public enum Answer: Sendable {
        /// It was carried out; the job as it is now.
        case done(JobResource)
        /// It is under way; the job as it is now.
        case requested(JobResource)
        /// The job's state does not allow it.
        case impossible(JobResource, reason: String)
        /// Nobody knows the job.
        case unknown
    }

    /// A desk over the queues and the history.
    public init(queue: QueueClient, history: FinishedStore, clock: any WallClock, names: [QueueName] = JobQueue.all) {
        self.queue = queue
        self.history = history
        self.clock = clock
        self.names = names
    }

    /// The job, from Redis if it is there, else from the history; nil when neither knows of it.
    ///
    /// - Throws: `QueueError`, or `JobsError` of the history.
    public func find(_ id: JobID) async throws -> JobResource? {
        switch try await queue.job(id, in: names) {
        case .present(let view): return JobResource(view, nowMilliseconds: clock.nowMilliseconds())
        case .finished(let trace): return JobResource(trace)
        case nil: return try await history.find(id: id.description).map { JobResource($0) }
        }
    }

    /// Ends a job that waits, at once; asks the worker of one that runs to stop it.
    ///
    /// - Parameter who: cancels it; goes into its trace.
    /// - Throws: `QueueError`, or `JobsError` of the history.
    public func cancel(_ id: JobID, by who: String) async throws -> Answer {
        // A job that moves between two looks, from running to waiting, say, is found by the second round.
        for _ in 0..<2 {
            for name in names {
                switch try await queue.cancel(id, in: name, note: "cancelled by \(who)") {
                case .notFound: continue
                case .cancelled: return .done(try await find(id) ?? .cancelled(id, in: name))
                case .requested: return try await find(id).map { .requested($0) } ?? .unknown
                case .dead:
                    guard let job = try await find(id) else { return .unknown }
                    return .impossible(
                        job, reason: "it is dead already; it can be retried, or removed from the dead set")
                }
            }
        }
        guard let job = try await find(id) else { return .unknown }
        return .impossible(job, reason: "it has ended already: \(job.why)")
    }

    /// Puts a buried job back to work with fresh budgets.
    ///
    /// - Throws: `QueueError`, or `JobsError` of the history.
    public func retry(_ id: JobID) async throws -> Answer {
        for name in names where try await queue.retryDead([id], in: name) == 1 {
            return try await find(id).map { .done($0) } ?? .unknown
        }
        guard let job = try await find(id) else { return .unknown }
        let reason =
            job.state == JobState.dead.rawValue && job.finishedAt == nil
            ? "another job holds its unique or debounce key" : "only a job in the dead set can be retried: \(job.why)"
        return .impossible(job, reason: reason)
    }
}

extension JobResource {
    /// A cancelled job of which no trace was kept, since too many wait.
    fileprivate static func cancelled(_ id: JobID, in queue: QueueName) -> JobResource {
        JobResource(
            FinishedJob(
                id: id.description, kind: "", queue: queue.description, state: .cancelled, attempts: 0,
                finishedAtMilliseconds: id.createdMilliseconds))
    }
}
