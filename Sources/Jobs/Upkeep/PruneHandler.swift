public import Basics
public import Queue

/// Runs `upkeep.prune` jobs: takes out what is older than it needs to be: traces of jobs and ticks, and
/// what is remembered of that which Twenty told.
///
/// It removes what is old whenever it runs, so running it twice is harmless.
public struct PruneHandler: Sendable {
    /// How long rows are kept unless the job says otherwise, in days: as long as a buried job.
    public static let keepDays: Int64 = 90
    /// What a job may say.
    static let keepDaysRange: ClosedRange<Int64> = 1...3_650

    /// Rows of one statement, so that none holds its locks for long.
    private static let batch = 5_000
    /// Statements of one run; what is left then is for the next, which follows at once.
    private static let maximumBatches = 200
    private static let pauseMilliseconds: Int64 = 1_000
    private static let keepDaysKey = "keep_days"

    private let finished: FinishedStore
    private let ticks: TickStore
    private let inbound: InboundStore?
    private let clock: any WallClock
    private let batch: Int
    private let maximumBatches: Int

    /// How long requests that were signed without a time are remembered at least, in days.
    static let bodyDays: Int64 = 400

    /// A handler over the stores.
    public init(finished: FinishedStore, ticks: TickStore, inbound: InboundStore? = nil, clock: any WallClock) {
        self.init(finished: finished, ticks: ticks, inbound: inbound, clock: clock, batch: Self.batch)
    }

    init(
        finished: FinishedStore, ticks: TickStore, inbound: InboundStore? = nil, clock: any WallClock, batch: Int,
        maximumBatches: Int = maximumBatches
    ) {
        self.finished = finished
        self.ticks = ticks
        self.inbound = inbound
        self.clock = clock
        self.batch = batch
        self.maximumBatches = maximumBatches
    }

    /// What is known of `upkeep.prune` jobs.
    public static let description = KindDescription(
        name: JobKind.prune,
        summary: "Takes traces of ended jobs and of ticks out of the history when they are old.",
        queue: JobQueue.upkeep,
        retry: JobPolicy.internalWork,
        leavesTrace: true,
        timeLimitMilliseconds: 600_000,
        arguments: .object(
            [.optional(keepDaysKey, .integer(keepDaysRange), "Rows younger than this stay; \(keepDays) by default.")],
            allowsOthers: false))

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(
            kind: JobKind.prune, queue: JobQueue.upkeep, leavesTrace: true,
            timeLimitMilliseconds: Self.description.timeLimitMilliseconds ?? Limits.standardTimeLimitMilliseconds
        ) { job in
            guard let days = Self.days(job.arguments) else { return .bury(reason: "its arguments cannot be read") }
            do {
                return try await run(keepDays: days)
            } catch let error as JobsError where error.isRetriable {
                return .defer(milliseconds: Self.pauseMilliseconds, reason: error.message)
            }
        }
    }

    /// Removes what is older.
    func run(keepDays: Int64) async throws -> JobOutcome {
        let limit = clock.nowMilliseconds() - keepDays * 86_400_000
        var (jobs, lines, statements) = (0, 0, 0)
        var isMore = (jobs: true, lines: true)
        while isMore.jobs || isMore.lines {
            try Task.checkCancellation()
            guard statements < maximumBatches else {
                return .defer(
                    milliseconds: Self.pauseMilliseconds, reason: "\(jobs + lines) rows are removed, more are left")
            }
            statements += 1
            if isMore.jobs {
                let count = try await finished.remove(beforeMilliseconds: limit, count: batch)
                jobs += count
                isMore.jobs = count == batch
            } else {
                let count = try await ticks.remove(beforeMilliseconds: limit, count: batch)
                lines += count
                isMore.lines = count == batch
            }
        }
        try await removeInbound(beforeMilliseconds: limit)
        return .done(note: "removed \(jobs) jobs and \(lines) ticks older than \(keepDays) days")
    }

    /// What is left after so many rows is for tomorrow.
    private func removeInbound(beforeMilliseconds limit: Int64) async throws {
        guard let inbound else { return }
        let bodyLimit = min(limit, clock.nowMilliseconds() - Self.bodyDays * 86_400_000)
        for _ in 0..<maximumBatches {
            try Task.checkCancellation()
            let removed =
                try await inbound.remove(beforeMilliseconds: limit, count: batch)
                + inbound.removeBodies(beforeMilliseconds: bodyLimit, count: batch)
            if removed == 0 { return }
        }
    }

    /// nil when the arguments are not of the form that ``description`` says.
    private static func days(_ arguments: [UInt8]) -> Int64? {
        let value: JSONValue
        do throws(JSONError) { value = try JSONParser.parse(arguments) } catch { return nil }
        guard description.arguments.problems(of: value, at: "").isEmpty, let object = value.object else { return nil }
        guard let days = object[keepDaysKey], !days.isNull else { return keepDays }
        return days.integer
    }
}
