// Three things in one job, none of which depends on another: starts and bulks whose jobs are gone, what the Hub knows of open
// engagements, and what may be forgotten. It runs every minute, so it does a part and leaves the rest to the next one.

public import Basics
public import Logging
public import Queue

/// Runs `engagement.reconcile` jobs.
public struct ReconcileHandler: Sendable {
    private let starts: StartStore
    private let open: OpenEngagementStore
    private let bulks: BulkStore
    private let hub: EngagementHub
    private let reports: EngagementReports
    private let watch: JobWatch
    private let clock: any WallClock
    private let logger: Logger

    /// One run, in ms.
    public static let timeLimitMilliseconds: Int64 = 300_000
    /// How long an engagement is quiet before the Hub is asked, unless the job says otherwise, in seconds.
    static let quietSeconds: Int64 = 60
    /// How long the Hub may not know one that began elsewhere, in ms: a call has an engagement only sometimes.
    private static let foreignPatienceMilliseconds: Int64 = 3_600_000
    /// A younger start is in the hands of whoever makes it, in ms.
    private static let handMilliseconds: Int64 = 60_000
    private static let keepMilliseconds: Int64 = 90 * 86_400_000
    private static let batchCount = 200
    private static let atOnce = 8

    /// A handler over the stores, the Hub and the queues.
    public init(
        starts: StartStore, open: OpenEngagementStore, engagements: EngagementStore, bulks: BulkStore,
        hub: EngagementHub, watch: JobWatch, clock: any WallClock, logger: Logger
    ) {
        (self.starts, self.open, self.bulks, self.hub) = (starts, open, bulks, hub)
        (self.watch, self.clock, self.logger) = (watch, clock, logger)
        reports = EngagementReports(store: engagements)
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(
            kind: JobKind.engagementReconcile, queue: JobQueue.hub,
            timeLimitMilliseconds: Self.timeLimitMilliseconds
        ) { job in
            guard let quiet = Self.quietSeconds(of: job.arguments) else {
                return .bury(reason: "its arguments cannot be read")
            }
            return try await HubWork.guarding { try await run(quietMilliseconds: quiet * 1_000) }
        }
    }

    static func quietSeconds(of arguments: [UInt8]) -> Int64? {
        do throws(InputError) {
            var fields = FieldReader(try JSONObject.posted(arguments, "The arguments"))
            let quiet = fields.integer("quiet_seconds", in: 0...86_400) ?? quietSeconds
            return fields.problems.isEmpty ? quiet : nil
        } catch {
            return nil
        }
    }

    private func run(quietMilliseconds: Int64) async throws -> JobOutcome {
        let now = clock.nowMilliseconds()
        try await freePeople(now)
        try await attendBulks(now)
        _ = try await open.remove(beforeMilliseconds: now - Self.keepMilliseconds, count: 500)
        guard hub.isThere else { return .done(note: "there is no Hub to ask") }
        var asked = 0
        let due = try await open.due(quietMilliseconds: quietMilliseconds, nowMilliseconds: now, count: Self.batchCount)
        for first in stride(from: 0, to: due.count, by: Self.atOnce) {
            let part = due[first..<min(first + Self.atOnce, due.count)]
            let failures = try await ask(Array(part))
            asked += part.count
            // Nobody answers: the rest would only take longer to find that out.
            if failures.count == part.count, let failure = failures.first { return failure.outcome }
        }
        return .done(note: "\(asked) asked")
    }

    /// Asks about some at a time and writes what comes; the failures that may mend themselves.
    private func ask(_ part: [OpenEngagementStore.Open]) async throws -> [ServiceError] {
        let failures = try await withThrowingTaskGroup(of: ServiceError?.self) { group in
            for engagement in part { group.addTask { try await ask(engagement) } }
            return try await group.reduce(into: [ServiceError]()) { all, one in if let one { all.append(one) } }
        }
        // One that fails alone comes to its turn again; while nobody answers, none has had its turn.
        if failures.count < part.count {
            try await open.checked(part.map(\.engagementID), atMilliseconds: clock.nowMilliseconds())
        }
        return failures
    }

    private func ask(_ engagement: OpenEngagementStore.Open) async throws -> ServiceError? {
        let id = engagement.engagementID
        let now = clock.nowMilliseconds()
        do {
            let report = try await hub.find(id, of: engagement.scope)
            _ = try await reports.merge(report, of: id, atMilliseconds: now)
            return nil
        } catch let error as ServiceError where error.code == .notFound {
            let isHopeless =
                engagement.isOurs || now - engagement.updatedAtMilliseconds > Self.foreignPatienceMilliseconds
            guard isHopeless else { return nil }
            let result = try await reports.note(id, status: EngagementReports.broken, atMilliseconds: now)
            logger.warning(
                "the Hub does not know an engagement", metadata: ["engagement_id": "\(id)", "result": "\(result)"])
            return nil
        } catch let error as ServiceError {
            logger.warning(
                "an engagement could not be asked about",
                metadata: ["engagement_id": "\(id)", "error": "\(error)"])
            return error.isRetriable ? error : nil
        } catch let error as SecretsError {
            logger.warning(
                "a workspace's key cannot be opened", metadata: ["engagement_id": "\(id)", "error": "\(error)"])
            return nil
        }
    }

    /// Gives up starts that nobody will start any more: their job was buried by a crash, or cancelled.
    private func freePeople(_ now: Int64) async throws {
        for start in try await open.waiting(beforeMilliseconds: now - Self.handMilliseconds, count: Self.batchCount) {
            guard let reason = try await watch.end(of: start.jobID, in: JobQueue.hub) else { continue }
            try await starts.fail(start.id, error: reason)
            logger.warning("engagement not started", metadata: ["start": "\(start.id)", "reason": "\(reason)"])
        }
    }

    /// Gives bulks whose job is gone another.
    private func attendBulks(_ now: Int64) async throws {
        for bulk in try await bulks.running() where now - bulk.createdAtMilliseconds > Self.handMilliseconds {
            guard let reason = try await watch.end(of: bulk.runner, in: JobQueue.hub) else { continue }
            guard try await bulks.takeOver(bulk.id, from: bulk.runner) else { continue }
            logger.warning("a bulk goes on with another job", metadata: ["bulk": "\(bulk.id)", "reason": "\(reason)"])
        }
    }
}
