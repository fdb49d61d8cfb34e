public import Postgres

/// `jobs.tips_runs` and `jobs.tips_run_agents`.
public struct TipsRunStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// One run with its counts; nil when there is none. Throws `storage`.
    public func find(_ id: String) async throws(JobsError) -> TipsRun? {
        try await rows(Self.select, [.text(id)], "A sync could not be read") { try TipsRun($0) }.first
    }

    /// Begins a run, or goes on with the one of this id.
    ///
    /// - Returns: the run's id that is under way in the workspace: this one, or another that has not ended. Throws `storage`.
    func begin(
        _ id: String, workspace: String, isDryRun: Bool, nowMilliseconds: Int64
    ) async throws(JobsError) -> String {
        let values: [PostgresValue] = [
            .text(id), .text(workspace), .boolean(isDryRun), .instant(milliseconds: nowMilliseconds),
        ]
        let complaint = "A sync could not be written"
        // Of two that begin at once, one finds the other's row only after a second look.
        for _ in 0..<3 {
            let found = try await rows(Self.insert, values, complaint) { try $0.string("id") }
            if let id = found.first { return id }
            let other = try await rows(Self.underWay, [.text(workspace)], complaint) { try $0.string("id") }
            if let id = other.first { return id }
        }
        throw JobsError(.unexpectedData, "A sync could neither be begun nor found")
    }

    /// Notes that all agents have their rows. Throws `storage`.
    func list(_ id: String) async throws(JobsError) {
        _ = try await rows(Self.list, [.text(id)], "A sync could not be written") { _ in () }
    }

    /// Ends a run. Throws `storage`.
    func end(
        _ id: String, as state: TipsRun.State, error: String? = nil, nowMilliseconds: Int64
    ) async throws(JobsError) {
        let values: [PostgresValue] = [
            .text(id), .text(state.rawValue), .instant(milliseconds: nowMilliseconds),
            error.map { .text($0) } ?? .null,
        ]
        _ = try await rows(Self.end, values, "A sync could not be ended") { _ in () }
    }

    /// Notes agents; those that are known stay as they are.
    ///
    /// - Returns: of those asked for, the ones that are pending, with the jobs that they have. Throws `storage`.
    func add(
        _ agents: [(id: String, job: String, isSkipped: Bool)], to run: String, nowMilliseconds: Int64
    ) async throws(JobsError) -> [String: String] {
        let values: [PostgresValue] = [
            .text(run), .texts(agents.map(\.id)), .texts(agents.map(\.job)),
            .texts(agents.map { $0.isSkipped ? "skipped" : "pending" }), .instant(milliseconds: nowMilliseconds),
        ]
        let complaint = "The agents of a sync could not be written"
        _ = try await rows(Self.add, values, complaint) { _ in () }
        let pending = try await rows(Self.pending, [.text(run), .texts(agents.map(\.id))], complaint) { row in
            (try row.string("agent_id"), try row.string("job_id"))
        }
        return Dictionary(pending) { $1 }
    }

    /// Pending agents of which nothing was heard since a moment, with their jobs; at most a hundred. Throws `storage`.
    func silent(
        _ run: String, sinceMilliseconds: Int64
    ) async throws(JobsError) -> [(agent: String, job: String)] {
        try await rows(
            Self.silent, [.text(run), .instant(milliseconds: sinceMilliseconds)], "A sync could not be read"
        ) { row in
            (agent: try row.string("agent_id"), job: try row.string("job_id"))
        }
    }

    /// An agent's state in a run; nil when there is none. Throws `storage`.
    func state(of agent: String, in run: String) async throws(JobsError) -> String? {
        try await rows(Self.state, [.text(run), .text(agent)], "A sync could not be read") { try $0.string("state") }
            .first
    }

    /// Notes how far an agent is. Throws `storage`.
    func note(
        _ agent: String, in run: String, state: String, _ tally: TipsTally, nowMilliseconds: Int64
    ) async throws(JobsError) {
        let values: [PostgresValue] = [
            .text(run), .text(agent), .text(state), .instant(milliseconds: nowMilliseconds), .integer(tally.created),
            .integer(tally.updated), .integer(tally.unchanged), .integer(tally.failed),
            tally.error.map { .text(String($0.prefix(1_000))) } ?? .null,
        ]
        _ = try await rows(Self.note, values, "An agent's sync could not be written") { _ in () }
    }

    /// Removes runs that ended before a moment. Throws `storage`.
    func remove(beforeMilliseconds: Int64) async throws(JobsError) {
        _ = try await rows(Self.remove, [.instant(milliseconds: beforeMilliseconds)], "Old syncs could not be removed")
        {
            _ in ()
        }
    }

    private func rows<Value: Sendable>(
        _ statement: PostgresStatement, _ values: [PostgresValue], _ complaint: String,
        _ read: (PostgresRow) throws -> Value
    ) async throws(JobsError) -> [Value] {
        do { return try await pool.query(statement, values).map(read) } catch { throw JobsError.wrap(error, complaint) }
    }

    private static let select = PostgresStatement(
        "tips_runs_select", TipsRun.query + "\nWHERE r.id = $1 GROUP BY r.id")
    private static let insert = PostgresStatement(
        "tips_runs_insert",
        """
        WITH made AS (
            INSERT INTO jobs.tips_runs (id, workspace_id, state, is_dry_run, started_at)
            VALUES ($1, $2, 'running', $3, $4) ON CONFLICT DO NOTHING RETURNING id
        )
        SELECT id FROM made UNION SELECT id FROM jobs.tips_runs WHERE id = $1
        """)
    private static let underWay = PostgresStatement(
        "tips_runs_under_way", "SELECT id FROM jobs.tips_runs WHERE workspace_id = $1 AND state = 'running'")
    private static let list = PostgresStatement(
        "tips_runs_list", "UPDATE jobs.tips_runs SET is_listed = true WHERE id = $1")
    private static let end = PostgresStatement(
        "tips_runs_end",
        "UPDATE jobs.tips_runs SET state = $2, ended_at = $3, error = $4 WHERE id = $1 AND state = 'running'")
    private static let add = PostgresStatement(
        "tips_agents_add",
        """
        INSERT INTO jobs.tips_run_agents (run_id, agent_id, job_id, state, changed_at)
        SELECT $1, agent_id, job_id, state, $5 FROM unnest($2, $3, $4) AS row (agent_id, job_id, state)
        ON CONFLICT DO NOTHING
        """)
    private static let pending = PostgresStatement(
        "tips_agents_pending",
        """
        SELECT agent_id, job_id FROM jobs.tips_run_agents
        WHERE run_id = $1 AND state = 'pending' AND agent_id = ANY ($2)
        """)
    private static let silent = PostgresStatement(
        "tips_agents_silent",
        """
        SELECT agent_id, job_id FROM jobs.tips_run_agents
        WHERE run_id = $1 AND state = 'pending' AND changed_at < $2 ORDER BY changed_at LIMIT 100
        """)
    private static let state = PostgresStatement(
        "tips_agents_state", "SELECT state FROM jobs.tips_run_agents WHERE run_id = $1 AND agent_id = $2")
    private static let note = PostgresStatement(
        "tips_agents_note",
        """
        UPDATE jobs.tips_run_agents SET state = $3, changed_at = $4, created = $5, updated = $6, unchanged = $7,
            failed = $8, error = $9
        WHERE run_id = $1 AND agent_id = $2
        """)
    private static let remove = PostgresStatement(
        "tips_runs_remove", "DELETE FROM jobs.tips_runs WHERE ended_at < $1")
}
