import Redis

extension QueueClient {
    /// The queues among `queues` that hold a receipt of this key. One round trip.
    public func receipts(named key: String, in queues: [QueueName]) async throws(QueueError) -> [QueueName] {
        let replies = try await run(
            queues.map { command("EXISTS", Keys(namespace: namespace, queue: $0).receipt(key)) })
        return zip(queues, replies).filter { $0.1 == .integer(1) }.map(\.0)
    }
}
