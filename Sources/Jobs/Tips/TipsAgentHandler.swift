// A page at a time: read it, write what has changed, keep how far it is. Dying between two of these is harmless: the same
// page comes again, and what was written of it has not changed any more.

internal import Basics
internal import Logging
internal import Queue

/// Runs `tips.sync_agent` jobs: one agent with all their clients.
struct TipsAgentHandler: Sendable {
    let connections: TipsConnections
    let clock: any WallClock
    let logger: Logger

    /// How long it waits while Postgres is away, in ms; free.
    private static let faultMilliseconds: Int64 = 1_000
    /// A page that repeats is asked for so often.
    private static let repeatLimit = 3
    static let timeLimitMilliseconds: Int64 = 3_600_000

    /// The handler for the registry.
    var handler: JobHandler {
        JobHandler(
            kind: JobKind.tipsSyncAgent, queue: JobQueue.tips, leavesTrace: true,
            timeLimitMilliseconds: Self.timeLimitMilliseconds
        ) { job in
            guard var work = TipsAgentArguments(job.arguments) else {
                return .bury(reason: "its arguments cannot be read")
            }
            do {
                let state = try await connections.runs.state(of: work.agent.id, in: work.run)
                guard state == "pending" || state == "failed" else {
                    return .done(note: "the agent is \(state ?? "gone")")
                }
                return try await run(job, &work)
            } catch let error as ServiceError where error.code == .notFound && error.service == "tips" {
                try await note(work, "removed")
                return .done(note: "removed from TIPS meanwhile")
            } catch {
                return try await outcome(error, job, work)
            }
        }
    }

    private func run(_ job: RunningJob, _ work: inout TipsAgentArguments) async throws -> JobOutcome {
        if work.progress == nil {
            var progress = TipsAgentArguments.Progress()
            let members = TipsMembers(connections: connections, isDryRun: work.isDryRun)
            progress.memberID = try await members.ensure(work.agent)
            progress.since = try await connections.store.member(of: work.agent.id)?.watermark
            work.progress = progress
        }
        var progress = work.progress ?? TipsAgentArguments.Progress()
        let people = TipsPeople(
            twenty: connections.twenty, store: connections.store, workspace: connections.workspace,
            isDryRun: work.isDryRun)
        var total = 0
        while true {
            let page = try await read(work.agent.id, progress)
            total = page.total
            let rows = page.rows.compactMap { TipsClientRow($0) }
            var outcome = try await people.write(rows, of: work.agent, memberID: progress.memberID)
            // Those that an earlier run wrote have been counted as what they were.
            outcome.tally.unchanged = max(0, outcome.tally.unchanged - progress.counted)
            progress.counted = outcome.error == nil ? 0 : progress.counted + Self.changed(outcome)
            progress.blocked = [progress.blocked, outcome.blocked].compactMap { $0 }.min()
            if let error = outcome.error {
                // The unchanged and the failed of this page come again.
                progress.tally.created += outcome.tally.created
                progress.tally.updated += outcome.tally.updated
                try await keep(job, &work, progress)
                throw error
            }
            progress.tally.add(outcome.tally)
            progress.examined += Int64(page.rows.count)
            progress.newest = (rows.compactMap(\.updatedAt) + [progress.newest].compactMap { $0 }).max()
            progress.previousFirst = rows.first?.id
            progress.page += 1
            try await keep(job, &work, progress)
            if page.number >= page.lastNumber { break }
        }
        return try await finish(work, progress, total: total)
    }

    private static func changed(_ outcome: TipsPeople.Outcome) -> Int64 {
        outcome.tally.created + outcome.tally.updated
    }

    /// A page that is not the one before again.
    private func read(
        _ agent: String, _ progress: TipsAgentArguments.Progress
    ) async throws(ServiceError) -> TipsClient.Page {
        for _ in 0..<Self.repeatLimit {
            let page = try await connections.tips.clients(of: agent, page: progress.page, since: progress.since)
            let first = page.rows.first.flatMap { TipsText.id($0["id"]) }
            if first == nil || first != progress.previousFirst { return page }
            logger.info("a page repeats", metadata: ["agent": "\(agent)", "page": "\(progress.page)"])
        }
        throw ServiceError(.unreadable, service: "tips", "page \(progress.page) repeats the one before")
    }

    private func finish(
        _ work: TipsAgentArguments, _ progress: TipsAgentArguments.Progress, total: Int
    ) async throws -> JobOutcome {
        // Where clients came and went between two pages one may have slipped through: the next sync reads all again.
        let isWhole = progress.examined >= Int64(total)
        if !work.isDryRun, isWhole, let newest = progress.newest {
            let mark = min(newest, progress.blocked ?? newest)
            if mark > progress.since ?? Timestamp(milliseconds: 0) {
                try await connections.store.save(watermark: mark, of: work.agent.id)
            }
        }
        try await note(work, "done")
        let tally = progress.tally
        let counts: Logger.Metadata = [
            "run": "\(work.run)", "agent": "\(work.agent.id)", "created": "\(tally.created)",
            "updated": "\(tally.updated)", "unchanged": "\(tally.unchanged)", "failed": "\(tally.failed)",
        ]
        logger.info("agent synced", metadata: counts)
        if let error = tally.error {
            logger.warning("clients could not be synced", metadata: counts.merging(["error": "\(error)"]) { $1 })
        }
        return .done(
            note: "created \(tally.created), updated \(tally.updated), unchanged \(tally.unchanged), "
                + "failed \(tally.failed)")
    }

    private func keep(
        _ job: RunningJob, _ work: inout TipsAgentArguments, _ progress: TipsAgentArguments.Progress
    ) async throws {
        work.progress = progress
        try await job.keep(arguments: work.encoded())
        try await note(work, "pending")
    }

    private func note(_ work: TipsAgentArguments, _ state: String, error: String? = nil) async throws(JobsError) {
        var tally = work.progress?.tally ?? TipsTally()
        if let error { tally.error = error }
        try await connections.runs.note(
            work.agent.id, in: work.run, state: state, tally, nowMilliseconds: clock.nowMilliseconds())
    }

    /// What a failure makes of the job; the last one is in the report too.
    private func outcome(_ error: any Error, _ job: RunningJob, _ work: TipsAgentArguments) async throws -> JobOutcome {
        let outcome: JobOutcome
        switch error {
        case let error as TwentyError: outcome = error.outcome
        case let error as ServiceError: outcome = error.outcome
        case let error as TipsMembers.Unusable: outcome = .bury(reason: error.description)
        case let error as JobsError where error.isRetriable:
            return .defer(milliseconds: Self.faultMilliseconds, reason: error.message)
        default: throw error
        }
        switch outcome {
        case .bury(let reason): try await note(work, "failed", error: reason)
        case .retry(let reason, _, _) where job.isLastAttempt: try await note(work, "failed", error: reason)
        default: try await note(work, "pending")
        }
        return outcome
    }
}
