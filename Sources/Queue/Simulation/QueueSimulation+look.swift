import Redis

extension QueueSimulation {
    /// Jobs that wait for their time, the next one first; at most 1,000 of each queue.
    public func due() async throws(QueueError) -> [JobView] {
        var jobs: [JobView] = []
        for queue in queues { jobs += try await client.dueJobs(in: queue) }
        return jobs.sorted { ($0.atMilliseconds ?? 0, $0.id.description) < ($1.atMilliseconds ?? 0, $1.id.description) }
    }

    /// Buried jobs, the last one first; at most 1,000 of each queue.
    public func dead() async throws(QueueError) -> [JobView] {
        var jobs: [JobView] = []
        for queue in queues { jobs += try await client.dead(in: queue, limit: 1_000).jobs }
        return jobs
    }

    /// What is known of a job: where it is, and for what it waits. nil once it has ended, unless it leaves a trace.
    public func job(_ id: JobID) async throws(QueueError) -> FoundJob? { try await client.job(id, in: queues) }

    /// Removes what the simulation has in Redis: a walk over the names of all keys there, 1,000 at a time.
    func removeKeys() async throws(QueueError) {
        var cursor = "0"
        repeat {
            let reply = try await client.run(
                client.command("SCAN", cursor, "MATCH", client.namespace + ":*", "COUNT", "1000"))
            guard let parts = reply.arrayValue, parts.count == 2, let next = parts[0].string else {
                throw QueueClient.unexpectedReply
            }
            let names = client.strings(parts[1])
            if !names.isEmpty { _ = try await client.run(RedisCommand("UNLINK", arguments: names)) }
            cursor = next
        } while cursor != "0"
    }
}

extension QueueClient {
    fileprivate func dueJobs(in queue: QueueName) async throws(QueueError) -> [JobView] {
        let keys = Keys(namespace: namespace, queue: queue)
        let replies = try await run(
            [keys.due, keys.lanesDue].map { command("ZRANGE", $0, "0", "999", "WITHSCORES") })
        let entries = replies.flatMap { reply in
            let values = strings(reply)
            return stride(from: 0, to: values.count - 1, by: 2).compactMap { index -> (JobID, Int64)? in
                let name = values[index].prefix { $0 != " " }
                guard let id = JobID(String(name)), let score = Double(values[index + 1]) else { return nil }
                return (id, Int64(score))
            }
        }
        guard !entries.isEmpty else { return [] }
        let names = entries.map(\.0.description)
        let details = try await run(
            [keys.jobs, keys.errors].map { RedisCommand("HMGET", arguments: [$0] + names) })
        let (envelopes, errors) = (details[0].arrayValue ?? [], details[1].arrayValue ?? [])
        return entries.enumerated().compactMap { index, entry in
            guard case .bytes(let bytes)? = envelopes[safely: index], let envelope = Envelope(bytes: bytes) else {
                return nil
            }
            var view = JobView(
                id: entry.0, queue: queue, state: .due, envelope: envelope, error: errors[safely: index]?.string)
            view.atMilliseconds = entry.1
            return view
        }
    }
}
