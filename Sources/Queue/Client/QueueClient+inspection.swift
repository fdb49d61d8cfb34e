// Looking at queues and jobs. Each look is a pipeline of plain reads, so what it answers may be a moment old, and a job
// that moves between two of them is looked for once more.

import Redis

/// The counts of one queue.
public struct QueueStatus: Sendable, Hashable {
    public let queue: QueueName
    public let ready: Int
    /// Waiting for their time, or for another of their debounce or order key to end.
    public let due: Int
    public let running: Int
    public let dead: Int
    /// Lanes that have jobs waiting, or are held.
    public let lanes: Int
    /// Lanes of which nothing starts for now.
    public let heldLanes: Int
    public let isPaused: Bool
    /// Since the first job in line was enqueued, by this machine's clock; nil when none is ready. Of lanes, the fifty
    /// whose turn comes next are looked at.
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
                    command("HGET", keys.meta, "laned"), command("ZCARD", keys.lanesDue),
                    command("SCARD", keys.cancelled), command("HLEN", keys.lanes), command("ZCARD", keys.lanesHeld),
                    command("HLEN", keys.next), command("LRANGE", keys.ring, "0", "\(Self.sampledLanes - 1)"),
                    command("ZCARD", keys.orders),
                ]
            })
        let workers = (0..<queues.count).map { strings(firsts[$0 * Self.statusReads + 6]) }
        let lanes = (0..<queues.count).map { strings(firsts[$0 * Self.statusReads + 13]) }
        let seconds = try await run(
            keys.indices.flatMap { index in
                workers[index].map { command("HLEN", keys[index].claims(of: $0)) }
                    + lanes[index].map { command("LINDEX", keys[index].lane($0), "0") }
            })
        var next = seconds.makeIterator()
        return queues.enumerated().map { index, queue in
            let part = Array(firsts[(index * Self.statusReads)..<((index + 1) * Self.statusReads)])
            let running = workers[index].reduce(0) { sum, _ in sum + Int(next.next()?.integerValue ?? 0) }
            let heads = [part[4].string] + lanes[index].map { _ in next.next()?.string }
            let oldest = heads.compactMap { $0.flatMap { JobID($0) }?.createdMilliseconds }.min()
            let totals = strings(part[5])
            let pairs = stride(from: 0, to: totals.count - 1, by: 2).map { (totals[$0], Int64(totals[$0 + 1]) ?? 0) }
            return QueueStatus(
                queue: queue,
                ready: max(0, number(part[0]) + number(part[7]) - number(part[9])),
                due: number(part[1]) + number(part[8]) + number(part[12]) + number(part[14]),
                running: running,
                dead: number(part[2]),
                lanes: number(part[10]),
                heldLanes: number(part[11]),
                isPaused: part[3] != .null,
                oldestReadyMilliseconds: oldest.map { max(0, nowMilliseconds - $0) },
                counters: Dictionary(pairs) { first, _ in first })
        }
    }

    func command(_ name: String, _ arguments: String...) -> RedisCommand {
        var command = RedisCommand(name)
        for argument in arguments { command.append(argument) }
        return command
    }

    private static let statusReads = 15
    /// Lanes whose first job is asked for its age: those whose turn comes next.
    private static let sampledLanes = 50

    private func number(_ reply: RedisReply) -> Int { Int(reply.integerValue ?? 0) }

    func strings(_ reply: RedisReply) -> [String] { (reply.arrayValue ?? []).map { $0.string ?? "" } }
}
