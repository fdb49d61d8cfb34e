import Postgres

extension BackfillStore {
    static let removeOld = PostgresStatement(
        "backfills_remove",
        """
        DELETE FROM jobs.hub_backfills WHERE id IN (
            SELECT id FROM jobs.hub_backfills
            WHERE state <> 'running' AND ended_at < clock_timestamp() - $1 * interval '1 day' ORDER BY id LIMIT 100)
        """)
    static let insert = PostgresStatement(
        "backfills_insert",
        """
        INSERT INTO jobs.hub_backfills
            (id, mode, state, selection, telephony, pace_per_minute, secrets_key_id, secrets, created_at)
        VALUES ($1, $2, 'running', $3, $4, $5, $6, $7, $8)
        ON CONFLICT (state) WHERE state = 'running' DO NOTHING RETURNING \(Backfill.columns)
        """)
    static let insertItems = PostgresStatement(
        "backfills_insert_items",
        """
        INSERT INTO jobs.hub_backfill_items (backfill_id, workspace_id, number, subdomain, display_name,
            assigned_domain, admin_email, member_emails, state, detail, ended_at)
        SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """)
    static let selectRunning = PostgresStatement(
        "backfills_running", "SELECT \(Backfill.columns) FROM jobs.hub_backfills WHERE state = 'running'")
    static let select = PostgresStatement(
        "backfills_select", "SELECT \(Backfill.columns) FROM jobs.hub_backfills WHERE id = $1")
    static let renew = PostgresStatement(
        "backfills_renew",
        """
        UPDATE jobs.hub_backfills SET secrets_key_id = $2, secrets = $3, pace_per_minute = $4
        WHERE id = $1 AND state = 'running' RETURNING \(Backfill.columns)
        """)
    static let cancel = PostgresStatement(
        "backfills_cancel",
        """
        UPDATE jobs.hub_backfills
        SET state = 'cancelled', ended_at = clock_timestamp(), secrets_key_id = NULL, secrets = NULL
        WHERE id = $1 AND state = 'running' RETURNING \(Backfill.columns)
        """)
    static let cancelItems = PostgresStatement(
        "backfills_cancel_items",
        """
        UPDATE jobs.hub_backfill_items SET state = 'cancelled', ended_at = clock_timestamp()
        WHERE backfill_id = $1 AND state = 'pending'
        """)
    static let close = PostgresStatement(
        "backfills_close",
        """
        UPDATE jobs.hub_backfills AS b
        SET state = 'done', ended_at = clock_timestamp(), secrets_key_id = NULL, secrets = NULL
        WHERE id = $1 AND state = 'running' AND NOT EXISTS (
            SELECT FROM jobs.hub_backfill_items AS i WHERE i.backfill_id = b.id AND i.state IN ('pending', 'running'))
        RETURNING id
        """)
    static let selectItems = PostgresStatement(
        "backfills_items",
        "SELECT \(BackfillItem.columns) FROM jobs.hub_backfill_items WHERE backfill_id = $1 ORDER BY number")
    static let selectEnded = PostgresStatement(
        "backfills_ended",
        """
        SELECT \(BackfillItem.columns) FROM jobs.hub_backfill_items
        WHERE backfill_id = $1 AND ended_at >= $2 ORDER BY ended_at, number
        """)
    static let selectOpen = PostgresStatement(
        "backfills_open",
        """
        SELECT \(BackfillItem.columns) FROM jobs.hub_backfill_items
        WHERE backfill_id = $1 AND state IN ('pending', 'running') ORDER BY number
        """)
    static let selectItem = PostgresStatement(
        "backfills_item",
        "SELECT \(BackfillItem.columns) FROM jobs.hub_backfill_items WHERE backfill_id = $1 AND workspace_id = $2")
    static let begin = PostgresStatement(
        "backfills_begin",
        """
        UPDATE jobs.hub_backfill_items SET state = 'running', attempts = attempts + 1, job_id = $3, ended_at = NULL
        WHERE backfill_id = $1 AND workspace_id = $2 AND state IN ('pending', 'running', 'failed')
            AND EXISTS (SELECT FROM jobs.hub_backfills WHERE id = $1 AND state = 'running')
        RETURNING \(BackfillItem.columns)
        """)
    static let putOff = PostgresStatement(
        "backfills_put_off",
        """
        UPDATE jobs.hub_backfill_items AS i SET detail = $3,
            state = CASE b.state WHEN 'running' THEN 'pending' ELSE 'cancelled' END,
            ended_at = CASE b.state WHEN 'running' THEN NULL ELSE clock_timestamp() END
        FROM jobs.hub_backfills AS b
        WHERE b.id = $1 AND i.backfill_id = $1 AND i.workspace_id = $2 AND i.state = 'running'
        RETURNING i.workspace_id
        """)
    static let end = PostgresStatement(
        "backfills_end",
        """
        UPDATE jobs.hub_backfill_items SET state = $3, detail = $4, ended_at = clock_timestamp()
        WHERE backfill_id = $1 AND workspace_id = $2 AND state IN ('pending', 'running') RETURNING workspace_id
        """)
}
