public import Basics
public import Jobs
public import Queue

/// Puts single jobs into their queues, for whoever asks for one by its kind. The one place where that is done.
public struct JobSubmitter: Sendable {
    private let queue: DurableQueue
    private let receipts: QueueClient
    private let clock: any WallClock
    private let names: [QueueName]

    /// What became of a request.
    public enum Outcome: Sendable {
        /// A job does the work; or one that was there before will.
        case accepted(AcceptedJob, Durability)
        /// Nothing was enqueued: the key was used with another body.
        case conflict
        /// Nothing was enqueued: as many jobs wait as may.
        case full
    }

    /// - Parameter receipts: where those of other queues are looked for.
    public init(
        queue: DurableQueue, receipts: QueueClient, clock: any WallClock, names: [QueueName] = JobQueue.all
    ) {
        self.queue = queue
        self.receipts = receipts
        self.clock = clock
        self.names = names
    }

    /// Enqueues the job unless its receipt says that this was done before.
    ///
    /// One round trip; with a receipt one more.
    public func submit(
        _ request: JobRequest, receipt: Receipt? = nil, durability: Durability = .queued
    ) async throws(QueueError) -> Outcome {
        if let receipt, await isKnownElsewhere(receipt, than: request.queue) { return .conflict }
        let job = request.newJob(nowMilliseconds: clock.nowMilliseconds())
        let outcome = try await queue.submit(
            Submission(receipt: receipt, groups: [.init(jobs: [job])]), to: request.queue, durability: durability)
        switch outcome.result {
        case .conflict: return .conflict
        case .full: return .full
        case .accepted(let groups):
            let item = groups.first?.jobs.first ?? .init(id: job.id, isDuplicate: false)
            return .accepted(
                AcceptedJob(
                    id: item.id.description, duplicate: item.isDuplicate, durability: outcome.durability.rawValue),
                outcome.durability)
        }
    }

    /// Receipts live beside the queue that they speak of, and a body for another queue is another body. While Redis is
    /// away nobody can tell, and the job is more than the check.
    private func isKnownElsewhere(_ receipt: Receipt, than queue: QueueName) async -> Bool {
        do throws(QueueError) {
            return try await !receipts.receipts(named: receipt.key, in: names.filter { $0 != queue }).isEmpty
        } catch {
            return false
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
