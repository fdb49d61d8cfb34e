public import Basics
public import Jobs
public import Queue

/// Looks at queues and workers, and tells them to pause, resume or claim no more.
public struct QueueDesk: Sendable {
    private let queue: QueueClient
    private let clock: any WallClock
    /// All queues that there are.
    public let names: [QueueName]

    /// A desk over a connection.
    public init(queue: QueueClient, clock: any WallClock, names: [QueueName] = JobQueue.all) {
        self.queue = queue
        self.clock = clock
        self.names = names
    }

    /// The queue of this name, if there is one.
    public func name(_ text: String) -> QueueName? { QueueName(text).flatMap { names.contains($0) ? $0 : nil } }

    /// Queues, by default all. Three round trips.
    public func queues(_ wanted: [QueueName]? = nil) async throws(QueueError) -> [QueueResource] {
        let wanted = wanted ?? names
        let statuses = try await queue.status(of: wanted, nowMilliseconds: clock.nowMilliseconds())
        let paces = try await queue.pace(of: wanted)
        return zip(statuses, paces).map { QueueResource($0, pace: $1) }
    }

    /// Stops or starts claims from a queue, and answers what it is then.
    public func setPaused(_ isPaused: Bool, _ name: QueueName) async throws(QueueError) -> QueueResource? {
        if isPaused { try await queue.pause(name) } else { try await queue.resume(name) }
        return try await queues([name]).first
    }

    /// All worker processes, by name.
    public func workers() async throws(QueueError) -> [WorkerResource] {
        try await queue.workers(in: names).map { WorkerResource($0) }
    }

    /// Tells a worker to claim no more; it hears of it with its next heartbeat, and finishes what it runs.
    ///
    /// - Returns: the worker; nil when none of this name is listed.
    public func quiet(_ worker: String) async throws(QueueError) -> WorkerResource? {
        guard try await queue.quiet(worker: worker) else { return nil }
        return try await workers().first { $0.name == worker }
    }
}
