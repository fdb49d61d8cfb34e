import Basics
public import Postgres

/// What the receiver did with a push.
public enum UpsertResult: Sendable, Hashable {
    /// The engagement was new.
    case created
    /// The engagement was known and the push newer.
    case updated
    /// The engagement is known by a push that is as new or newer; nothing changed.
    case older
    /// The engagement is unknown and cannot be created; recorded in `crm.ignored_push`.
    case ignored(reason: String)
}

/// The receiver's engagements, in `crm.aventora_engagement`.
public struct EngagementStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Applies a push in one statement: only if its `sent_at` is strictly newer than the stored one's, and only the
    /// members it holds. A null member becomes null, save for the ids (`person_id`, `workspace_id`, `domain_name`,
    /// `call_sid`): those, once known, are only ever replaced. Any number of pushes of one engagement may come at
    /// once, in any order: the newest wins. Doing it again is harmless. Throws `storage`.
    public func upsert(_ push: ReceivedPush) async throws(JobsError) -> UpsertResult {
        let reason = push.reasonNotCreatable
        let parameters: [PostgresValue] = [
            .text(push.engagementID), .text(push.sentAt.iso8601Microseconds),
            .json(JSONValue.object(push.fields).encoded()), reason.map(PostgresValue.text) ?? .null,
        ]
        do {
            guard let row = try await pool.query(Self.upsert, parameters).first else {
                throw JobsError(.unexpectedData, "The upsert answered nothing")
            }
            if let isNew = try row.optionalBoolean("created") { return isNew ? .created : .updated }
            if let reason, try row.boolean("ignored") { return .ignored(reason: reason) }
            return .older
        } catch {
            throw JobsError.wrap(error, "An engagement could not be stored")
        }
    }

    // xmax is 0 in a row that was just inserted, and this transaction's id in one that ON CONFLICT locked.
    private static let upsert = PostgresStatement(
        "engagement_upsert",
        """
        WITH push AS (
            SELECT $1::text AS engagement_id, $2::timestamptz AS sent_at, $3::jsonb AS fields, $4::text AS reason,
                EXISTS (SELECT FROM crm.aventora_engagement WHERE engagement_id = $1::text) AS is_known
        ), applied AS (
            INSERT INTO crm.aventora_engagement AS e (
                engagement_id, sent_at, \(columns)
            )
            SELECT push.engagement_id, push.sent_at, \(values)
            FROM push WHERE push.reason IS NULL OR push.is_known
            ON CONFLICT (engagement_id) DO UPDATE SET
                \(assignments),
                sent_at = EXCLUDED.sent_at, updated_at = now()
            WHERE e.sent_at < EXCLUDED.sent_at
            RETURNING xmax = 0 AS created
        ), ignored AS (
            INSERT INTO crm.ignored_push AS i
                (engagement_id, sent_at, reason, domain_name, person_id, status, event_type)
            SELECT engagement_id, sent_at, reason, fields->>'domain_name', fields->>'person_id', fields->>'status',
                fields->>'event_type'
            FROM push WHERE reason IS NOT NULL AND NOT is_known
            ON CONFLICT (engagement_id, sent_at) DO UPDATE SET times = i.times + 1, received_at = now()
            RETURNING 1
        )
        SELECT (SELECT created FROM applied) AS created, EXISTS (SELECT FROM ignored) AS ignored
        """)

    private static let columns = ReceivedPush.storedKeys.joined(separator: ", ")

    private static let values = ReceivedPush.storedKeys.map { key in
        if EngagementFields.lists.contains(key) { return "NULLIF(fields->'\(key)', 'null'::jsonb)" }
        return EngagementFields.times.contains(key) ? "(fields->>'\(key)')::timestamptz" : "fields->>'\(key)'"
    }.joined(separator: ", ")

    private static let assignments = ReceivedPush.storedKeys.map { key in
        if EngagementFields.identifiers.contains(key) { return "\(key) = COALESCE(EXCLUDED.\(key), e.\(key))" }
        return "\(key) = CASE WHEN $3::jsonb ? '\(key)' THEN EXCLUDED.\(key) ELSE e.\(key) END"
    }.joined(separator: ",\n        ")
}
