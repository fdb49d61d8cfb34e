public import Basics
public import Jobs
public import Queue

/// Puts single jobs into their queues, for whoever asks for one by its kind. The one place where that is done.
public struct JobSubmitter: Sendable {
    private let queue: QueueClient
    private let clock: any WallClock
    private let names: [QueueName]

    /// What became of a request.
    public enum Outcome: Sendable {
        /// A job does the work; or one that was there before will.
        case accepted(AcceptedJob)
        /// Nothing was enqueued: the key was used with another body.
        case conflict
        /// Nothing was enqueued: as many jobs wait as may.
        case full
    }

    /// A submitter over a connection.
    public init(queue: QueueClient, clock: any WallClock, names: [QueueName] = JobQueue.all) {
        self.queue = queue
        self.clock = clock
        self.names = names
    }

    /// Enqueues the job unless its receipt says that this was done before.
    ///
    /// One round trip; with a receipt one more, since receipts live beside the queue that they speak of, and the key may
    /// have been used for another.
    public func submit(_ request: JobRequest, receipt: Receipt? = nil) async throws(QueueError) -> Outcome {
        if let receipt {
            let others = names.filter { $0 != request.queue }
            guard try await queue.receipts(named: receipt.key, in: others).isEmpty else { return .conflict }
        }
        let job = request.newJob(nowMilliseconds: clock.nowMilliseconds())
        let result = try await queue.submit(
            Submission(receipt: receipt, groups: [.init(jobs: [job])]), to: request.queue)
        switch result {
        case .conflict: return .conflict
        case .full: return .full
        case .accepted(let groups):
            let item = groups.first?.jobs.first ?? .init(id: job.id, isDuplicate: false)
            return .accepted(
                AcceptedJob(id: item.id.description, duplicate: item.isDuplicate, durability: "queued"))
        }
    }
}

/// The receipt of one job.
public struct AcceptedJob: Encodable, Sendable {
    /// The job that does the work.
    public let id: String
    /// Whether it was there before: by the request's key, or because it holds the job's unique or debounce key.
    public let duplicate: Bool
    /// How safe it is.
    public let durability: String
}
