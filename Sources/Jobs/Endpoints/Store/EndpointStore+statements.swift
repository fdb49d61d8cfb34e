import Postgres

extension EndpointStore {
    private static let rows = """
        SELECT e.*, s.number, s.key_id, s.sealed, s.created_at AS secret_created_at, s.expires_at
        FROM %@ AS e LEFT JOIN jobs.endpoint_secrets AS s ON s.endpoint_id = e.id ORDER BY e.id, s.number DESC
        """

    private static func select(_ name: String, from table: String) -> PostgresStatement {
        let parts = rows.split(separator: "%@", maxSplits: 1)
        return PostgresStatement(name, "\(parts[0])\(table)\(parts[1])")
    }

    static let selectOne = select("endpoint_one", from: "(SELECT * FROM jobs.endpoints WHERE id = $1)")
    static let selectPage = select(
        "endpoint_page", from: "(SELECT * FROM jobs.endpoints WHERE id > $1 ORDER BY id LIMIT $2)")
    static let selectVersion = PostgresStatement("endpoint_version", "SELECT version FROM jobs.endpoints_version")
    static let lock = PostgresStatement("endpoint_lock", "SELECT 1 FROM jobs.endpoints WHERE id = $1 FOR UPDATE")

    static let insert = PostgresStatement(
        "endpoint_insert",
        """
        INSERT INTO jobs.endpoints
            (id, url, operations, description, format, signing, retry, max_in_flight, rate_per_second, header_names,
             headers_key_id, headers_sealed, filter, enabled, order_by)
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15
        WHERE (SELECT count(*) FROM jobs.endpoints) < $16
        RETURNING id
        """)
    static let update = PostgresStatement(
        "endpoint_update",
        """
        UPDATE jobs.endpoints SET
            url = $2, operations = $3, description = $4, format = $5, signing = $6, retry = $7, max_in_flight = $8,
            rate_per_second = $9, header_names = $10, headers_key_id = $11, headers_sealed = $12, filter = $13,
            enabled = $14, order_by = $15, updated_at = clock_timestamp()
        WHERE id = $1
        """)
    static let enable = PostgresStatement(
        "endpoint_enable",
        """
        UPDATE jobs.endpoints SET
            enabled = true, releasing_at = CASE WHEN parked_at IS NULL THEN releasing_at ELSE clock_timestamp() END,
            failures_in_a_row = 0, parked_at = NULL, parked_reason = NULL, probe_at = NULL, probes = 0,
            updated_at = clock_timestamp()
        WHERE id = $1
        """)
    static let release = PostgresStatement(
        "endpoint_release",
        """
        UPDATE jobs.endpoints SET
            releasing_at = CASE WHEN parked_at IS NULL THEN releasing_at ELSE clock_timestamp() END,
            failures_in_a_row = 0, parked_at = NULL, parked_reason = NULL, probe_at = NULL, probes = 0
        WHERE id = $1 AND (parked_at IS NOT NULL OR failures_in_a_row > 0)
        """)
    static let delete = PostgresStatement("endpoint_delete", "DELETE FROM jobs.endpoints WHERE id = $1 RETURNING id")

    static let insertSecret = PostgresStatement(
        "endpoint_secret_insert",
        "INSERT INTO jobs.endpoint_secrets (endpoint_id, key_id, sealed) VALUES ($1, $2, $3)")
    static let expire = PostgresStatement(
        "endpoint_secret_expire",
        """
        UPDATE jobs.endpoint_secrets
        SET expires_at = least(expires_at, clock_timestamp() + make_interval(secs => $2::bigint::double precision))
        WHERE endpoint_id = $1
        """)
    static let removeOld = PostgresStatement(
        "endpoint_secret_remove",
        """
        DELETE FROM jobs.endpoint_secrets
        WHERE endpoint_id = $1 AND expires_at IS NOT NULL AND (expires_at <= clock_timestamp() OR number NOT IN (
            SELECT number FROM jobs.endpoint_secrets WHERE endpoint_id = $1 AND expires_at IS NOT NULL
            ORDER BY number DESC LIMIT $2))
        """)
}
