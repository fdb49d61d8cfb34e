public import Queue

/// Cancels what waits of a cancelled replay: in its lane, and for another attempt.
public struct ReplaySweep: Sendable {
    private let store: ReplayStore
    private let queue: QueueClient

    /// In the traces of what was cancelled.
    static let note = "its replay was cancelled"
    /// Jobs of one look.
    private static let lookCount = 500
    /// Looks of one sweep, so that it ends.
    private static let maximumLooks = 50

    /// A sweep over the store and the queues.
    public init(store: ReplayStore, queue: QueueClient) {
        self.store = store
        self.queue = queue
    }

    /// Does it once; whether nothing waits or runs any more. What runs is left to end: the gate sees to what comes after.
    ///
    /// - Throws: `QueueError`, or `JobsError`.
    public func run(_ replay: Replay) async throws -> Bool {
        try await sweepLine(replay)
        let found = try await sweepRetries(replay)
        let lane = try await queue.status(ofLane: replay.lane, in: JobQueue.webhooks)
        return !found && lane.waiting == 0 && lane.running == 0
    }

    /// What is in line and has not begun.
    func sweepLine(_ replay: Replay) async throws(QueueError) {
        for _ in 0..<Self.maximumLooks {
            let ids = try await queue.line(ofLane: replay.lane, in: JobQueue.webhooks, count: Self.lookCount)
            var cancelled = 0
            for id in ids where try await cancel(id) { cancelled += 1 }
            guard cancelled > 0, ids.count == Self.lookCount else { return }
        }
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
