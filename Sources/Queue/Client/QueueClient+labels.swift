import Redis

/// What a job stands for: itself and the jobs whose place it took.
public struct JobLabels: Sendable, Hashable {
    /// How many jobs.
    public let count: Int
    /// Their labels, the oldest first; of very many not all.
    public let labels: [String]

    /// What is known of some jobs.
    public init(count: Int, labels: [String]) {
        self.count = count
        self.labels = labels
    }

    /// - Parameter value: `<count> <labels>`, as the scripts write it.
    init?(_ value: String) {
        let words = value.split(separator: " ")
        guard let first = words.first, let count = Int(first) else { return nil }
        self.init(count: count, labels: words.dropFirst().map(String.init))
    }
}

extension QueueClient {
    /// What a job stands for that has a debounce key, or that ended one which had: see ``NewJob/label``. Nil for every other
    /// job, and for one that has ended. While a job runs the answer stays the same. One trip.
    public func labels(of id: JobID, in queue: QueueName) async throws(QueueError) -> JobLabels? {
        let keys = Keys(namespace: namespace, queue: queue)
        var command = RedisCommand("HGET")
        command.append(keys.keys)
        command.append("s:\(id)")
        do {
            return try await redis.run(command).string.flatMap(JobLabels.init)
        } catch {
            throw QueueError(error)
        }
    }
}
