// A replay's row is changed by whoever wishes something of it and by its runner. A runner marks a batch only while it is the
// runner, and a batch is counted only while it is the one under way, so that of two runners one goes on and the other finds
// out.

public import Postgres
public import Queue

/// `jobs.replays`.
public struct ReplayStore: Sendable {
    let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Writes a new replay; nil when as many are under way as may be. Throws `storage`.
    public func insert(
        id: String, _ request: ReplayRequest, total: Int64, runner: JobID, nowMilliseconds: Int64
    ) async throws(JobsError) -> Replay? {
        let fields = request.filter.fields
        func text(_ field: DeliveryFilter.Field) -> PostgresValue { fields[field].map { .text($0) } ?? .null }
        let values: [PostgresValue] = [
            .text(id), .instant(milliseconds: request.filter.sinceMilliseconds ?? 0),
            .instant(milliseconds: request.toMilliseconds), text(.state), text(.target), text(.endpoint),
            text(.eventType), text(.domainName), .integer(Int64(request.pace)),
            .instant(milliseconds: nowMilliseconds), .integer(total), .text(runner.description),
            .integer(Int64(Replay.maximumUnderWay)),
        ]
        return try await row(Self.insert, values, "A replay could not be written")
    }

    /// One replay; nil when there is none. Throws `storage`.
    public func find(_ id: String) async throws(JobsError) -> Replay? {
        try await row(Self.select, [.text(id)], "A replay could not be read")
    }

    /// Replays, the newest first, `count` of them before `below`. Throws `storage`.
    public func page(below cursor: String? = nil, count: Int) async throws(JobsError) -> [Replay] {
        try await rows(Self.selectPage, [.text(cursor ?? "~"), .integer(Int64(count))])
    }

    /// Replays that need a runner: running ones, and cancelled ones of which something may wait. Throws `storage`.
    func unattended() async throws(JobsError) -> [Replay] { try await rows(Self.selectRunning, []) }

    /// Stops a running one for a while; nil unless it is running. Throws `storage`.
    public func pause(_ id: String) async throws(JobsError) -> Replay? {
        try await row(Self.pause, [.text(id)], "A replay could not be paused")
    }

    /// Lets a paused or failed one go on with a new runner; nil unless it is one. Throws `storage`.
    public func resume(_ id: String, runner: JobID) async throws(JobsError) -> Replay? {
        try await row(Self.resume, [.text(id), .text(runner.description)], "A replay could not be resumed")
    }

    /// Ends one for good, with a new runner that sees to what waits; nil when there is none, or it is cancelled already.
    /// Throws `storage`.
    public func cancel(_ id: String, runner: JobID) async throws(JobsError) -> Replay? {
        try await row(Self.cancel, [.text(id), .text(runner.description)], "A replay could not be cancelled")
    }

    /// Gives one another runner; false when it has another one than this already. Throws `storage`.
    func hand(_ id: String, from old: JobID, to new: JobID) async throws(JobsError) -> Bool {
        try await row(
            Self.hand, [.text(id), .text(old.description), .text(new.description)], "A replay could not go on") != nil
    }

    /// Notes an end: all is sent, or it cannot go on. Throws `storage`.
    func end(_ id: String, runner: JobID, as state: Replay.State, error: String? = nil) async throws(JobsError) {
        let values: [PostgresValue] = [
            .text(id), .text(runner.description), .text(state.rawValue), error.map { .text($0) } ?? .null,
        ]
        _ = try await row(Self.end, values, "A replay could not be ended")
    }

    /// Notes that nothing waits of a cancelled one. Throws `storage`.
    func settle(_ id: String) async throws(JobsError) {
        _ = try await row(Self.settle, [.text(id)], "A replay could not be ended")
    }

    /// Removes up to `count` that were asked for before a moment and are over; their names. Throws `storage`.
    func remove(beforeMilliseconds: Int64, count: Int) async throws(JobsError) -> [String] {
        do {
            let values: [PostgresValue] = [.instant(milliseconds: beforeMilliseconds), .integer(Int64(count))]
            return try await pool.query(Self.remove, values).map { try $0.string("id") }
        } catch {
            throw JobsError.wrap(error, "Old replays could not be removed")
        }
    }

    func row(
        _ statement: PostgresStatement, _ values: [PostgresValue], _ complaint: String
    ) async throws(JobsError) -> Replay? {
        do { return try await pool.query(statement, values).first.map { try Replay($0) } } catch {
            throw JobsError.wrap(error, complaint)
        }
    }

    private func rows(_ statement: PostgresStatement, _ values: [PostgresValue]) async throws(JobsError) -> [Replay] {
        do { return try await pool.query(statement, values).map { try Replay($0) } } catch {
            throw JobsError.wrap(error, "Replays could not be read")
        }
    }

    private static let insert = PostgresStatement(
        "replays_insert",
        """
        INSERT INTO jobs.replays
            (id, state, from_at, to_at, delivery_state, target, endpoint_id, event_type, domain_name, pace, created_at, total,
            runner)
        SELECT $1, 'running', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12
        WHERE (SELECT count(*) FROM jobs.replays WHERE state IN ('running', 'paused')) < $13
        RETURNING \(Replay.columns)
        """)
    private static let select = PostgresStatement(
        "replays_select", "SELECT \(Replay.columns) FROM jobs.replays WHERE id = $1")
    private static let selectPage = PostgresStatement(
        "replays_page", "SELECT \(Replay.columns) FROM jobs.replays WHERE id < $1 ORDER BY id DESC LIMIT $2")
    private static let selectRunning = PostgresStatement(
        "replays_running",
        """
        SELECT \(Replay.columns) FROM jobs.replays
        WHERE state IN ('running', 'cancelled') AND (state = 'running' OR NOT is_settled) ORDER BY id LIMIT 100
        """)
    private static let pause = PostgresStatement(
        "replays_pause", change("state = 'paused'", "id = $1 AND state = 'running'"))
    private static let resume = PostgresStatement(
        "replays_resume",
        change(
            "state = 'running', runner = $2, error = NULL, ended_at = NULL",
            "id = $1 AND state IN ('paused', 'failed')"))
    private static let cancel = PostgresStatement(
        "replays_cancel",
        change("state = 'cancelled', runner = $2, ended_at = clock_timestamp()", "id = $1 AND state <> 'cancelled'"))
    private static let hand = PostgresStatement("replays_hand", change("runner = $3", "id = $1 AND runner = $2"))
    private static let end = PostgresStatement(
        "replays_end",
        change(
            "state = $3, error = $4, ended_at = clock_timestamp()", "id = $1 AND runner = $2 AND state = 'running'"))
    private static let settle = PostgresStatement(
        "replays_settle", change("is_settled = true", "id = $1 AND state = 'cancelled'"))
    private static let remove = PostgresStatement(
        "replays_remove",
        """
        DELETE FROM jobs.replays WHERE id IN
            (SELECT id FROM jobs.replays WHERE created_at < $1 AND state IN ('done', 'cancelled') ORDER BY id LIMIT $2)
        RETURNING id
        """)

    static func change(_ what: String, _ which: String) -> String {
        """
        UPDATE jobs.replays SET \(what), changed_at = clock_timestamp() WHERE \(which) RETURNING \(Replay.columns)
        """
    }
}
