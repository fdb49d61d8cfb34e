import Postgres

extension InboundStore {
    static let makeRow = PostgresStatement(
        "inbound_make",
        """
        INSERT INTO jobs.inbound_records (workspace_id, object, record_id, job) VALUES ($1, $2, $3, '')
        ON CONFLICT DO NOTHING
        """)

    static let lockRow = PostgresStatement(
        "inbound_lock",
        """
        SELECT * FROM jobs.inbound_records WHERE workspace_id = $1 AND object = $2 AND record_id = $3 FOR UPDATE
        """)

    static let updateRow = PostgresStatement(
        "inbound_update",
        """
        UPDATE jobs.inbound_records SET told_at = $4, reconciled_at = $5, created_by = $6, removed_by = $7, job = $8,
            verdict = $9, changed_at = clock_timestamp()
        WHERE workspace_id = $1 AND object = $2 AND record_id = $3
        """)

    static let selectRows = PostgresStatement(
        "inbound_select",
        """
        SELECT * FROM jobs.inbound_records WHERE workspace_id = $1 AND object = $2 AND record_id = ANY ($3)
        """)

    // Half a day of the receipts' life is left for whoever sends the same again at once.
    static let noteBody = PostgresStatement(
        "inbound_body",
        """
        INSERT INTO jobs.inbound_bodies AS b (name) VALUES ($1)
        ON CONFLICT (name) DO UPDATE SET first_seen_at = b.first_seen_at
        RETURNING first_seen_at < clock_timestamp() - $2 * interval '1 millisecond' AS is_old
        """)

    static let addCounts = PostgresStatement(
        "inbound_count",
        """
        INSERT INTO jobs.inbound_counts AS c (day, result, count)
        SELECT ($1::timestamptz AT TIME ZONE 'UTC')::date, result, count FROM unnest($2, $3) AS list (result, count)
        ON CONFLICT (day, result) DO UPDATE SET count = c.count + EXCLUDED.count
        """)

    static let selectCounts = PostgresStatement(
        "inbound_counts",
        """
        SELECT day::text AS day, result, count FROM jobs.inbound_counts
        WHERE day > (clock_timestamp() AT TIME ZONE 'UTC')::date - $1::bigint::int ORDER BY day DESC, result
        """)

    static let removeRecords = PostgresStatement(
        "inbound_remove_records",
        """
        DELETE FROM jobs.inbound_records WHERE (workspace_id, object, record_id) IN (
            SELECT workspace_id, object, record_id FROM jobs.inbound_records WHERE changed_at < $1 LIMIT $2)
        """)

    static let removeCounts = PostgresStatement(
        "inbound_remove_counts",
        """
        DELETE FROM jobs.inbound_counts WHERE (day, result) IN (
            SELECT day, result FROM jobs.inbound_counts WHERE day < $1::timestamptz::date LIMIT $2)
        """)

    static let removeBodies = PostgresStatement(
        "inbound_remove_bodies",
        """
        DELETE FROM jobs.inbound_bodies WHERE name IN (
            SELECT name FROM jobs.inbound_bodies WHERE first_seen_at < $1 LIMIT $2)
        """)
}
