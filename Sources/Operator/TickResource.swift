import Basics
public import Jobs

/// A line of a schedule's ledger as people and programs are shown it.
public struct TickResource: Encodable, Sendable {
    /// When it should have fired; of several that were passed over together, the first.
    public let at: String
    /// Of several, the last; else the same.
    public let lastAt: String
    /// How many ticks it stands for.
    public let count: Int64
    /// `fired`, `skipped` or `manual`.
    public let outcome: String
    /// Why it did not fire; null for one that did.
    public let reason: String?
    public let judgedAt: String
    public let lateMilliseconds: Int64
    /// Its job; of one that was skipped because an earlier one's job is still pending, that job.
    public let jobID: String?

    private enum CodingKeys: String, CodingKey {
        case at, count, outcome, reason
        case lastAt = "last_at"
        case judgedAt = "judged_at"
        case lateMilliseconds = "late_ms"
        case jobID = "job_id"
    }

    /// A row of the ledger.
    public init(_ tick: RecordedTick) {
        at = Timestamp(milliseconds: tick.atMilliseconds).iso8601
        lastAt = Timestamp(milliseconds: tick.lastAtMilliseconds).iso8601
        count = tick.count
        outcome = tick.outcome
        reason = tick.reason
        judgedAt = Timestamp(milliseconds: tick.judgedAtMilliseconds).iso8601
        lateMilliseconds = tick.lateMilliseconds
        jobID = tick.jobID
    }

    /// With null for what there is not.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(at, forKey: .at)
        try container.encode(lastAt, forKey: .lastAt)
        try container.encode(count, forKey: .count)
        try container.encode(outcome, forKey: .outcome)
        try container.encode(reason, forKey: .reason)
        try container.encode(judgedAt, forKey: .judgedAt)
        try container.encode(lateMilliseconds, forKey: .lateMilliseconds)
        try container.encode(jobID, forKey: .jobID)
    }
}
