public import Postgres

/// `jobs.reconciliations`: how far the search for changes has come.
public struct ReconciliationStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// How far it has come; begins now where it never began. Throws `storage`.
    func find(
        workspaceID: String, object: String, nowMilliseconds: Int64
    ) async throws(JobsError) -> Reconciliation {
        do {
            let key: [PostgresValue] = [.text(workspaceID), .text(object), .integer(nowMilliseconds)]
            _ = try await pool.query(Self.make, key)
            guard let row = try await pool.query(Self.select, Array(key.prefix(2))).first else {
                throw JobsError(.unexpectedData, "A reconciliation vanished")
            }
            return Reconciliation(
                object: object, baseline: try row.integer("baseline"), since: try row.integer("since"),
                startedAt: try row.optionalInteger("started_at"), isInTrash: try row.boolean("is_in_trash"),
                cursor: try row.optionalString("cursor"))
        } catch {
            throw JobsError.wrap(error, "A reconciliation could not be read")
        }
    }

    /// Notes how far it has come. Throws `storage`.
    func save(_ reconciliation: Reconciliation, workspaceID: String) async throws(JobsError) {
        do {
            let values: [PostgresValue] = [
                .text(workspaceID), .text(reconciliation.object), .integer(reconciliation.since),
                reconciliation.startedAt.map { .integer($0) } ?? .null, .boolean(reconciliation.isInTrash),
                reconciliation.cursor.map { .text($0) } ?? .null,
            ]
            _ = try await pool.query(Self.update, values)
        } catch {
            throw JobsError.wrap(error, "A reconciliation could not be written")
        }
    }

    private static let make = PostgresStatement(
        "reconciliation_make",
        """
        INSERT INTO jobs.reconciliations (workspace_id, object, baseline, since) VALUES ($1, $2, $3, $3)
        ON CONFLICT DO NOTHING
        """)

    private static let select = PostgresStatement(
        "reconciliation_select", "SELECT * FROM jobs.reconciliations WHERE workspace_id = $1 AND object = $2")

    private static let update = PostgresStatement(
        "reconciliation_update",
        """
        UPDATE jobs.reconciliations SET since = $3, started_at = $4, is_in_trash = $5, cursor = $6
        WHERE workspace_id = $1 AND object = $2
        """)
}
