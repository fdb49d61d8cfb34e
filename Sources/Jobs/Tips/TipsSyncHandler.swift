// One job holds the key of all syncs from its enqueue to its end, so there are never two at once; the row in Postgres says
// the same to jobs that were posted without the key. It lists the agents, enqueues one job for each, and then looks now and
// then whether all have ended.

internal import Basics
internal import Logging
internal import Queue

/// Runs `tips.sync` jobs.
struct TipsSyncHandler: Sendable {
    let connections: TipsConnections
    let queue: QueueClient
    let clock: any WallClock
    let logger: Logger

    /// Between two looks, in ms.
    private static let lookMilliseconds: Int64 = 1_000
    /// An agent of which nothing was heard for so long, in ms, has its job looked for.
    private static let silenceMilliseconds: Int64 = 30_000
    /// Reports are kept so long, in ms.
    private static let keepMilliseconds: Int64 = 90 * 86_400_000
    private static let faultMilliseconds: Int64 = 1_000
    private static let repeatLimit = 3

    /// The handler for the registry.
    var handler: JobHandler {
        JobHandler(
            kind: JobKind.tipsSync, queue: JobQueue.tips, leavesTrace: true,
            timeLimitMilliseconds: TipsAgentHandler.timeLimitMilliseconds
        ) { job in
            guard let isDryRun = Self.isDryRun(job.arguments) else {
                return .bury(reason: "its arguments cannot be read")
            }
            do {
                return try await run(job, isDryRun: isDryRun)
            } catch let error as JobsError where error.isRetriable {
                return .defer(milliseconds: Self.faultMilliseconds, reason: error.message)
            } catch let error as ServiceError {
                return try await failed(job, error.outcome)
            } catch let error as TwentyError {
                return try await failed(job, error.outcome)
            }
        }
    }

    private func run(_ job: RunningJob, isDryRun: Bool) async throws -> JobOutcome {
        let id = job.id.description
        let now = clock.nowMilliseconds()
        let runs = connections.runs
        let underWay = try await runs.begin(
            id, workspace: connections.workspace, isDryRun: isDryRun, nowMilliseconds: now)
        guard underWay == id else { return try await giveWay(to: underWay, now) }
        guard let report = try await runs.find(id), report.state == .running else {
            return .done(note: "the sync has ended")
        }
        if !report.isListed {
            guard try await list(job, isDryRun: isDryRun) else {
                let reason = "the workspace lacks fields of TIPS; aventora tips bootstrap-fields makes them"
                try await runs.end(id, as: .failed, error: reason, nowMilliseconds: now)
                return .bury(reason: reason)
            }
            try await runs.list(id)
            try await runs.remove(beforeMilliseconds: now - Self.keepMilliseconds)
        }
        guard let report = try await runs.find(id), report.agents["pending"] == 0 else {
            try await lookForLost(id, now)
            return .defer(milliseconds: Self.lookMilliseconds, reason: "agents are under way")
        }
        try await runs.end(id, as: .done, nowMilliseconds: now)
        logger.info("tips sync done", metadata: ["run": "\(id)", "report": "\(report.summary)"])
        return .done(note: report.summary)
    }

    /// Leaves the field to another sync; one whose job is gone is ended, and this one begins at its next run.
    private func giveWay(to other: String, _ now: Int64) async throws -> JobOutcome {
        if try await isAlive(other) { return .done(note: "another sync is under way: \(other)") }
        try await connections.runs.end(other, as: .failed, error: "its job is gone", nowMilliseconds: now)
        return .defer(milliseconds: 0, reason: "an earlier sync was lost")
    }

    private func isAlive(_ id: String) async throws -> Bool {
        guard let id = JobID(id) else { return false }
        return switch try await queue.job(id, in: [JobQueue.tips]) {
        case .present(let view): view.state != .dead
        default: false
        }
    }

    /// Pages through the agents and enqueues a job for each; false when the CRM is not ready for them.
    private func list(_ job: RunningJob, isDryRun: Bool) async throws -> Bool {
        if !isDryRun, !TipsFields.missing(try await connections.twenty.objectFields()).isEmpty { return false }
        var number = 1
        var previousFirst: String?
        while true {
            let page = try await agents(number, previousFirst)
            let agents = page.rows.compactMap { TipsAgent($0) }
            try await enqueue(agents, job.id.description, isDryRun: isDryRun)
            previousFirst = agents.first?.id
            guard number < page.lastNumber else { return true }
            number += 1
        }
    }

    private func agents(_ number: Int, _ previousFirst: String?) async throws(ServiceError) -> TipsClient.Page {
        for _ in 0..<Self.repeatLimit {
            let page = try await connections.tips.agents(page: number)
            let first = page.rows.first.flatMap { TipsText.id($0["id"]) }
            if first == nil || first != previousFirst { return page }
        }
        throw ServiceError(.unreadable, service: "tips", "page \(number) of the agents repeats the one before")
    }

    /// Rows first, then jobs under the rows' ids: whatever dies between, the next run enqueues what is not there.
    private func enqueue(_ agents: [TipsAgent], _ run: String, isDryRun: Bool) async throws {
        let now = clock.nowMilliseconds()
        let rows = agents.map { agent in
            (id: agent.id, job: JobID(nowMilliseconds: now).description, isSkipped: !agent.isInCRM)
        }
        let pending = try await connections.runs.add(rows, to: run, nowMilliseconds: now)
        var jobs: [NewJob] = []
        for agent in agents {
            guard let id = pending[agent.id].flatMap({ JobID($0) }) else { continue }
            let arguments = TipsAgentArguments(run: run, agent: agent, isDryRun: isDryRun)
            jobs.append(
                NewJob(
                    id: id, kind: JobKind.tipsSyncAgent, arguments: arguments.encoded(), policy: TipsPolicy.agent,
                    key: .unique("tips.agent:\(id)")))
        }
        guard !jobs.isEmpty else { return }
        try await queue.enqueue(jobs, to: JobQueue.tips)
    }

    /// An agent whose job is in the dead set, or nowhere, has failed.
    private func lookForLost(_ run: String, _ now: Int64) async throws {
        for (agent, job) in try await connections.runs.silent(run, sinceMilliseconds: now - Self.silenceMilliseconds) {
            guard try await !isAlive(job) else { continue }
            var tally = TipsTally()
            tally.error = "its job \(job) is dead or lost"
            try await connections.runs.note(agent, in: run, state: "failed", tally, nowMilliseconds: now)
        }
    }

    private func failed(_ job: RunningJob, _ outcome: JobOutcome) async throws -> JobOutcome {
        let reason: String?
        switch outcome {
        case .bury(let text): reason = text
        case .retry(let text, _, _) where job.isLastAttempt: reason = text
        default: reason = nil
        }
        if let reason {
            try await connections.runs.end(
                job.id.description, as: .failed, error: reason, nowMilliseconds: clock.nowMilliseconds())
        }
        return outcome
    }

    private static func isDryRun(_ arguments: [UInt8]) -> Bool? {
        let object: JSONObject?
        do { object = try JSONParser.parse(arguments).object } catch { object = nil }
        guard let object else { return nil }
        return object["dry_run"] == .bool(true)
    }
}
