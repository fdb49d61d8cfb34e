public import Basics
public import Jobs
public import Queue

/// Finds jobs wherever they are.
public struct JobDesk: Sendable {
    private let queue: QueueClient
    private let history: FinishedStore
    private let clock: any WallClock
    private let names: [QueueName]

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
}
