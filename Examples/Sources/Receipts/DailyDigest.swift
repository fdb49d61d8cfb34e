public import Queue

/// Mails the day's orders to the office, each morning at seven there.
public struct DailyDigest: Job {
    public static let definition = JobDefinition("digest.daily", queue: "mail")

    public var options: JobOptions {
        JobOptions(key: .unique("digest"))
    }

    public static func schedule() throws -> ScheduledJob {
        try ScheduledJob(DailyDigest(), name: "digest", pattern: "0 7 * * *", zone: "Europe/Berlin")
    }
}
