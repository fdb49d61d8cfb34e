import Basics
public import Jobs

/// A replay as people and programs are shown it.
public struct ReplayResource: Encodable, Sendable {
    public let id: String
    public let state: String
    public let from: String
    public let to: String
    public let filter: ReplayFilterResource
    public let pacePerSecond: Int
    public let createdAt: String
    public let changedAt: String
    public let endedAt: String?
    /// How many were to be sent, as a dry run would have said at the start.
    public let total: Int64
    /// Deliveries that it has come past.
    public let examined: Int64
    /// Those of them that are sent again: each has a job.
    public let sent: Int64
    /// What became of those.
    public let delivered, failed, cancelled, waiting: Int64
    /// Why others were not sent.
    public let skipped: [String: Int64]
    /// Why it failed.
    public let error: String?

    private enum CodingKeys: String, CodingKey {
        case id, state, from, to, filter, total, examined, sent
        case delivered, failed, cancelled, waiting, skipped, error
        case pacePerSecond = "pace_per_second"
        case createdAt = "created_at"
        case changedAt = "changed_at"
        case endedAt = "ended_at"
    }

    /// A row, and what became of its deliveries.
    public init(_ replay: Replay, _ outcomes: ReplayOutcomes) {
        func time(_ milliseconds: Int64) -> String { Timestamp(milliseconds: milliseconds).iso8601 }
        id = replay.id
        state = replay.state.rawValue
        from = time(replay.filter.sinceMilliseconds ?? 0)
        to = time(replay.toMilliseconds)
        filter = ReplayFilterResource(replay.filter)
        pacePerSecond = replay.pace
        createdAt = time(replay.createdAtMilliseconds)
        changedAt = time(replay.changedAtMilliseconds)
        endedAt = replay.endedAtMilliseconds.map(time)
        (total, examined, sent) = (replay.total, replay.examined, replay.sent)
        (delivered, failed) = (outcomes[.delivered], outcomes[.failed])
        // One that was cancelled before its first attempt is in no log; once nothing waits, those are the rest.
        let others = max(0, replay.sent - delivered - failed)
        cancelled = replay.isSettled ? others : min(others, outcomes[.cancelled])
        waiting = others - cancelled
        skipped = Dictionary(
            replay.skipped.filter { $0.value > 0 }.map { ($0.key.rawValue, $0.value) }
        ) { first, _ in first }
        error = replay.error
    }

    /// With null for what there is not.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(state, forKey: .state)
        try container.encode(from, forKey: .from)
        try container.encode(to, forKey: .to)
        try container.encode(filter, forKey: .filter)
        try container.encode(pacePerSecond, forKey: .pacePerSecond)
        try container.encode(createdAt, forKey: .createdAt)
        try container.encode(changedAt, forKey: .changedAt)
        try container.encode(endedAt, forKey: .endedAt)
        try container.encode(total, forKey: .total)
        try container.encode(examined, forKey: .examined)
        try container.encode(sent, forKey: .sent)
        try container.encode(delivered, forKey: .delivered)
        try container.encode(failed, forKey: .failed)
        try container.encode(cancelled, forKey: .cancelled)
        try container.encode(waiting, forKey: .waiting)
        try container.encode(skipped, forKey: .skipped)
        try container.encode(error, forKey: .error)
    }
}

/// Which deliveries of the range; null means any.
public struct ReplayFilterResource: Encodable, Sendable {
    let state, target, endpoint, eventType, domainName: String?

    private enum CodingKeys: String, CodingKey {
        case state, target, endpoint
        case eventType = "event_type"
        case domainName = "domain_name"
    }

    init(_ filter: DeliveryFilter) {
        (state, target, endpoint) = (filter.fields[.state], filter.fields[.target], filter.fields[.endpoint])
        (eventType, domainName) = (filter.fields[.eventType], filter.fields[.domainName])
    }

    /// Those that are asked for, for people.
    public var conditions: [(String, String)] {
        [
            ("state", state), ("target", target), ("endpoint", endpoint), ("event_type", eventType),
            ("domain_name", domainName),
        ].compactMap { name, value in value.map { (name, $0) } }
    }

    /// With null for what is not asked for.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(state, forKey: .state)
        try container.encode(target, forKey: .target)
        try container.encode(endpoint, forKey: .endpoint)
        try container.encode(eventType, forKey: .eventType)
        try container.encode(domainName, forKey: .domainName)
    }
}

/// What a replay would send: a dry run's answer.
public struct ReplayCountResource: Encodable, Sendable {
    /// Deliveries to one target.
    public struct Target: Encodable, Sendable {
        public let target: String
        public let count: Int64
    }

    public let dryRun = true
    public let count: Int64
    public let from: String
    public let to: String
    public let pacePerSecond: Int
    /// How long it would take at least, in seconds.
    public let seconds: Int64
    /// Those with the most deliveries.
    public let targets: [Target]
    /// Whether there are more targets.
    public let isShortened: Bool
    /// Deliveries of the range that would not be sent, and why.
    public let skipped: [String: Int64]

    private static let shownTargets = 200

    private enum CodingKeys: String, CodingKey {
        case count, from, to, seconds, targets, skipped
        case dryRun = "dry_run"
        case pacePerSecond = "pace_per_second"
        case isShortened = "targets_shortened"
    }

    init(_ request: ReplayRequest, _ count: ReplayCount) {
        self.count = count.total
        from = Timestamp(milliseconds: request.filter.sinceMilliseconds ?? 0).iso8601
        to = Timestamp(milliseconds: request.toMilliseconds).iso8601
        pacePerSecond = request.pace
        seconds = (count.total + Int64(request.pace) - 1) / Int64(request.pace)
        let sorted = count.targets.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        targets = sorted.prefix(Self.shownTargets).map { Target(target: $0.key, count: $0.value) }
        isShortened = sorted.count > Self.shownTargets
        skipped = Dictionary(count.skipped.map { ($0.key.rawValue, $0.value) }) { first, _ in first }
    }
}
