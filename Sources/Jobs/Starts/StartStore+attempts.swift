import Postgres

extension StartStore {
    /// Begins an attempt: from now until then nobody ends the start without asking. Nil when it is not to be attempted.
    /// Throws `storage`.
    func begin(_ id: String, callingUntilMilliseconds: Int64) async throws(JobsError) -> EngagementStart? {
        try await row(Self.begin, [.text(id), .instant(milliseconds: callingUntilMilliseconds)])
    }

    /// Lets a failed start be attempted once more, if its person is free; nil when it cannot be. Throws `storage`.
    func revive(_ id: String, giveUpAtMilliseconds: Int64) async throws(JobsError) -> EngagementStart? {
        do {
            let values: [PostgresValue] = [.text(id), .instant(milliseconds: giveUpAtMilliseconds)]
            return try await pool.query(Self.revive, values).first.map { try EngagementStart($0) }
        } catch let error as PostgresError where error.sqlState == Self.uniqueViolation {
            return nil
        } catch {
            throw JobsError.wrap(error, "A start could not be attempted once more")
        }
    }

    /// Ends an attempt that failed: the start waits for the next one, or ends if somebody asked for that meanwhile. Nil
    /// when it had ended before. Throws `storage`.
    func rest(_ id: String, error: String) async throws(JobsError) -> EngagementStart? {
        try await row(Self.rest, [.text(id), .text(Self.storable(error))])
    }

    /// Gives a start up: its person is free. Harmless where it is started or has ended. Throws `storage`.
    func fail(_ id: String, error: String) async throws(JobsError) {
        _ = try await row(Self.fail, [.text(id), .text(Self.storable(error))])
    }

    /// Writes what the Hub made of a start, and the engagement beside it; one that the Hub has reported already stays as
    /// it is. Of a start that has ended meanwhile only the id is noted. Nil when there is no such start. Throws `storage`.
    func started(
        _ id: String, engagementID: String, status: String, atMilliseconds: Int64
    ) async throws(JobsError) -> EngagementStart? {
        let values: [PostgresValue] = [
            .text(id), .text(engagementID), .text(status), .instant(milliseconds: atMilliseconds),
        ]
        return try await row(Self.started, values)
    }

    private static func storable(_ text: String) -> String { StorableText.make(text, maximumBytes: 2_000) }

    private static func change(_ name: String, _ what: String, _ which: String) -> PostgresStatement {
        PostgresStatement(
            name,
            """
            WITH s AS (UPDATE crm.engagement_start SET \(what) WHERE id = $1 AND \(which) RETURNING *)
            SELECT \(EngagementStart.columns)
            FROM s LEFT JOIN crm.aventora_engagement AS e ON e.engagement_id = s.engagement_id
            """)
    }

    private static let begin = change(
        "engagement_start_begin", "calling_until = $2",
        "state = 'accepted' AND engagement_id IS NULL AND cancel_asked_at IS NULL")
    private static let revive = change(
        "engagement_start_revive",
        "state = 'accepted', ended_at = NULL, error = NULL, cancel_asked_at = NULL, give_up_at = $2",
        "state = 'failed' AND engagement_id IS NULL")
    private static let rest = change(
        "engagement_start_rest",
        """
        calling_until = NULL, error = $2,
            state = CASE WHEN cancel_asked_at IS NULL THEN state ELSE 'cancelled' END,
            ended_at = CASE WHEN cancel_asked_at IS NULL THEN NULL ELSE clock_timestamp() END
        """, "state = 'accepted'")
    private static let fail = change(
        "engagement_start_fail",
        "state = 'failed', ended_at = clock_timestamp(), calling_until = NULL, error = $2",
        "state = 'accepted' AND engagement_id IS NULL")

    // Its sent_at is the beginning of time: whatever the Hub reports is newer, whatever the two clocks say.
    private static let started = PostgresStatement(
        "engagement_start_started",
        """
        WITH known AS (
            INSERT INTO crm.aventora_engagement AS e (
                engagement_id, person_id, workspace_id, domain_name, status, channel, type, contact_identifier, direction,
                started_at, sent_at)
            SELECT $2, person_id, workspace_id, domain_name, $3, channel, type, contact_identifier, 'outbound', $4,
                'epoch'::timestamptz
            FROM crm.engagement_start WHERE id = $1
            ON CONFLICT (engagement_id) DO UPDATE SET
                person_id = COALESCE(e.person_id, EXCLUDED.person_id),
                workspace_id = COALESCE(e.workspace_id, EXCLUDED.workspace_id),
                domain_name = COALESCE(e.domain_name, EXCLUDED.domain_name)
            RETURNING status, outcome, summary, crm.engagement_is_over(status, completed_at) AS is_over
        ), s AS (
            UPDATE crm.engagement_start AS s SET
                engagement_id = $2, started_at = COALESCE(s.started_at, $4), calling_until = NULL,
                error = CASE WHEN s.ended_at IS NULL THEN NULL ELSE s.error END,
                state = CASE WHEN s.ended_at IS NOT NULL THEN s.state WHEN known.is_over THEN 'over' ELSE 'started' END,
                ended_at = CASE WHEN s.ended_at IS NULL AND known.is_over THEN clock_timestamp() ELSE s.ended_at END
            FROM known WHERE s.id = $1 RETURNING s.*
        )
        SELECT \(EngagementStart.columns) FROM s CROSS JOIN known AS e
        """)
}
