import Redis

/// One lane as it stands.
public struct LaneStatus: Sendable, Hashable {
    public let lane: String
    public let waiting: Int
    public let running: Int
    public let limits: LaneLimits
    /// Until when nothing of it starts, Unix ms; nil when it is not held.
    public let heldUntilMilliseconds: Int64?
    /// Whether it is held, or let through one at a time, because its jobs failed.
    public let isBreakerOpen: Bool
}

extension QueueClient {
    /// Sets one lane's limits; nil gives it the queue's standard ones again. Holds from its next claim on.
    public func setLimits(_ limits: LaneLimits?, ofLane lane: String, in queue: QueueName) async throws(QueueError) {
        let keys = Keys(namespace: namespace, queue: queue)
        if let limits {
            _ = try await run(command("HSET", keys.lanesLimits, lane, limits.description))
        } else {
            _ = try await run(command("HDEL", keys.lanesLimits, lane))
        }
    }

    /// Sets many lanes' limits: one command for each ``Limits/lanesPerCall`` of them.
    public func setLimits(_ limits: [String: LaneLimits], in queue: QueueName) async throws(QueueError) {
        let keys = Keys(namespace: namespace, queue: queue)
        let lanes = limits.keys.sorted()
        for first in stride(from: 0, to: lanes.count, by: Limits.lanesPerCall) {
            var set = RedisCommand("HSET")
            set.append(keys.lanesLimits)
            for lane in lanes[first..<min(first + Limits.lanesPerCall, lanes.count)] {
                set.append(lane)
                set.append(limits[lane]?.description ?? "")
            }
            _ = try await run(set)
        }
    }

    /// Sets what every lane of the queue has that has no limits of its own; nil is ``LaneLimits/standard``.
    public func setStandardLaneLimits(_ limits: LaneLimits?, in queue: QueueName) async throws(QueueError) {
        let keys = Keys(namespace: namespace, queue: queue)
        if let limits {
            _ = try await run(command("HSET", keys.meta, "lane-limits", limits.description))
        } else {
            _ = try await run(command("HDEL", keys.meta, "lane-limits"))
        }
    }

    /// How one lane stands; one round trip.
    public func status(ofLane lane: String, in queue: QueueName) async throws(QueueError) -> LaneStatus {
        let keys = Keys(namespace: namespace, queue: queue)
        let replies = try await run([
            command("LLEN", keys.lane(lane)), command("HGET", keys.lanesRunning, lane),
            command("HGET", keys.lanesLimits, lane), command("HGET", keys.meta, "lane-limits"),
            command("ZSCORE", keys.lanesHeld, lane), command("HGET", keys.lanesBreaker, lane),
        ])
        let limits = (replies[2].string ?? replies[3].string).flatMap { LaneLimits($0) } ?? .standard
        return LaneStatus(
            lane: lane,
            waiting: Int(replies[0].integerValue ?? 0),
            running: Int(replies[1].string ?? "") ?? 0,
            limits: limits,
            heldUntilMilliseconds: replies[4].string.flatMap { Double($0) }.map { Int64($0) },
            isBreakerOpen: replies[5].string.map { $0.hasPrefix("o") || $0.hasPrefix("p") } ?? false)
    }

    /// How many jobs wait behind others of their order key, of all order keys that begin with `prefix`; one round trip.
    ///
    /// - Precondition: `prefix` is a token (``Envelope/isToken(_:)``).
    public func waitingBehind(orderKeyPrefix prefix: String, in queue: QueueName) async throws(QueueError) -> Int {
        precondition(Envelope.isToken(prefix), "a prefix is 1 to 200 printable ASCII characters without spaces")
        let orders = Keys(namespace: namespace, queue: queue).orders
        // DEL comes after everything that a key may have.
        let count = try await run(command("ZLEXCOUNT", orders, "[" + prefix, "(" + prefix + "\u{7F}"))
        return Int(count.integerValue ?? 0)
    }

    /// The lanes that have jobs, in no order: at most about `count`.
    public func busyLanes(of queue: QueueName, count: Int) async throws(QueueError) -> [String] {
        let keys = Keys(namespace: namespace, queue: queue)
        return strings(try await run(command("HRANDFIELD", keys.lanes, "\(count)")))
    }
}
