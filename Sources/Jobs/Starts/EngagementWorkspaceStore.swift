import Basics
public import Postgres

/// `crm.engagement_workspace`.
public struct EngagementWorkspaceStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// A workspace's settings; nil when it has none. Throws `storage`.
    public func find(_ id: String) async throws(JobsError) -> EngagementWorkspace? {
        try await row(Self.select, [.text(id)])
    }

    /// The settings of the workspace with this account, the first of several. Throws `storage`.
    public func find(domainName: String) async throws(JobsError) -> EngagementWorkspace? {
        try await row(Self.selectByDomain, [.text(domainName)])
    }

    /// The settings of the only workspace; nil when there is none or more than one. Throws `storage`.
    public func only() async throws(JobsError) -> EngagementWorkspace? { try await row(Self.selectOnly, []) }

    /// Writes a workspace's settings over what was there.
    ///
    /// - Parameter keepsKey: whether the stored key stays; else it becomes the given one's, or none.
    public func save(
        _ workspace: EngagementWorkspace, keepsKey: Bool
    ) async throws(JobsError) -> EngagementWorkspace {
        let actions = workspace.actions.sorted { $0.key < $1.key }
            .map { JSONObject.Member(key: $0.key, value: .object($0.value.object)) }
        let values: [PostgresValue] = [
            .text(workspace.id), .text(workspace.domainName), .boolean(workspace.isEnabled),
            workspace.sealedKey.map { .text($0.keyID) } ?? .null, workspace.sealedKey.map { .bytes($0.bytes) } ?? .null,
            .json(JSONValue.object(workspace.defaults.object).encoded()),
            .json(JSONValue.object(JSONObject(members: actions)).encoded()),
            .json(JSONValue.array(workspace.rules.map { .object($0.object) }).encoded()), .boolean(keepsKey),
        ]
        guard let saved = try await row(Self.upsert, values) else {
            throw JobsError(.unexpectedData, "A workspace's settings were not written")
        }
        return saved
    }

    /// Removes a workspace's settings; false when there were none. Throws `storage`.
    public func remove(_ id: String) async throws(JobsError) -> Bool { try await row(Self.delete, [.text(id)]) != nil }

    private func row(
        _ statement: PostgresStatement, _ values: [PostgresValue]
    ) async throws(JobsError) -> EngagementWorkspace? {
        do {
            return try await pool.query(statement, values).first.map { row in
                try EngagementWorkspace(row)
            }
        } catch {
            throw JobsError.wrap(error, "A workspace's settings could not be read")
        }
    }

    private static let columns = "workspace_id, domain_name, enabled, key_id, key_sealed, defaults, actions, rules"
    private static let select = PostgresStatement(
        "engagement_workspace", "SELECT \(columns) FROM crm.engagement_workspace WHERE workspace_id = $1")
    private static let selectByDomain = PostgresStatement(
        "engagement_workspace_domain",
        "SELECT \(columns) FROM crm.engagement_workspace WHERE domain_name = $1 ORDER BY workspace_id LIMIT 1")
    private static let selectOnly = PostgresStatement(
        "engagement_workspace_only",
        """
        SELECT \(columns) FROM crm.engagement_workspace
        WHERE (SELECT count(*) FROM (SELECT FROM crm.engagement_workspace LIMIT 2) AS few) = 1
        """)
    private static let delete = PostgresStatement(
        "engagement_workspace_delete",
        "DELETE FROM crm.engagement_workspace WHERE workspace_id = $1 RETURNING \(columns)")
    private static let upsert = PostgresStatement(
        "engagement_workspace_save",
        """
        INSERT INTO crm.engagement_workspace AS w
            (workspace_id, domain_name, enabled, key_id, key_sealed, defaults, actions, rules)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (workspace_id) DO UPDATE SET
            domain_name = EXCLUDED.domain_name, enabled = EXCLUDED.enabled, defaults = EXCLUDED.defaults,
            actions = EXCLUDED.actions, rules = EXCLUDED.rules, updated_at = clock_timestamp(),
            key_id = CASE WHEN $9 THEN w.key_id ELSE EXCLUDED.key_id END,
            key_sealed = CASE WHEN $9 THEN w.key_sealed ELSE EXCLUDED.key_sealed END
        RETURNING \(columns)
        """)
}

extension EngagementWorkspace {
    fileprivate init(_ row: PostgresRow) throws {
        id = try row.string("workspace_id")
        domainName = try row.string("domain_name")
        isEnabled = try row.boolean("enabled")
        sealedKey = try row.optionalString("key_id").map {
            SealedSecret(keyID: $0, bytes: try row.bytes("key_sealed"))
        }
        defaults = EngagementWish(stored: try JSONParser.parse(try row.json("defaults")).object ?? [:])
        let members = try JSONParser.parse(try row.json("actions")).object?.members ?? []
        actions = Dictionary(
            members.map { ($0.key, EngagementWish(stored: $0.value.object ?? [:])) }, uniquingKeysWith: { $1 })
        rules = try (JSONParser.parse(try row.json("rules")).array ?? []).compactMap { item in
            var fields = FieldReader(item.object ?? [:])
            return CockpitRule(&fields)
        }
    }
}
