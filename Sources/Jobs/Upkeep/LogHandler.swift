public import Basics
public import Queue

/// Runs `upkeep.log` jobs: makes the coming days' partitions of the attempt log and drops the old ones.
///
/// It does what is missing whenever it runs, so running it twice is harmless, and one that was missed does no harm: a writer
/// that finds no partition makes it.
public struct LogHandler: Sendable {
    /// How long the log is kept unless a worker or the job says otherwise, in days.
    public static let keepDays: Int64 = 30
    /// What they may say.
    public static let keepDaysRange: ClosedRange<Int64> = 1...3_650
    /// Days that are made ahead, today included.
    static let daysAhead = 3

    /// Days dropped in one run; what is left then is for the next, which follows at once.
    private static let maximumDrops = 100
    private static let pauseMilliseconds: Int64 = 1_000
    private static let dayMilliseconds: Int64 = 86_400_000
    private static let keepDaysKey = "keep_days"

    private let partitions: LogPartitions
    private let replays: ReplayPruner?
    private let standardDays: Int64
    private let clock: any WallClock

    /// - Parameters:
    ///   - replays: of the same age, if somebody removes them.
    ///   - keepDays: unless the job says otherwise.
    public init(
        partitions: LogPartitions, replays: ReplayPruner? = nil, keepDays: Int64 = keepDays, clock: any WallClock
    ) {
        self.partitions = partitions
        self.replays = replays
        standardDays = keepDays
        self.clock = clock
    }

    /// What is known of `upkeep.log` jobs.
    public static let description = KindDescription(
        name: JobKind.log,
        summary: "Makes the coming days of the attempt log and drops the old ones.",
        queue: JobQueue.upkeep,
        retry: JobPolicy.internalWork,
        leavesTrace: true,
        timeLimitMilliseconds: 600_000,
        arguments: .object(
            [
                .optional(
                    keepDaysKey, .integer(keepDaysRange),
                    "Deliveries younger than this stay; by default DELIVERY_LOG_DAYS of the worker.")
            ],
            allowsOthers: false))

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(
            kind: JobKind.log, queue: JobQueue.upkeep, leavesTrace: true,
            timeLimitMilliseconds: Self.description.timeLimitMilliseconds ?? Limits.standardTimeLimitMilliseconds
        ) { job in
            guard let days = days(job.arguments) else { return .bury(reason: "its arguments cannot be read") }
            do {
                return try await run(keepDays: days)
            } catch let error as JobsError where error.isRetriable {
                return .defer(milliseconds: Self.pauseMilliseconds, reason: error.message)
            }
        }
    }

    /// Makes and drops.
    func run(keepDays: Int64) async throws -> JobOutcome {
        let now = clock.nowMilliseconds()
        let made = try await partitions.make(fromMilliseconds: now, days: Self.daysAhead)
        var dropped: [String] = []
        let limit = now - keepDays * Self.dayMilliseconds
        while let day = try await partitions.dropOldest(beforeMilliseconds: limit) {
            try Task.checkCancellation()
            dropped.append(day)
            guard dropped.count < Self.maximumDrops else {
                return .defer(
                    milliseconds: Self.pauseMilliseconds, reason: "\(dropped.count) days are dropped, more may be left")
            }
        }
        _ = try await replays?.remove(beforeMilliseconds: limit)
        return .done(
            note: "made \(made) partitions, dropped \(dropped.count) days\(dropped.last.map { " up to \($0)" } ?? "")")
    }

    /// nil when the arguments are not of the form that ``description`` says.
    private func days(_ arguments: [UInt8]) -> Int64? {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(arguments) } catch { return nil }
        guard Self.description.arguments.problems(of: value, at: "").isEmpty, let object = value.object else {
            return nil
        }
        guard let days = object[Self.keepDaysKey], !days.isNull else { return standardDays }
        return days.integer
    }
}
