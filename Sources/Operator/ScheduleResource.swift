import Basics
import Jobs
public import Queue

/// A schedule as people and programs are shown it.
public struct ScheduleResource: Encodable, Sendable {
    public let name, pattern, timeZone, kind, queue, misfire: String
    public let paused: Bool
    public let pausedSince: String?
    /// Null while it is paused, and when it never fires again.
    public let nextAt: String?
    public let nextTimes: [String]
    /// The last line of its ledger; null before the first.
    public let lastTick: TickResource?

    private enum CodingKeys: String, CodingKey {
        case name, pattern, kind, queue, misfire, paused
        case timeZone = "time_zone"
        case pausedSince = "paused_since"
        case nextAt = "next_at"
        case nextTimes = "next_times"
        case lastTick = "last_tick"
    }

    /// - Parameter times: how many of the next times are worked out. They are the pattern's, also while it is paused.
    public init(_ status: ScheduleStatus, times: Int) {
        let scheduled = status.scheduled
        name = scheduled.schedule.name
        pattern = scheduled.schedule.pattern.description
        timeZone = scheduled.schedule.zone.identifier
        kind = scheduled.kind
        queue = scheduled.queue.description
        misfire =
            switch scheduled.schedule.misfire {
            case .skip: "skip"
            case .once: "once"
            case .catchUp(let count): "catch_up(\(count))"
            }
        paused = status.pausedSinceMilliseconds != nil
        pausedSince = status.pausedSinceMilliseconds.map { Timestamp(milliseconds: $0).iso8601 }
        nextAt = status.nextMilliseconds.map { Timestamp(milliseconds: $0).iso8601 }
        nextTimes = scheduled.schedule.next(times, after: status.nowMilliseconds).map {
            Timestamp(milliseconds: $0).iso8601
        }
        lastTick = status.lastTick.map { TickResource(RecordedTick($0)) }
    }

    /// With null for what is unknown.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(name, forKey: .name)
        try container.encode(pattern, forKey: .pattern)
        try container.encode(timeZone, forKey: .timeZone)
        try container.encode(kind, forKey: .kind)
        try container.encode(queue, forKey: .queue)
        try container.encode(misfire, forKey: .misfire)
        try container.encode(paused, forKey: .paused)
        try container.encode(pausedSince, forKey: .pausedSince)
        try container.encode(nextAt, forKey: .nextAt)
        try container.encode(nextTimes, forKey: .nextTimes)
        try container.encode(lastTick, forKey: .lastTick)
    }
}
