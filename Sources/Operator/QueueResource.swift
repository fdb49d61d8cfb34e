public import Queue

/// A queue as people and programs are shown it.
public struct QueueResource: Encodable, Sendable {
    public let name: String
    public let ready, due, running, dead: Int
    /// Since the first job in line was enqueued; 0 when none is ready.
    public let oldestReadySeconds: Double
    /// How long the ready jobs will take at the pace of the last minute; 0 when none is ready, null while nothing ends.
    public let backlogSeconds: Double?
    public let donePerSecond: Double?
    public let enqueuedPerSecond: Double?
    public let paused: Bool
    public let lanes: Lanes
    public let counters: [String: Int64]

    /// Its lanes.
    public struct Lanes: Encodable, Sendable {
        /// That have jobs waiting, or are held.
        public let count: Int
        /// Of which nothing starts for now: their rate, their target or their breaker says so.
        public let held: Int
    }

    private enum CodingKeys: String, CodingKey {
        case name, ready, due, running, dead, paused, lanes, counters
        case oldestReadySeconds = "oldest_ready_seconds"
        case backlogSeconds = "backlog_seconds"
        case donePerSecond = "done_per_second"
        case enqueuedPerSecond = "enqueued_per_second"
    }

    /// - Parameter pace: nil while it is unknown.
    public init(_ status: QueueStatus, pace: QueuePace?) {
        name = status.queue.description
        ready = status.ready
        due = status.due
        running = status.running
        dead = status.dead
        paused = status.isPaused
        lanes = Lanes(count: status.lanes, held: status.heldLanes)
        counters = status.counters
        oldestReadySeconds = status.oldestReadyMilliseconds.map { Double($0) / 1_000 } ?? 0
        donePerSecond = pace.map { Self.rounded($0.endedPerSecond) }
        enqueuedPerSecond = pace.map { Self.rounded($0.enqueuedPerSecond) }
        if status.ready == 0 {
            backlogSeconds = 0
        } else {
            let rate = pace?.endedPerSecond ?? 0
            backlogSeconds = rate > 0 ? Self.rounded(Double(status.ready) / rate) : nil
        }
    }

    /// With null for what is unknown.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(ready, forKey: .ready)
        try container.encode(due, forKey: .due)
        try container.encode(running, forKey: .running)
        try container.encode(dead, forKey: .dead)
        try container.encode(oldestReadySeconds, forKey: .oldestReadySeconds)
        try container.encode(backlogSeconds, forKey: .backlogSeconds)
        try container.encode(donePerSecond, forKey: .donePerSecond)
        try container.encode(enqueuedPerSecond, forKey: .enqueuedPerSecond)
        try container.encode(paused, forKey: .paused)
        try container.encode(lanes, forKey: .lanes)
        try container.encode(counters, forKey: .counters)
    }

    private static func rounded(_ number: Double) -> Double { (number * 1_000).rounded() / 1_000 }
}
