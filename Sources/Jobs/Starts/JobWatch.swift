public import Queue

/// Tells whether anybody will still run a job, wherever it is: outbox or Redis.
public struct JobWatch: Sendable {
    private let queue: QueueClient
    private let outbox: OutboxStore

    /// A watch over both.
    public init(queue: QueueClient, outbox: OutboxStore) { (self.queue, self.outbox) = (queue, outbox) }

    /// Why nobody will; nil when somebody will, or may.
    ///
    /// - Throws: ``QueueError``, ``JobsError``.
    func end(of text: String, in name: QueueName) async throws -> String? {
        guard let id = JobID(text) else { return "its job has no id" }
        switch try await queue.job(id, in: [name]) {
        case .present(let view) where view.state == .dead:
            return "its job is in the dead set: \(view.lastError?.message ?? "for no known reason")"
        case .present: return nil
        case .finished(let trace): return "its job has ended: \(trace.state.rawValue)"
        case nil:
            // What Redis has lost the relay gives to it again; only the outbox says that a job has ended.
            guard let kept = try await outbox.find(id: id) else { return "its job is gone" }
            return kept.isEnded ? "its job has ended" : nil
        }
    }
}
