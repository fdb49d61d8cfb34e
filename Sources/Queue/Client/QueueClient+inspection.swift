// Looking at queues and jobs. Each look is a pipeline of plain reads, so what it answers may be a moment old, and a job
// that moves between two of them is looked for once more.

import Redis

/// The counts of one queue.
public struct QueueStatus: Sendable, Hashable {
    public let queue: QueueName
    public let ready: Int
    public let due: Int
    public let running: Int
    public let dead: Int
    public let isPaused: Bool
    /// Since the first job in line was enqueued, by this machine's clock; nil when none is ready.
    public let oldestReadyMilliseconds: Int64?
    /// Totals since the queue was made: `enqueued`, `done`, `retried`, `deferred`, `buried`, `recovered` and the like.
    public let counters: [String: Int64]
}

extension QueueClient {
    /// The counts of `queues`, in two round trips.
    public func status(of queues: [QueueName], nowMilliseconds: Int64) async throws(QueueError) -> [QueueStatus] {
        guard !queues.isEmpty else { return [] }
        let keys = queues.map { Keys(namespace: namespace, queue: $0) }
        let firsts = try await run(
            keys.flatMap { keys in
                [
                    command("LLEN", keys.ready), command("ZCARD", keys.due), command("ZCARD", keys.dead),
                    command("HGET", keys.meta, "paused"), command("LINDEX", keys.ready, "0"),
                    command("HGETALL", keys.counters), command("ZRANGE", keys.leases, "0", "-1"),
                ]
            })
        let workers = (0..<queues.count).map { strings(firsts[$0 * 7 + 6]) }
        let lengths = try await run(
            zip(keys, workers).flatMap { keys, workers in workers.map { command("HLEN", keys.claims(of: $0)) } })
        var next = lengths.makeIterator()
        return queues.enumerated().map { index, queue in
            let part = firsts[(index * 7)..<(index * 7 + 7)].map { $0 }
            let running = workers[index].reduce(0) { sum, _ in sum + Int(next.next()?.integerValue ?? 0) }
            let oldest = part[4].string.flatMap { JobID($0) }
            let totals = strings(part[5])
            let pairs = stride(from: 0, to: totals.count - 1, by: 2).map { (totals[$0], Int64(totals[$0 + 1]) ?? 0) }
            return QueueStatus(
                queue: queue,
                ready: Int(part[0].integerValue ?? 0),
                due: Int(part[1].integerValue ?? 0),
                running: running,
                dead: Int(part[2].integerValue ?? 0),
                isPaused: part[3] != .null,
                oldestReadyMilliseconds: oldest.map { max(0, nowMilliseconds - $0.createdMilliseconds) },
                counters: Dictionary(pairs) { first, _ in first })
        }
    }

    /// Finds a job that has not ended, or whose end is not in the history yet, in `queues`; nil when Redis knows nothing
    /// of it. Two to four round trips.
    public func job(_ id: JobID, in queues: [QueueName]) async throws(QueueError) -> FoundJob? {
        for _ in 0..<2 {
            for queue in queues {
                if let found = try await look(for: id, in: queue) { return found }
            }
        }
        return nil
    }

    private func look(for id: JobID, in queue: QueueName) async throws(QueueError) -> FoundJob? {
        let keys = Keys(namespace: namespace, queue: queue)
        let name = id.description
        let replies = try await run([
            command("HGET", keys.jobs, name), command("ZSCORE", keys.due, name), command("ZSCORE", keys.dead, name),
            command("HGET", keys.errors, name), command("HGET", keys.finished, name),
            command("ZRANGE", keys.leases, "0", "-1"),
        ])
        guard case .bytes(let bytes) = replies[0] else {
            guard let line = replies[4].string else { return nil }
            return FinishedTrace(id: id, queue: queue, line: line).map { .finished($0) }
        }
        guard let envelope = Envelope(bytes: bytes) else {
            throw QueueError(.unexpectedReply, "job \(id) has an envelope of another version")
        }
        var view = JobView(id: id, queue: queue, state: .ready, envelope: envelope, error: replies[3].string)
        if let score = replies[2].string.flatMap(Double.init) {
            view.state = .dead
            view.atMilliseconds = Int64(score)
        } else if let score = replies[1].string.flatMap(Double.init) {
            view.state = .due
            view.atMilliseconds = Int64(score)
        } else {
            let workers = strings(replies[5])
            let fences = try await run(workers.map { command("HEXISTS", keys.claims(of: $0), name) })
            if let index = fences.firstIndex(of: .integer(1)) {
                view.state = .running
                view.worker = workers[index]
            }
        }
        return .present(view)
    }

    func command(_ name: String, _ arguments: String...) -> RedisCommand {
        var command = RedisCommand(name)
        for argument in arguments { command.append(argument) }
        return command
    }

    func strings(_ reply: RedisReply) -> [String] { (reply.arrayValue ?? []).map { $0.string ?? "" } }
}

/// What a look for a job finds in Redis.
public enum FoundJob: Sendable, Hashable {
    /// It has not ended, or is buried.
    case present(JobView)
    /// It has ended; its trace is on the way to the history.
    case finished(FinishedTrace)
}
