// The Hub's side of the day: its tables, which the pushes are built from. Only the sample's tables are ever written to.

internal import Basics
internal import Postgres

/// The Hub's sample tables, and the CRM's table that the receiver writes.
struct DayHub: Sendable {
    let pool: PostgresPool

    /// - Throws: where the views are a real Hub's.
    func check() async throws {
        let row = try await pool.query(Self.isSample).first
        guard try row?.boolean("is_sample") ?? false else {
            throw DayFailure(
                description:
                    "the Hub's tables are not those of deploy/sample/hub.sql: a day is not played on a real Hub")
        }
    }

    /// The account, with the receiver as its CRM, that keeps the people of its calls in Twenty.
    func setAccount(receiver: String, secret: String?) async throws {
        var members: [JSONObject.Member] = [
            .init(key: "twenty_webhook_url", value: .string(receiver)),
            .init(key: "crm_sync_provider", value: .string("aventora_crm")),
            .init(key: "twenty_sync_contacts", value: .string("true")),
            .init(key: "crm_workspace_id", value: .string(DayPlan.workspaceID)),
        ]
        if let secret { members.append(.init(key: "twenty_webhook_secret", value: .string(secret))) }
        _ = try await pool.query(
            Self.account,
            [.text(DayPlan.account), .json(JSONValue.object(JSONObject(members: members)).encoded())])
    }

    func begin(_ calls: [(name: String, phone: String)]) async throws {
        _ = try await pool.query(
            Self.begin, [.texts(calls.map(\.name)), .texts(calls.map(\.phone)), .text(DayPlan.account)])
    }

    /// One change in the log of each of these calls, and a word of transcript where it is time for one.
    func update(_ calls: [String], number: Int, isSpoken: Bool) async throws {
        _ = try await pool.query(Self.update, [.texts(calls), .integer(Int64(number))])
        if isSpoken { _ = try await pool.query(Self.speak, [.texts(calls), .integer(Int64(number))]) }
    }

    func end(_ calls: [String]) async throws { _ = try await pool.query(Self.end, [.texts(calls)]) }

    /// The CRM's rows of these calls.
    func calls(_ names: [String]) async throws -> PostgresRows {
        try await pool.query(Self.callRows, [.texts(names)])
    }

    /// The CRM's rows of engagements with these people that were begun there and not by a call.
    func engagements(of people: [String], since milliseconds: Int64) async throws -> PostgresRows {
        try await pool.query(Self.engagementRows, [.texts(people), .instant(milliseconds: milliseconds)])
    }

    private static let isSample = PostgresStatement(
        "day_is_sample", "SELECT to_regclass('hub_sample.call_logs') IS NOT NULL AS is_sample")

    private static let account = PostgresStatement(
        "day_account",
        """
        INSERT INTO hub_sample.account_settings (domain_name, settings) VALUES ($1, $2)
        ON CONFLICT (domain_name) DO UPDATE SET settings = EXCLUDED.settings
        """)

    private static let begin = PostgresStatement(
        "day_begin",
        """
        INSERT INTO hub_sample.call_logs
            (call_sid, domain_name, status, started_at, channel, type, contact_identifier, direction)
        SELECT name, $3, 'in_progress', now(), 'phone', 'conversational', phone, 'outbound'
        FROM unnest($1::text[], $2::text[]) AS call (name, phone)
        """)

    private static let update = PostgresStatement(
        "day_update",
        """
        INSERT INTO hub_sample.call_history (call_sid, event, details)
        SELECT name, 'update', jsonb_build_object('number', $2::bigint) FROM unnest($1::text[]) AS name
        """)

    private static let speak = PostgresStatement(
        "day_speak",
        """
        INSERT INTO hub_sample.call_transcription (call_sid, speaker, text)
        SELECT name, 'contact', 'Word ' || $2::bigint FROM unnest($1::text[]) AS name
        """)

    private static let end = PostgresStatement(
        "day_end",
        """
        UPDATE hub_sample.call_logs SET status = 'completed', outcome = 'Booked', completed_at = now(),
            result_json = '{"summary": "They booked."}'
        WHERE call_sid = ANY ($1::text[])
        """)

    private static let columns = """
        engagement_id, person_id, status, outcome, coalesce(jsonb_array_length(history), 0) AS history,
            coalesce(jsonb_array_length(transcript), 0) AS transcript
        """

    private static let callRows = PostgresStatement(
        "day_call_rows", "SELECT \(columns) FROM crm.aventora_engagement WHERE engagement_id = ANY ($1::text[])")

    private static let engagementRows = PostgresStatement(
        "day_engagement_rows",
        """
        SELECT \(columns) FROM crm.aventora_engagement
        WHERE person_id = ANY ($1::text[]) AND call_sid IS NULL AND created_at >= $2
        """)
}
