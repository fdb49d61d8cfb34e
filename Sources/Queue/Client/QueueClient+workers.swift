// The list of worker processes, as their heartbeats keep it. A worker that died without a word stays on it for
// `Heartbeat.listedMilliseconds`, silent.

import Redis

/// A worker process as the others see it.
public struct WorkerStatus: Sendable, Hashable {
    /// Unique per start.
    public let name: String
    /// What it says of itself: JSON, as in ``WorkerOptions/description``.
    public let description: String
    /// Since its last heartbeat, by Redis's clock.
    public let beatAgeMilliseconds: Int64
    /// Jobs that it holds, by queue; only queues in which it holds some.
    public let running: [QueueName: Int]
    /// Whether it was told to claim no more.
    public let isQuiet: Bool

    /// Jobs that it holds.
    public var runningCount: Int { running.values.reduce(0, +) }
    /// Whether its leases hold: it has beaten lately.
    public var isAlive: Bool { beatAgeMilliseconds < Heartbeat.leaseMilliseconds }
}

extension QueueClient {
    /// Every worker process on the list, by name, and what it holds in `queues`. Two round trips.
    public func workers(in queues: [QueueName]) async throws(QueueError) -> [WorkerStatus] {
        let common = CommonKeys(namespace: namespace)
        let first = try await run([
            command("TIME"), command("ZRANGE", common.workers, "0", "-1", "WITHSCORES"),
            command("HGETALL", common.descriptions), command("SMEMBERS", common.quiet),
        ])
        let time = strings(first[0]).compactMap { Int64($0) }
        guard time.count == 2 else { throw Self.unexpectedReply }
        let now = time[0] * 1_000 + time[1] / 1_000
        let beats = Self.pairs(strings(first[1]))
        let descriptions = Dictionary(Self.pairs(strings(first[2]))) { first, _ in first }
        let quiet = Set(strings(first[3]))
        let claims = beats.flatMap { beat in
            queues.map { command("HLEN", Keys(namespace: namespace, queue: $0).claims(of: beat.0)) }
        }
        let lengths = try await run(claims)
        return beats.enumerated().map { index, beat in
            var running: [QueueName: Int] = [:]
            for (offset, queue) in queues.enumerated() {
                let length = Int(lengths[index * queues.count + offset].integerValue ?? 0)
                if length > 0 { running[queue] = length }
            }
            return WorkerStatus(
                name: beat.0, description: descriptions[beat.0] ?? "{}",
                beatAgeMilliseconds: max(0, now - Int64(Double(beat.1) ?? 0)), running: running,
                isQuiet: quiet.contains(beat.0))
        }.sorted { $0.name < $1.name }
    }

    /// Neighbours of a flat list, as Redis answers fields with their values.
    static func pairs(_ list: [String]) -> [(String, String)] {
        stride(from: 0, to: list.count - 1, by: 2).map { (list[$0], list[$0 + 1]) }
    }
}
