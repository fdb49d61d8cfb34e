/// Every bound of the engine, by name.
public enum Limits {
    /// Bytes of one job's arguments.
    public static let maximumArgumentsBytes = 1_048_576
    /// Jobs of one enqueue call.
    public static let maximumJobsPerEnqueue = 10_000
    /// Attempts that a policy may name.
    public static let maximumAttempts = 1_000
    /// The longest delay, in ms: 400 days.
    public static let maximumDelayMilliseconds: Int64 = 400 * 86_400_000
    /// Jobs that one worker process runs at a time.
    public static let maximumConcurrency = 10_000
    /// Due jobs that one claim promotes; as many again of lanes.
    public static let promotedPerClaim = 1_000
    /// Jobs of one queue that may wait; more are refused.
    public static let maximumQueueLength = 10_000_000
    /// Delays of a listed retry schedule.
    public static let maximumListedDelays = 50
    /// Bytes of a retry policy's text.
    static let maximumPolicyBytes = 800
    /// How long a unique key is held at most, in ms: 24 hours.
    public static let uniqueLifetimeMilliseconds: Int64 = 86_400_000
    /// Jobs of one lane that run at a time unless its limits say otherwise.
    public static let standardLaneInFlight = 64
    /// How long one run of a job may last unless its kind or the job says otherwise, in ms: an hour.
    public static let standardTimeLimitMilliseconds: Int64 = 3_600_000
    /// How far `why` counts the jobs in front of one.
    public static let maximumCountedPosition = 10_000
    /// Crashes at which a job is quarantined in the dead set.
    public static let crashesUntilQuarantine = 3
    /// Buried jobs that a queue keeps; the oldest leave first.
    public static let maximumDead = 100_000
    /// How long a buried job is kept, in ms: 90 days.
    public static let maximumDeadAgeMilliseconds: Int64 = 90 * 86_400_000
    /// Traces of finished jobs that wait in Redis for the recorder; more are counted and dropped.
    public static let maximumWaitingTraces = 100_000
    /// Log entries that wait in Redis for the recorder; more are counted and dropped.
    public static let maximumLogEntries = 200_000
    /// Bytes of all of them together: 256 MiB.
    public static let maximumLogBytes = 256 << 20
    /// Wake-ups that wait in a queue's doorbell.
    public static let maximumDoorbellTokens = 16
    /// How long a receipt answers for its submission, in ms: 24 hours.
    public static let receiptLifetimeMilliseconds: Int64 = 86_400_000
    /// How long a caller who wants it on disk waits for the disk, in ms.
    public static let fsyncTimeoutMilliseconds: Int64 = 3_000
    /// Submissions that share one wait for the disk.
    public static let submissionsPerFsync = 500
    /// Bytes of a reason that are kept; the rest is cut.
    public static let maximumReasonBytes = 2_000
    /// Claims that one call takes back from a dead worker.
    public static let reapedPerCall = 500
    /// Jobs that one call takes out of the dead set.
    public static let revivedPerCall = 500
    /// Lanes whose limits one call sets.
    public static let lanesPerCall = 500
    /// Buried jobs that one call drops.
    public static let droppedPerCall = 500
}
