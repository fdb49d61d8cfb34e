public import Postgres

/// One of our records and its counterpart.
public struct SyncMapping: Sendable, Hashable {
    /// What it is.
    public let kind: SyncKind
    /// Our id.
    public let externalID: String
    /// Its id in Twenty.
    public let id: String

    /// A pair.
    public init(kind: SyncKind, externalID: String, id: String) {
        (self.kind, self.externalID, self.id) = (kind, externalID, id)
    }
}

/// Which record of a workspace is which of ours, in `jobs.crm_mappings`.
public struct MappingStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// The ids of those that are known, by external id. Throws `storage`.
    public func find(
        _ bucket: String, _ kind: SyncKind, _ externalIDs: [String]
    ) async throws(JobsError) -> [String: String] {
        guard !externalIDs.isEmpty else { return [:] }
        do {
            let values: [PostgresValue] = [.text(bucket), .text(kind.rawValue), .texts(externalIDs)]
            var ids: [String: String] = [:]
            for row in try await pool.query(Self.select, values) {
                ids[try row.string("external_id")] = try row.string("crm_id")
            }
            return ids
        } catch {
            throw JobsError.wrap(error, "The mappings could not be read")
        }
    }

    /// Writes them, all or none. Of an external id that comes twice the last one counts. Throws `storage`.
    public func save(_ bucket: String, _ mappings: [SyncMapping]) async throws(JobsError) {
        var latest: [String: SyncMapping] = [:]
        for mapping in mappings { latest["\(mapping.kind.rawValue) \(mapping.externalID)"] = mapping }
        // In one order everywhere, so that two writers cannot lock each other out.
        let rows = latest.sorted { $0.key < $1.key }.map(\.value)
        guard !rows.isEmpty else { return }
        do {
            _ = try await pool.query(
                Self.upsert,
                [
                    .text(bucket), .texts(rows.map(\.kind.rawValue)), .texts(rows.map(\.externalID)),
                    .texts(rows.map(\.id)),
                ])
        } catch {
            throw JobsError.wrap(error, "The mappings could not be stored")
        }
    }

    /// Forgets one that leads to a record that is gone, unless it leads elsewhere by now. Throws `storage`.
    public func forget(_ bucket: String, _ mapping: SyncMapping) async throws(JobsError) {
        do {
            _ = try await pool.query(
                Self.delete,
                [.text(bucket), .text(mapping.kind.rawValue), .text(mapping.externalID), .text(mapping.id)])
        } catch {
            throw JobsError.wrap(error, "A mapping could not be forgotten")
        }
    }

    private static let select = PostgresStatement(
        "crm_mapping_select",
        """
        SELECT external_id, crm_id::text AS crm_id FROM jobs.crm_mappings
        WHERE bucket = $1 AND object = $2 AND external_id = ANY($3)
        """)
    private static let upsert = PostgresStatement(
        "crm_mapping_upsert",
        """
        INSERT INTO jobs.crm_mappings AS m (bucket, object, external_id, crm_id)
        SELECT $1::text, r.object, r.external_id, r.crm_id::uuid
        FROM unnest($2, $3, $4) AS r (object, external_id, crm_id)
        ON CONFLICT (bucket, object, external_id) DO UPDATE
        SET crm_id = EXCLUDED.crm_id, updated_at = clock_timestamp() WHERE m.crm_id <> EXCLUDED.crm_id
        """)
    private static let delete = PostgresStatement(
        "crm_mapping_delete",
        """
        DELETE FROM jobs.crm_mappings
        WHERE bucket = $1 AND object = $2 AND external_id = $3 AND crm_id = $4::text::uuid
        """)
}
