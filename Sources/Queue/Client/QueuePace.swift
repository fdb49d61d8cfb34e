// How fast a queue moves. The totals alone tell nothing of it, so samples of them are kept in Redis, where every look
// finds them: a command that runs once, an API that has just started. Whoever looks keeps a sample when the last is old.

import Redis

/// How fast jobs of a queue come and end.
public struct QueuePace: Sendable, Hashable {
    /// Jobs that ended (done, buried, cancelled) a second.
    public let endedPerSecond: Double
    /// Jobs that were enqueued a second.
    public let enqueuedPerSecond: Double

    /// The least time between two samples, in ms.
    public static let intervalMilliseconds: Int64 = 10_000
    /// Samples that are kept: five minutes of them.
    static let maximumSamples = 30
    /// What the pace is taken over, when there are samples that old.
    static let windowMilliseconds: Int64 = 60_000
    /// A shorter time says too little.
    static let shortestMilliseconds: Int64 = 1_000

    struct Sample: Sendable, Hashable {
        var atMilliseconds: Int64
        var ended: Int64
        var enqueued: Int64
    }

    /// The pace from a sample about ``windowMilliseconds`` ago until now; from the time kept when nothing ended in that.
    ///
    /// - Parameter samples: the oldest first, none later than `now`.
    /// - Returns: nil while there is no sample old enough.
    init?(now: Sample, samples: [Sample]) {
        let lifetime = Self.intervalMilliseconds * Int64(Self.maximumSamples) + Self.windowMilliseconds
        let usable = samples.filter { sample in
            let age = now.atMilliseconds - sample.atMilliseconds
            return (Self.shortestMilliseconds...lifetime).contains(age) && sample.ended <= now.ended
        }
        guard let oldest = usable.first else { return nil }
        let edge = now.atMilliseconds - Self.windowMilliseconds
        // The youngest of those that cover the window; the oldest of all while none does.
        var base = usable.last { $0.atMilliseconds <= edge } ?? oldest
        if base.ended == now.ended { base = oldest }
        let seconds = Double(now.atMilliseconds - base.atMilliseconds) / 1_000
        endedPerSecond = Double(now.ended - base.ended) / seconds
        enqueuedPerSecond = Double(max(0, now.enqueued - base.enqueued)) / seconds
    }
}

extension QueueClient {
    /// How fast each of `queues` moves, in their order; nil for one that nobody has looked at a second ago or more. One
    /// round trip.
    ///
    /// Something should ask at least every ``QueuePace/intervalMilliseconds``, so that there are samples.
    public func pace(of queues: [QueueName]) async throws(QueueError) -> [QueuePace?] {
        let replies = try await run(
            queues.map { queue in
                let keys = Keys(namespace: namespace, queue: queue)
                var command = RedisCommand(script: Scripts.pace, keys: [keys.counters, keys.pace])
                command.append(scriptTimeMilliseconds)
                command.append(QueuePace.intervalMilliseconds)
                command.append(QueuePace.maximumSamples)
                return command
            })
        var paces: [QueuePace?] = []
        for reply in replies {
            guard let parts = reply.arrayValue, parts.count >= 3 else { throw Self.unexpectedReply }
            let numbers = parts.prefix(3).compactMap(\.integerValue)
            guard numbers.count == 3 else { throw Self.unexpectedReply }
            let samples = parts.dropFirst(3).compactMap { part -> QueuePace.Sample? in
                let fields = (part.string ?? "").split(separator: " ").compactMap { Int64($0) }
                guard fields.count == 3 else { return nil }
                return .init(atMilliseconds: fields[0], ended: fields[1], enqueued: fields[2])
            }
            paces.append(
                QueuePace(
                    now: .init(atMilliseconds: numbers[0], ended: numbers[1], enqueued: numbers[2]), samples: samples))
        }
        return paces
    }
}
