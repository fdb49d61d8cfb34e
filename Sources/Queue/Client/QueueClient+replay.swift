import Redis

extension QueueClient {
    /// Those of `ids` that are in the dead set. One round trip; at most some thousands at a time.
    public func buried(of ids: [JobID], in queue: QueueName) async throws(QueueError) -> Set<JobID> {
        guard !ids.isEmpty else { return [] }
        let scores = try await run(command("ZMSCORE", Keys(namespace: namespace, queue: queue).dead, ids))
        return Set(zip(ids, scores.arrayValue ?? []).filter { !$0.1.isNull }.map(\.0))
    }

    /// Those of `ids` that are in the dead set, as they were enqueued or last kept. One round trip; the answer may be long,
    /// so at most some hundreds at a time.
    public func buriedEnvelopes(of ids: [JobID], in queue: QueueName) async throws(QueueError) -> [JobID: Envelope] {
        guard !ids.isEmpty else { return [:] }
        let keys = Keys(namespace: namespace, queue: queue)
        let replies = try await run([command("ZMSCORE", keys.dead, ids), command("HMGET", keys.jobs, ids)])
        var envelopes: [JobID: Envelope] = [:]
        for (index, id) in ids.enumerated() {
            guard let score = replies[0].arrayValue?[safely: index], !score.isNull,
                let bytes = replies[1].arrayValue?[safely: index]?.bytesValue
            else { continue }
            envelopes[id] = Envelope(bytes: bytes)
        }
        return envelopes
    }

    /// The first jobs in a lane's line, in their order.
    public func line(ofLane lane: String, in queue: QueueName, count: Int) async throws(QueueError) -> [JobID] {
        guard count > 0 else { return [] }
        let line = Keys(namespace: namespace, queue: queue).lane(lane)
        return strings(try await run(command("LRANGE", line, "0", "\(count - 1)"))).compactMap { JobID($0) }
    }

    private func command(_ name: String, _ key: String, _ ids: [JobID]) -> RedisCommand {
        var command = RedisCommand(name)
        command.append(key)
        for id in ids { command.append(id) }
        return command
    }
}
