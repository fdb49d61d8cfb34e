import Postgres
public import Queue

/// A row of the ledger.
public struct RecordedTick: Sendable, Hashable {
    /// When it should have fired, Unix ms; of several, the first.
    public let atMilliseconds: Int64
    /// Of several, the last; else the same.
    public let lastAtMilliseconds: Int64
    /// How many ticks it stands for.
    public let count: Int64
    /// As in `ScheduleTick.Outcome`.
    public let outcome: String
    /// nil when there is none.
    public let reason: String?
    /// When it was judged, Unix ms.
    public let judgedAtMilliseconds: Int64
    /// How late that was, in ms.
    public let lateMilliseconds: Int64
    /// Its job, or the one because of which it has none.
    public let jobID: String?

    /// A row that stands for one tick.
    public init(
        atMilliseconds: Int64, outcome: String, reason: String? = nil, judgedAtMilliseconds: Int64, jobID: String? = nil
    ) {
        self.atMilliseconds = atMilliseconds
        lastAtMilliseconds = atMilliseconds
        count = 1
        self.outcome = outcome
        self.reason = reason
        self.judgedAtMilliseconds = judgedAtMilliseconds
        lateMilliseconds = judgedAtMilliseconds - atMilliseconds
        self.jobID = jobID
    }

    /// The row that Redis's line becomes.
    public init(_ tick: ScheduleTick) {
        atMilliseconds = tick.atMilliseconds
        lastAtMilliseconds = tick.lastAtMilliseconds
        count = Int64(tick.count)
        outcome = tick.outcome.rawValue
        reason = tick.reason.isEmpty ? nil : tick.reason
        judgedAtMilliseconds = tick.judgedAtMilliseconds
        lateMilliseconds = tick.lateMilliseconds
        jobID = tick.jobID?.description
    }

    init(_ row: PostgresRow) throws {
        atMilliseconds = try row.instantMilliseconds("tick_at")
        lastAtMilliseconds = try row.instantMilliseconds("last_at")
        count = try row.integer("count")
        outcome = try row.string("outcome")
        reason = try row.optionalString("reason")
        judgedAtMilliseconds = try row.instantMilliseconds("judged_at")
        lateMilliseconds = try row.integer("late_ms")
        jobID = try row.optionalString("job_id")
    }
}
