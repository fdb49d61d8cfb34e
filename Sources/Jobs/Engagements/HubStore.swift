public import Basics
public import Postgres

/// What the Hub knows of an engagement.
public enum HubAnswer: Sendable, Hashable {
    /// This.
    case found(EngagementRecord)
    /// Neither an engagement nor a call of that id, for that account: it may be written later, so the push is tried
    /// again. The reason is for the job's error.
    case nothingYet(reason: String)
}

/// Reads the Hub's own data through the five views of schema `hub`. Writes nothing.
///
/// Every read names the account, so that one account's event can never pull another's call into its CRM.
public struct HubStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// The record of an event's engagement: from `hub.engagements`, else from `hub.call_logs` with `hub.call_history`
    /// and `hub.call_transcription`. One round trip if there is an engagement, else two. Throws `storage`,
    /// and `hubUnreadable` while the views are not what they should be.
    public func record(for event: Event) async throws(JobsError) -> HubAnswer {
        // A call that has no engagement of its own goes by its call id.
        let engagementID = event.engagementID ?? event.callSID
        let callSID = event.callSID ?? event.engagementID
        let parameters: [PostgresValue] = [
            .text(event.domainName), engagementID.map(PostgresValue.text) ?? .null,
            callSID.map(PostgresValue.text) ?? .null,
        ]
        do {
            for statement in [Self.engagement, Self.call] {
                if let row = try await pool.query(statement, parameters).first { return .found(try Self.record(row)) }
            }
        } catch {
            let failure = "The Hub's data could not be read"
            let error = JobsError.wrap(error, failure)
            guard await HubViews.areBroken(after: error, pool) else { throw error }
            throw JobsError(.hubUnreadable, failure, underlying: error.underlying)
        }
        let id = engagementID ?? ""
        return .nothingYet(reason: "the Hub has no engagement and no call \(id) of account \(event.domainName) yet")
    }

    /// The push settings of accounts, by domain name; an account without a row is not in the result. Only the members
    /// that `TargetSettings` reads are fetched; one that is neither text nor null comes as `false`. One round trip for any number of accounts. Throws `storage`.
    public func settings(domainNames: [String]) async throws(JobsError) -> [String: JSONObject] {
        let keys = CRMTarget.allCases.flatMap { [$0.urlSetting, $0.secretSetting] }
        do {
            var settings: [String: JSONObject] = [:]
            for row in try await pool.query(Self.settings, [.texts(domainNames), .texts(keys)]) {
                settings[try row.string("domain_name")] = try JSONParser.parse(try row.json("settings")).object
            }
            return settings
        } catch {
            throw JobsError.wrap(error, "The accounts' settings could not be read")
        }
    }

    /// Whether a read failed because there is no Hub in this database, and so no account with settings of its own.
    func isAbsent(after error: JobsError) async -> Bool { await HubViews.areAbsent(after: error, pool) }

    /// The push settings of one account, nil when it has no row.
    public func settings(domainName: String) async throws(JobsError) -> JSONObject? {
        try await settings(domainNames: [domainName])[domainName]
    }

    private static func record(_ row: PostgresRow) throws(PostgresError) -> EngagementRecord {
        var record = EngagementRecord()
        record.engagementID = try row.optionalString("engagement_id")
        record.personID = try row.optionalString("person_id")
        record.status = try row.optionalString("status")
        record.outcome = try row.optionalString("outcome")
        record.summary = try row.optionalString("summary")
        record.startedAt = try time(row, "started_at")
        record.completedAt = try time(row, "completed_at")
        record.historyJSON = try row.optionalJSON("history")
        record.transcriptJSON = try row.optionalJSON("transcript")
        record.channel = try row.optionalString("channel")
        record.type = try row.optionalString("type")
        record.contactIdentifier = try row.optionalString("contact_identifier")
        record.direction = try row.optionalString("direction")
        record.callSID = try row.optionalString("call_sid")
        record.domainName = try row.optionalString("domain_name")
        record.workspaceID = try row.optionalString("workspace_id")
        return record
    }

    private static func time(_ row: PostgresRow, _ column: String) throws(PostgresError) -> String? {
        try row.optionalInstantMilliseconds(column).map { Timestamp(milliseconds: $0).iso8601 }
    }

    private static let engagement = PostgresStatement(
        "hub_engagement",
        """
        SELECT \(scalars),
            COALESCE(NULLIF(x.history, 'null'), \(list("call_history")), '[]') AS history,
            COALESCE(NULLIF(x.transcript, 'null'), \(list("call_transcription")), '[]') AS transcript
        FROM hub.engagements x
        WHERE x.domain_name = $1 AND (x.engagement_id = $2 OR x.call_sid = $3)
        ORDER BY x.engagement_id = $2 DESC, x.started_at DESC NULLS LAST LIMIT 1
        """)

    private static let call = PostgresStatement(
        "hub_call",
        """
        SELECT \(scalars),
            COALESCE(\(list("call_history")), NULLIF(x.history, 'null'), '[]') AS history,
            COALESCE(\(list("call_transcription")), '[]') AS transcript
        FROM hub.call_logs x
        WHERE x.domain_name = $1 AND (x.call_sid = $3 OR x.engagement_id = $2)
        ORDER BY x.call_sid = $3 DESC, x.started_at DESC NULLS LAST LIMIT 1
        """)

    private static let settings = PostgresStatement(
        "hub_settings",
        """
        SELECT a.domain_name, COALESCE((
            SELECT jsonb_object_agg(member.key, CASE WHEN jsonb_typeof(member.value) IN ('string', 'null')
                THEN member.value ELSE 'false' END)
            FROM jsonb_each(CASE WHEN jsonb_typeof(a.settings) = 'object' THEN a.settings ELSE '{}' END) AS member
            WHERE member.key = ANY ($2)
        ), '{}') AS settings
        FROM hub.account_settings a WHERE a.domain_name = ANY ($1)
        """)

    private static let scalars = """
        x.engagement_id, x.person_id, x.status, x.outcome, x.started_at, x.completed_at, x.channel, x.type,
            x.contact_identifier, x.direction, x.call_sid, x.domain_name, x.workspace_id,
            CASE WHEN jsonb_typeof(x.result_json->'summary') = 'string' THEN x.result_json->>'summary' END AS summary
        """

    /// All entries of a call in their order, with times as this system writes them.
    private static func list(_ view: String) -> String {
        """
        (SELECT jsonb_agg(to_jsonb(entry) - 'id' - 'call_sid' || jsonb_build_object('created_at',
                to_char(entry.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
                ORDER BY entry.created_at, entry.id)
            FROM hub.\(view) entry WHERE entry.call_sid = x.call_sid)
        """
    }
}
