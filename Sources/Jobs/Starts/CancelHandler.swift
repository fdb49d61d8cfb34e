public import Basics
public import Logging
public import Queue

/// Runs `engagement.cancel` jobs: asks the Hub to end an engagement.
public struct CancelHandler: Sendable {
    private let starts: StartStore
    private let reports: EngagementReports
    private let hub: EngagementHub
    private let clock: any WallClock
    private let logger: Logger

    /// Between its attempts, in ms.
    static let delaysMilliseconds: [Int64] = [5_000, 15_000, 60_000]

    /// A handler over the stores and the Hub.
    public init(
        starts: StartStore, engagements: EngagementStore, hub: EngagementHub, clock: any WallClock, logger: Logger
    ) {
        (self.starts, self.hub, self.clock, self.logger) = (starts, hub, clock, logger)
        reports = EngagementReports(store: engagements)
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.engagementCancel, queue: JobQueue.hub, leavesTrace: true) { job in
            let arguments: CancelArguments
            do { arguments = try CancelArguments.decode(job.arguments) } catch { return .bury(reason: "\(error)") }
            return try await HubWork.guarding { try await run(arguments, job) }
        }
    }

    static func job(_ arguments: CancelArguments, nowMilliseconds: Int64) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: nowMilliseconds), kind: JobKind.engagementCancel, arguments: arguments.encoded(),
            policy: RetryPolicy(listedMilliseconds: delaysMilliseconds), lane: arguments.scope.lane)
    }

    private func run(_ arguments: CancelArguments, _ job: RunningJob) async throws -> JobOutcome {
        let engagement = arguments.engagementID
        let now = clock.nowMilliseconds()
        do {
            let status = try await hub.cancel(engagement, of: arguments.scope)
            _ = try await reports.note(engagement, status: status, atMilliseconds: now)
            return try await ended(arguments, "the Hub says \(status)")
        } catch let error as ServiceError where error.code == .notFound {
            _ = try await reports.note(engagement, status: EngagementReports.broken, atMilliseconds: now)
            return try await ended(arguments, "the Hub does not know it")
        } catch let error as ServiceError where error.code == .refused {
            return try await ask(arguments, error)
        } catch {
            let outcome = try HubWork.outcome(of: error)
            if outcome.isFinal(on: job) { try await withdraw(arguments, outcome.reason ?? "") }
            return outcome
        }
    }

    /// After a no: it may have been over by itself.
    private func ask(_ arguments: CancelArguments, _ refusal: ServiceError) async throws -> JobOutcome {
        let now = clock.nowMilliseconds()
        let found = try await hub.find(arguments.engagementID, of: arguments.scope)
        _ = try await reports.merge(found, of: arguments.engagementID, atMilliseconds: now)
        guard EngagementReports.isOver(found) else {
            try await withdraw(arguments, refusal.description)
            return .bury(reason: refusal.description)
        }
        return .done(note: "it was over")
    }

    private func ended(_ arguments: CancelArguments, _ note: String) async throws -> JobOutcome {
        if let id = arguments.startID { try await starts.cancelled(id, nowMilliseconds: clock.nowMilliseconds()) }
        logger.info(
            "engagement cancelled", metadata: ["engagement_id": "\(arguments.engagementID)", "note": "\(note)"])
        return .done(note: note)
    }

    private func withdraw(_ arguments: CancelArguments, _ reason: String) async throws {
        if let id = arguments.startID { try await starts.withdrawCancel(id, error: reason) }
    }
}
