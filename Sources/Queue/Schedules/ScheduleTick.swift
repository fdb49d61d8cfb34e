/// What became of one tick, or of several that were skipped together; on its way from Redis to the history.
public struct ScheduleTick: Sendable, Hashable {
    public enum Outcome: String, Sendable, Hashable, CaseIterable {
        /// Its job was enqueued.
        case fired
        /// It was not; the reason says why.
        case skipped
        /// Somebody asked for it, outside the pattern.
        case manual
    }

    public let queue: QueueName
    public let schedule: String
    /// When it should have fired, Unix ms; of several, the first.
    public let atMilliseconds: Int64
    /// Of several, the last; else the same.
    public let lastAtMilliseconds: Int64
    /// How many ticks this stands for.
    public let count: Int
    public let outcome: Outcome
    /// When it was judged, Unix ms by Redis's clock, and how late that was in ms.
    public let judgedAtMilliseconds: Int64
    public let lateMilliseconds: Int64
    /// The job that was enqueued; for a tick skipped because of an earlier one's job, that job.
    public let jobID: JobID?
    public let reason: String
    /// Sets a tick that somebody asked for apart from others of the same moment; empty for those of the pattern.
    public let mark: String

    /// The line's name in Redis.
    let field: String

    /// Reads a line of `tick.lua`.
    init?(queue: QueueName, field: String, line: String) {
        let names = field.split(separator: " ")
        let fields = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
        guard names.count >= 2, let at = Int64(names[1]), fields.count == 7,
            let outcome = Outcome(rawValue: String(fields[0])), let judgedAt = Int64(fields[1]),
            let late = Int64(fields[2]), let last = Int64(fields[4]), let count = Int(fields[5])
        else { return nil }
        self.queue = queue
        self.field = field
        schedule = String(names[0])
        atMilliseconds = at
        lastAtMilliseconds = last
        self.count = count
        self.outcome = outcome
        judgedAtMilliseconds = judgedAt
        lateMilliseconds = late
        jobID = JobID(String(fields[3]))
        reason = String(fields[6])
        mark = names.count > 2 ? String(names[2]) : ""
    }
}
