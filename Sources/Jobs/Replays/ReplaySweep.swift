public import Queue

/// Cancels what waits of a cancelled replay: in its lane, and for another attempt.
public struct ReplaySweep: Sendable {
    private let store: ReplayStore
    private let queue: QueueClient

    /// In the traces of what was cancelled.
    static let note = "its replay was cancelled"
    /// Ids of a line that are looked at: more than its replay puts there, and what was cancelled stays until its turn comes.
    private static let lineCount = 10_000
    /// Deliveries of one look at those that wait for another attempt.
    private static let lookCount = 500
    /// Looks of one sweep, so that it ends.
    private static let maximumLooks = 50

    /// A sweep over the store and the queues.
    public init(store: ReplayStore, queue: QueueClient) {
        self.store = store
        self.queue = queue
    }

    /// Does it once; whether nothing waited or ran any more. What runs is left to end: the gate sees to what comes after.
    ///
    /// - Throws: `QueueError`, or `JobsError`.
    public func run(_ replay: Replay) async throws -> Bool {
        let hadLine = try await sweepLine(replay)
        let hadRetries = try await sweepRetries(replay)
        let lane = try await queue.status(ofLane: replay.lane, in: JobQueue.webhooks)
        return !hadLine && !hadRetries && lane.running == 0
    }

    /// What is in line and has not begun; whether there was any.
    private func sweepLine(_ replay: Replay) async throws(QueueError) -> Bool {
        var found = false
        for id in try await queue.line(ofLane: replay.lane, in: JobQueue.webhooks, count: Self.lineCount)
        where try await cancel(id) {
            found = true
        }
        return found
    }

    /// What waits for another attempt; whether there was any.
    private func sweepRetries(_ replay: Replay) async throws -> Bool {
        var (cursor, found) = ("", false)
        for _ in 0..<Self.maximumLooks {
            let ids = try await store.waiting(of: replay.id, after: cursor, count: Self.lookCount)
            for id in ids where try await cancel(id) { found = true }
            guard ids.count == Self.lookCount, let last = ids.last else { return found }
            cursor = last.description
        }
        return true
    }

    private func cancel(_ id: JobID) async throws(QueueError) -> Bool {
        let answer = try await queue.cancel(id, in: JobQueue.webhooks, note: Self.note)
        return answer == .cancelled || answer == .requested
    }
}
