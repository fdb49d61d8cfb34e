import Postgres

/// A place in the database where something is kept sealed, and how its rows are read and written back.
struct SealedPlace: Sendable {
    /// What to call a row that no key opens.
    let name: @Sendable (_ id: String) -> String
    /// Whom a row's secret was sealed for.
    let owner: @Sendable (_ id: String) -> String
    /// Rows that another key than `$1` sealed, by `place` above `$2`, at most `$3`: `place`, `id`, `key_id`, `sealed`.
    let select: PostgresStatement
    /// Writes key `$2` and bytes `$3` at the place `$1` if `$4` is still there; a row if it was.
    let move: PostgresStatement

    private init(
        _ title: String, named name: @escaping @Sendable (String) -> String,
        sealedFor owner: @escaping @Sendable (String) -> String, select: String, move: String
    ) {
        (self.name, self.owner) = (name, owner)
        self.select = PostgresStatement("rekey_select_\(title)", select)
        self.move = PostgresStatement("rekey_move_\(title)", move)
    }

    /// All there are. Whoever adds a sealed column adds it here, or its rows are lost with the key that sealed them.
    static let all = [endpointSecrets, endpointExtras, recordSync, engagementWorkspaces, backfills]

    /// A place is the number with its zeros, so that places sort as numbers do.
    private static let endpointSecrets = SealedPlace(
        "endpoint_secrets", named: { $0 }, sealedFor: { $0 },
        select: """
            SELECT lpad(number::text, 20, '0') AS place, endpoint_id AS id, key_id, sealed FROM jobs.endpoint_secrets
            WHERE key_id <> $1 AND lpad(number::text, 20, '0') > $2 ORDER BY 1 LIMIT $3
            """,
        move: """
            UPDATE jobs.endpoint_secrets SET key_id = $2, sealed = $3 WHERE number = $1::text::bigint AND sealed = $4
            RETURNING 1
            """)

    private static let endpointExtras = SealedPlace(
        "endpoint_extras", named: { $0 }, sealedFor: { $0 },
        select: """
            SELECT id AS place, id, extras_key_id AS key_id, extras_sealed AS sealed FROM jobs.endpoints
            WHERE extras_key_id <> $1 AND id > $2 ORDER BY id LIMIT $3
            """,
        move: """
            UPDATE jobs.endpoints SET extras_key_id = $2, extras_sealed = $3 WHERE id = $1 AND extras_sealed = $4
            RETURNING 1
            """)

    private static let recordSync = SealedPlace(
        "crm_config", named: { $0 }, sealedFor: { _ in RecordSyncConfig.owner },
        select: """
            SELECT 'crm_config' AS place, 'crm_config' AS id, key_id, sealed FROM jobs.crm_config
            WHERE key_id <> $1 AND 'crm_config' > $2 LIMIT $3
            """,
        move: """
            UPDATE jobs.crm_config SET key_id = $2, sealed = $3 WHERE $1 = 'crm_config' AND sealed = $4 RETURNING 1
            """)

    private static let engagementWorkspaces = SealedPlace(
        "engagement_workspace", named: { "engagement workspace \($0)" },
        sealedFor: { EngagementWorkspace.owner($0) },
        select: """
            SELECT workspace_id AS place, workspace_id AS id, key_id, key_sealed AS sealed FROM crm.engagement_workspace
            WHERE key_id <> $1 AND workspace_id > $2 ORDER BY workspace_id LIMIT $3
            """,
        move: """
            UPDATE crm.engagement_workspace SET key_id = $2, key_sealed = $3
            WHERE workspace_id = $1 AND key_sealed = $4 RETURNING 1
            """)

    private static let backfills = SealedPlace(
        "hub_backfills", named: { "backfill \($0)" }, sealedFor: { BackfillSecrets.owner($0) },
        select: """
            SELECT id AS place, id, secrets_key_id AS key_id, secrets AS sealed FROM jobs.hub_backfills
            WHERE secrets_key_id <> $1 AND id > $2 ORDER BY id LIMIT $3
            """,
        move: """
            UPDATE jobs.hub_backfills SET secrets_key_id = $2, secrets = $3 WHERE id = $1 AND secrets = $4 RETURNING 1
            """)
}
