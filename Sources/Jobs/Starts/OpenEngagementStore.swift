public import Postgres

/// The engagements of `crm.aventora_engagement` that are not over, and what is left of those that are.
public struct OpenEngagementStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// One that the Hub is to be asked about.
    struct Open: Sendable, Hashable {
        let engagementID: String
        let scope: EngagementStart.Scope
        /// Whether it was started from here; a call that came in may have no engagement of its own at the Hub.
        let isOurs: Bool
        /// When it was last heard of, Unix ms.
        let updatedAtMilliseconds: Int64
    }

    /// Those that have been quiet for so long, the longest unasked first. One that stays quiet is asked about ever more
    /// rarely, at least once an hour. Throws `storage`.
    func due(quietMilliseconds: Int64, nowMilliseconds: Int64, count: Int) async throws(JobsError) -> [Open] {
        let values: [PostgresValue] = [
            .instant(milliseconds: nowMilliseconds), .integer(quietMilliseconds), .integer(Int64(count)),
        ]
        do {
            return try await pool.query(Self.due, values).map { row in
                Open(
                    engagementID: try row.string("engagement_id"),
                    scope: .init(
                        workspaceID: try row.optionalString("workspace_id"),
                        domainName: try row.optionalString("domain_name") ?? ""),
                    isOurs: try row.boolean("is_ours"),
                    updatedAtMilliseconds: try row.instantMilliseconds("updated_at"))
            }
        } catch {
            throw JobsError.wrap(error, "Open engagements could not be read")
        }
    }

    /// Notes that the Hub was asked about these. Throws `storage`.
    func checked(_ ids: [String], atMilliseconds: Int64) async throws(JobsError) {
        do {
            _ = try await pool.query(Self.checked, [.texts(ids), .instant(milliseconds: atMilliseconds)])
        } catch {
            throw JobsError.wrap(error, "Open engagements could not be written")
        }
    }

    /// Starts that wait for their job since before then. Throws `storage`.
    func waiting(beforeMilliseconds: Int64, count: Int) async throws(JobsError) -> [EngagementStart] {
        do {
            let values: [PostgresValue] = [.instant(milliseconds: beforeMilliseconds), .integer(Int64(count))]
            return try await pool.query(Self.waiting, values).map { try EngagementStart($0) }
        } catch {
            throw JobsError.wrap(error, "Waiting starts could not be read")
        }
    }

    /// Removes starts, bulks and cockpit runs that ended before then, so many of each at most; how many. Throws `storage`.
    func remove(beforeMilliseconds: Int64, count: Int) async throws(JobsError) -> Int {
        var removed = 0
        do {
            for statement in Self.removals {
                let values: [PostgresValue] = [.instant(milliseconds: beforeMilliseconds), .integer(Int64(count))]
                removed += try await pool.query(statement, values).count
            }
        } catch {
            throw JobsError.wrap(error, "Old engagement starts could not be removed")
        }
        return removed
    }

    private static let due = PostgresStatement(
        "engagement_open_due",
        """
        SELECT o.engagement_id, o.workspace_id, o.domain_name, o.updated_at,
            EXISTS (SELECT FROM crm.engagement_start AS s WHERE s.engagement_id = o.engagement_id) AS is_ours
        FROM crm.aventora_engagement AS o
        WHERE NOT crm.engagement_is_over(o.status, o.completed_at)
            AND o.updated_at <= $1 - $2 * interval '1 millisecond'
            AND (o.checked_at IS NULL OR o.checked_at <= $1 - greatest(
                $2 * interval '1 millisecond', least(interval '1 hour', ($1 - o.updated_at) / 10)))
        ORDER BY o.checked_at NULLS FIRST LIMIT $3
        """)
    private static let checked = PostgresStatement(
        "engagement_open_checked",
        "UPDATE crm.aventora_engagement SET checked_at = $2 WHERE engagement_id = ANY($1)")
    private static let waiting = PostgresStatement(
        "engagement_start_unattended",
        """
        SELECT \(EngagementStart.columns) FROM \(EngagementStart.source)
        WHERE s.state = 'accepted' AND s.created_at < $1 ORDER BY s.created_at LIMIT $2
        """)
    private static let removals = [
        ("engagement_start", "id", "ended_at"), ("engagement_bulk", "id", "ended_at"), ("cockpit_run", "ctid", "at"),
    ].map { table, key, time in
        PostgresStatement(
            "\(table)_remove",
            """
            DELETE FROM crm.\(table) WHERE \(key) = ANY (ARRAY(
                SELECT \(key) FROM crm.\(table) WHERE \(time) < $1 ORDER BY \(time) LIMIT $2)) RETURNING 1
            """)
    }
}
