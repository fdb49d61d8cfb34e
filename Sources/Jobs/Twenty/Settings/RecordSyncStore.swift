public import Postgres

/// The one row of record sync's settings, in `jobs.crm_config`.
public struct RecordSyncStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// The stored settings; nil while there are none. Throws `storage`, or `unexpectedData` for a row that is none of ours.
    public func find() async throws(JobsError) -> RecordSyncConfig? {
        do {
            return try await pool.query(Self.select).first.map { try Self.config($0) }
        } catch {
            throw JobsError.wrap(error, "The settings of record sync could not be read")
        }
    }

    /// Replaces the stored settings by what `change` makes of them, with nobody changing them meanwhile. Throws `storage`,
    /// or what `change` throws, and then nothing has changed.
    public func change(_ change: (RecordSyncConfig?) throws -> RecordSyncConfig) async throws -> RecordSyncConfig {
        do {
            return try await pool.transaction { transaction in
                // There may be no row to lock yet.
                _ = try await transaction.query(Self.lock)
                let current = try await transaction.query(Self.select).first.map { try Self.config($0) }
                let new = try change(current)
                let values: [PostgresValue] = [
                    .text(new.baseURL.text), new.key.map { .text($0.keyID) } ?? .null,
                    new.key.map { .bytes($0.bytes) } ?? .null, .boolean(new.isEnabled), .text(new.mode.rawValue),
                    .text(new.updatedBy),
                ]
                guard let row = try await transaction.query(Self.upsert, values).first else {
                    throw JobsError(.unexpectedData, "The settings of record sync were not stored")
                }
                return try Self.config(row)
            }
        } catch let error as PostgresError {
            throw JobsError.wrap(error, "The settings of record sync could not be stored")
        }
    }

    private static func config(_ row: PostgresRow) throws -> RecordSyncConfig {
        guard let mode = RecordSyncMode(rawValue: try row.string("mode")) else {
            throw JobsError(.unexpectedData, "The stored mode of record sync is unknown")
        }
        var key: SealedSecret?
        if let id = try row.optionalString("key_id"), let bytes = try row.optionalBytes("sealed") {
            key = SealedSecret(keyID: id, bytes: bytes)
        }
        return RecordSyncConfig(
            baseURL: try WebhookURL(try row.string("base_url")), key: key, isEnabled: try row.boolean("enabled"),
            mode: mode, createdBy: try row.string("created_by"), updatedBy: try row.string("updated_by"),
            createdAtMilliseconds: try row.instantMilliseconds("created_at"),
            updatedAtMilliseconds: try row.instantMilliseconds("updated_at"))
    }

    private static let columns =
        "base_url, key_id, sealed, enabled, mode, created_by, updated_by, created_at, updated_at"
    private static let select = PostgresStatement("crm_config_select", "SELECT \(columns) FROM jobs.crm_config")
    private static let lock = PostgresStatement(
        "crm_config_lock", "SELECT pg_advisory_xact_lock(hashtextextended('jobs.crm_config', 0))")
    private static let upsert = PostgresStatement(
        "crm_config_upsert",
        """
        INSERT INTO jobs.crm_config AS c (base_url, key_id, sealed, enabled, mode, created_by, updated_by)
        VALUES ($1, $2, $3, $4, $5, $6, $6)
        ON CONFLICT (is_the_one) DO UPDATE SET base_url = EXCLUDED.base_url, key_id = EXCLUDED.key_id,
            sealed = EXCLUDED.sealed, enabled = EXCLUDED.enabled, mode = EXCLUDED.mode,
            updated_by = EXCLUDED.updated_by, updated_at = clock_timestamp()
        RETURNING \(columns)
        """)
}
