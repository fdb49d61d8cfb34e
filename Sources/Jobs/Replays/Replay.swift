public import Queue

/// Deliveries of a range of time that are sent again, and how far that is.
public struct Replay: Sendable, Hashable {
    /// How it stands.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Its deliveries go out.
        case running
        /// A person stopped it for a while.
        case paused
        /// All of them have been sent; some may be tried again.
        case done
        /// A person ended it.
        case cancelled
        /// It could not go on; ``Replay/error`` says why. A person may resume it.
        case failed
    }

    /// Why a delivery of the range is not sent again.
    public enum Skip: String, Sendable, Hashable, CaseIterable {
        /// An attempt at it is still to come, or was made after the replay began.
        case notEnded = "not_ended"
        /// Its subscription is no more.
        case endpointDeleted = "endpoint_deleted"
        /// Its subscription is switched off.
        case endpointOff = "endpoint_off"
        /// Nobody has what it takes to send it any more.
        case payloadGone = "payload_gone"
        /// What is kept of it cannot be sent again: unreadable, or too long with what is added.
        case unreadable
    }

    /// `rp_` and 20 characters.
    public let id: String
    public var state: State
    /// Which deliveries. Its end is the moment of the wish at the latest.
    public let filter: DeliveryFilter
    /// The end of the range as it was asked for, Unix ms.
    public let toMilliseconds: Int64
    /// Deliveries a second.
    public let pace: Int
    /// When it was asked for, Unix ms. What was asked for or tried later is left out.
    public let createdAtMilliseconds: Int64
    /// Unix ms.
    public let changedAtMilliseconds: Int64
    /// Unix ms; nil while it is under way.
    public let endedAtMilliseconds: Int64?
    /// How many were to be sent, as a dry run would have said at the start.
    public let total: Int64
    /// The last delivery that was examined; empty before the first.
    public let cursor: String
    /// The last one of the batch under way; nil between two batches.
    public let batchEnd: String?
    /// Deliveries that it has come past.
    public let examined: Int64
    /// Those that were sent again: they have jobs.
    public let sent: Int64
    /// Those that were not.
    public let skipped: [Skip: Int64]
    /// The job that works through it.
    public let runner: JobID
    /// Of a cancelled one: whether nothing of it waits any more.
    public let isSettled: Bool
    /// Why it failed.
    public let error: String?

    /// Deliveries a second unless somebody says otherwise.
    public static let standardPace = 50
    /// What may be said.
    public static let paces: ClosedRange<Int64> = 1...1_000
    /// Deliveries of one replay.
    public static let maximumCount = 1_000_000
    /// Replays that are running or paused at a time.
    public static let maximumUnderWay = 10

    private static let prefix = "rp_"
    private static let lanePrefix = "replay:"
    /// Of its deliveries, at a time, over all workers: few of a worker's slots, so that others find theirs.
    static let maximumInFlight = 32

    /// A name for a new one.
    public static func makeID(nowMilliseconds: Int64) -> String {
        prefix + JobID(nowMilliseconds: nowMilliseconds).description
    }

    /// Whether a text may be the name of one.
    public static func isID(_ text: String) -> Bool {
        text.hasPrefix(prefix) && JobID(String(text.dropFirst(prefix.count))) != nil
    }

    /// Its deliveries' lane in the queue `webhooks`.
    public var lane: String { Self.lane(of: id) }

    static func lane(of id: String) -> String { lanePrefix + id }

    /// The replay whose lane this is; nil for other lanes.
    public static func id(ofLane lane: String) -> String? {
        lane.hasPrefix(lanePrefix) ? String(lane.dropFirst(lanePrefix.count)) : nil
    }

    /// What its lane has: its pace, at most ``maximumInFlight`` at a time, and a breaker.
    ///
    /// - Parameter endpoint: the one subscription that it is for, whose own limits hold too.
    func limits(for endpoint: Endpoint?) -> LaneLimits {
        let inFlight = min(Self.maximumInFlight, endpoint?.settings.maximumInFlight ?? Self.maximumInFlight)
        let perSecond = min(Double(pace), endpoint?.settings.ratePerSecond ?? Double(pace))
        return LaneLimits(
            inFlight: inFlight, perSecond: perSecond, burst: max(1, Int(perSecond) / 20),
            breaker: LaneLimits.Breaker())
    }

    /// Deliveries that are taken together: half a second's worth, so that a batch done twice is few.
    var batchCount: Int { min(100, max(1, pace / 2)) }

    /// How many may wait in its lane: two seconds' worth. The rest stays where it is, so that a cancel finds little to do.
    var backlogCount: Int { max(20, 2 * pace) }
}
