// Between two of the steps (begin, call, write) the worker may die. The next attempt begins again with the same idempotency
// key, so that the Hub answers with the engagement that it has. Whatever ends the start for good frees its person first.

public import Basics
public import Logging
public import Queue

/// Runs `engagement.start` jobs: asks the Hub for the engagement that a start stands for.
public struct StartHandler: Sendable {
    private let starts: StartStore
    private let hub: EngagementHub
    private let clock: any WallClock
    private let logger: Logger

    /// Between its attempts, in ms.
    static let delaysMilliseconds: [Int64] = [5_000, 15_000, 60_000, 180_000]
    /// For so long an attempt counts as on its way: longer than a call may take.
    static let callMilliseconds: Int64 = 30_000

    /// A handler over the store and the Hub.
    public init(starts: StartStore, hub: EngagementHub, clock: any WallClock, logger: Logger) {
        (self.starts, self.hub, self.clock, self.logger) = (starts, hub, clock, logger)
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.engagementStart, queue: JobQueue.hub, leavesTrace: true) { job in
            guard let id = HubWork.text("start", of: job.arguments) else {
                return .bury(reason: "its arguments cannot be read")
            }
            return try await HubWork.guarding { try await run(id, job) }
        }
    }

    private func run(_ id: String, _ job: RunningJob) async throws -> JobOutcome {
        let now = clock.nowMilliseconds()
        if let start = try await begin(id, now) { return try await attempt(start, job) }
        guard let start = try await starts.find(id) else { return .bury(reason: "there is no such start") }
        if let engagement = start.engagementID { return .done(note: "started as \(engagement)") }
        switch start.state {
        case .accepted:
            _ = try await starts.rest(id, error: "cancelled before it was started")
            return .done(note: "cancelled before it was started")
        case .cancelled, .over, .started: return .done(note: start.state.rawValue)
        case .failed:
            // Somebody retried the job.
            let giveUpAt = now + EngagementStart.patienceMilliseconds
            guard try await starts.revive(id, giveUpAtMilliseconds: giveUpAt) != nil,
                let start = try await begin(id, now)
            else { return .bury(reason: "its person has another engagement by now") }
            return try await attempt(start, job)
        }
    }

    private func begin(_ id: String, _ now: Int64) async throws(JobsError) -> EngagementStart? {
        try await starts.begin(id, callingUntilMilliseconds: now + Self.callMilliseconds)
    }

    private func attempt(_ start: EngagementStart, _ job: RunningJob) async throws -> JobOutcome {
        guard clock.nowMilliseconds() < start.giveUpAtMilliseconds else {
            return try await settle(start, .bury(reason: "it could not be started in time"), job)
        }
        let started: EngagementHub.Started
        do { started = try await hub.start(start) } catch {
            return try await settle(start, try HubWork.outcome(of: error), job)
        }
        let now = clock.nowMilliseconds()
        let written = try await starts.started(
            start.id, engagementID: started.engagementID, status: started.status,
            atMilliseconds: started.createdAtMilliseconds ?? now)
        logger.info(
            "engagement started",
            metadata: [
                "start": "\(start.id)", "engagement_id": "\(started.engagementID)", "channel": "\(start.plan.channel)",
                "attempt": "\(job.attempt)",
            ])
        let isUnwanted = written.map { $0.cancelAskedAtMilliseconds != nil && $0.state != .over } ?? false
        let note = "started as \(started.engagementID)"
        guard isUnwanted else { return .done(note: note) }
        let arguments = CancelArguments(
            engagementID: started.engagementID, startID: start.id, scope: start.plan.scope)
        return .done(note: note, then: [CancelHandler.job(arguments, nowMilliseconds: now)])
    }

    /// After an attempt that failed: the start waits, or is given up.
    private func settle(
        _ start: EngagementStart, _ outcome: JobOutcome, _ job: RunningJob
    ) async throws -> JobOutcome {
        let reason = outcome.reason ?? ""
        if outcome.isFinal(on: job) {
            try await starts.fail(start.id, error: reason)
            logger.warning(
                "engagement not started", metadata: ["start": "\(start.id)", "reason": "\(reason)"])
            return outcome
        }
        let rested = try await starts.rest(start.id, error: reason)
        return rested?.state == .cancelled ? .done(note: "cancelled before it was started") : outcome
    }
}
