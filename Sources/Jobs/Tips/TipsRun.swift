internal import Postgres

/// One sync, as it stands.
public struct TipsRun: Sendable, Hashable {
    /// Where it is in its life.
    public enum State: String, Sendable, Hashable, CaseIterable {
        case running, done, failed
    }

    /// The `tips.sync` job's id.
    public let id: String
    /// Where it is in its life.
    public let state: State
    /// Whether it only counts.
    public let isDryRun: Bool
    /// Whether all agents are known; until then the counts of agents grow.
    public let isListed: Bool
    /// Unix ms.
    public let startedAtMilliseconds: Int64
    /// Unix ms; nil while it runs.
    public let endedAtMilliseconds: Int64?
    /// Why it failed as a whole.
    public let error: String?
    /// Agents by state: `pending`, `skipped` (no users of the CRM), `removed` (gone from TIPS), `done`, `failed`.
    public let agents: [String: Int64]
    /// Clients by what became of them.
    public let created: Int64
    public let updated: Int64
    public let unchanged: Int64
    public let failed: Int64
    /// The first failure of an agent.
    public let agentError: String?

    /// Whether anything failed.
    public var hasFailures: Bool { state == .failed || failed > 0 || agents["failed", default: 0] > 0 }

    /// Counts on one line.
    public var summary: String {
        let names = ["done", "failed", "removed", "skipped", "pending"]
        let agents = names.compactMap { name in
            self.agents[name].flatMap { $0 == 0 ? nil : "\($0) \(name)" }
        }
        let kinds = "created \(created), updated \(updated), unchanged \(unchanged), failed \(failed)"
        return "agents: \(agents.isEmpty ? "none" : agents.joined(separator: ", ")); clients: \(kinds)"
    }

    init(_ row: PostgresRow) throws {
        id = try row.string("id")
        guard let state = State(rawValue: try row.string("state")) else {
            throw JobsError(.unexpectedData, "jobs.tips_runs has a state that this release does not know")
        }
        self.state = state
        isDryRun = try row.boolean("is_dry_run")
        isListed = try row.boolean("is_listed")
        startedAtMilliseconds = try row.instantMilliseconds("started_at")
        endedAtMilliseconds = try row.optionalInstantMilliseconds("ended_at")
        error = try row.optionalString("error")
        var agents: [String: Int64] = [:]
        for name in ["pending", "skipped", "removed", "done", "failed"] {
            agents[name] = try row.integer("agents_\(name)")
        }
        self.agents = agents
        created = try row.integer("created")
        updated = try row.integer("updated")
        unchanged = try row.integer("unchanged")
        failed = try row.integer("failed")
        agentError = try row.optionalString("agent_error")
    }

    static let query = """
        SELECT r.id, r.state, r.is_dry_run, r.is_listed, r.started_at, r.ended_at, r.error,
            count(a.agent_id) FILTER (WHERE a.state = 'pending') AS agents_pending,
            count(a.agent_id) FILTER (WHERE a.state = 'skipped') AS agents_skipped,
            count(a.agent_id) FILTER (WHERE a.state = 'removed') AS agents_removed,
            count(a.agent_id) FILTER (WHERE a.state = 'done') AS agents_done,
            count(a.agent_id) FILTER (WHERE a.state = 'failed') AS agents_failed,
            COALESCE(sum(a.created), 0)::bigint AS created, COALESCE(sum(a.updated), 0)::bigint AS updated,
            COALESCE(sum(a.unchanged), 0)::bigint AS unchanged, COALESCE(sum(a.failed), 0)::bigint AS failed,
            (array_agg(a.agent_id || ': ' || a.error ORDER BY a.agent_id) FILTER (WHERE a.error IS NOT NULL))[1]
                AS agent_error
        FROM jobs.tips_runs r LEFT JOIN jobs.tips_run_agents a ON a.run_id = r.id
        """
}

/// What became of an agent's clients so far.
struct TipsTally: Sendable, Hashable {
    var created: Int64 = 0
    var updated: Int64 = 0
    var unchanged: Int64 = 0
    var failed: Int64 = 0
    /// The first failure.
    var error: String?

    mutating func add(_ other: TipsTally) {
        created += other.created
        updated += other.updated
        unchanged += other.unchanged
        failed += other.failed
        error = error ?? other.error
    }
}
