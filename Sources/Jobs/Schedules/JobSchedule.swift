public import Queue

/// The schedules of this system. The scheduler fires them; operators look at them, run, pause and resume them.
public enum JobSchedule {
    /// Takes old rows out of the history and the ledger of ticks, once a night.
    public static let history = ScheduledJob(
        schedule: CronSchedule(name: "upkeep.history", pattern: pattern("17 3 * * *"), misfire: .once),
        queue: JobQueue.upkeep, kind: JobKind.prune, policy: JobPolicy.internalWork, key: .unique("upkeep.history"))

    /// Makes the coming days of the attempt log and drops the old ones, once an hour.
    public static let log = ScheduledJob(
        schedule: CronSchedule(name: "upkeep.log", pattern: pattern("7 * * * *"), misfire: .once),
        queue: JobQueue.upkeep, kind: JobKind.log, policy: JobPolicy.internalWork, key: .unique("upkeep.log"))

    /// Asks the Hub about engagements that are not over, every minute.
    public static let engagements = ScheduledJob(
        schedule: CronSchedule(name: "engagement.reconcile", pattern: pattern("* * * * *"), misfire: .once),
        queue: JobQueue.hub, kind: JobKind.engagementReconcile, policy: StartKinds.reconcileRetry,
        key: .unique("engagement.reconcile"))

    /// Looks for what Twenty did not tell, every five minutes.
    public static let reconcile = ScheduledJob(
        schedule: CronSchedule(name: "twenty.reconcile", pattern: pattern("*/5 * * * *"), misfire: .once),
        queue: JobQueue.crm, kind: JobKind.twentyReconcile, policy: JobPolicy.internalWork,
        key: .unique("twenty.reconcile"))

    /// All of them, in the order in which they are shown.
    public static let all = [history, log, engagements, reconcile]

    /// A pattern that stands in the source.
    ///
    /// - Precondition: `text` is one.
    private static func pattern(_ text: String) -> CronPattern {
        guard let pattern = CronPattern(text) else { preconditionFailure("'\(text)' is not a cron pattern") }
        return pattern
    }
}
