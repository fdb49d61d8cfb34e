import Basics
import Postgres
import Queue

extension StartStore {
    /// What became of a wish to end an engagement.
    public enum Cancelling: Sendable, Hashable {
        /// It had not been started, and will not be.
        case cancelled(EngagementStart)
        /// It is being started just now; it ends as soon as that is known.
        case waiting(EngagementStart)
        /// A job asks the Hub for its end.
        case asking(EngagementStart, job: String)
        /// It is over already.
        case over(EngagementStart)
    }

    /// For so long a second wish is the same as the first, in ms.
    private static let sameWishMilliseconds: Int64 = 60_000

    /// Ends a start, or enqueues the job that ends it at the Hub; nil when there is no such start. Throws `storage`.
    public func cancel(_ id: String, nowMilliseconds now: Int64) async throws(JobsError) -> Cancelling? {
        do {
            return try await pool.transaction { transaction in
                guard let row = try await transaction.query(Self.lock, [.text(id)]).first else { return nil }
                return try await cancel(try EngagementStart(row), now, transaction)
            }
        } catch {
            throw JobsError.wrap(error, "An engagement could not be cancelled")
        }
    }

    private func cancel(
        _ start: EngagementStart, _ now: Int64, _ transaction: PostgresTransaction
    ) async throws -> Cancelling {
        func change(_ statement: PostgresStatement, _ more: [PostgresValue] = []) async throws -> EngagementStart {
            let rows = try await transaction.query(
                statement, [.text(start.id), .instant(milliseconds: now)] + more)
            guard let row = rows.first else { throw JobsError(.unexpectedData, "A locked start is gone") }
            return try EngagementStart(row)
        }
        guard start.state.isActive else { return .over(start) }
        guard let engagement = start.engagementID else {
            if let until = start.callingUntilMilliseconds, until > now { return .waiting(try await change(Self.ask)) }
            return .cancelled(try await change(Self.end))
        }
        if let job = start.cancelJobID, let asked = start.cancelAskedAtMilliseconds,
            now - asked < Self.sameWishMilliseconds
        {
            return .asking(start, job: job)
        }
        let arguments = CancelArguments(
            engagementID: engagement, startID: start.id, scope: start.plan.scope)
        let job = try await Self.enqueueCancel(arguments) { try await transaction.query($0, $1) }
        return .asking(try await change(Self.askHub, [.text(job)]), job: job)
    }

    /// The start that holds a person; nil when there is none. Throws `storage`.
    public func current(
        person: String, in scope: EngagementStart.Scope
    ) async throws(JobsError) -> EngagementStart? {
        try await row(Self.selectPerson, [.text(scope.text), .text(person)])
    }

    /// The start of one of the Hub's engagements; nil when it began elsewhere. Throws `storage`.
    public func find(engagementID: String) async throws(JobsError) -> EngagementStart? {
        try await row(Self.selectEngagement, [.text(engagementID)])
    }

    /// Enqueues a job that ends an engagement which began elsewhere.
    ///
    /// - Returns: the job; nil when no such engagement is known, or it is over. Throws `storage`.
    public func cancelForeign(_ engagementID: String) async throws(JobsError) -> (job: String?, isKnown: Bool) {
        do {
            guard let row = try await pool.query(Self.selectForeign, [.text(engagementID)]).first else {
                return (nil, false)
            }
            if try row.boolean("is_over") { return (nil, true) }
            let arguments = CancelArguments(
                engagementID: engagementID, startID: nil,
                scope: .init(
                    workspaceID: try row.optionalString("workspace_id"),
                    domainName: try row.optionalString("domain_name") ?? ""))
            return (try await Self.enqueueCancel(arguments) { try await pool.query($0, $1) }, true)
        } catch {
            throw JobsError.wrap(error, "An engagement could not be cancelled")
        }
    }

    /// The Hub's open engagement of a person which began elsewhere, the newest; nil when there is none. Throws `storage`.
    public func foreign(person: String, workspaceID: String?) async throws(JobsError) -> String? {
        do {
            let values: [PostgresValue] = [.text(person), workspaceID.map { .text($0) } ?? .null]
            return try await pool.query(Self.selectForeignPerson, values).first?.string("engagement_id")
        } catch {
            throw JobsError.wrap(error, "A person's engagements could not be read")
        }
    }

    /// Ends a start whose engagement the Hub has ended. Harmless where it has ended. Throws `storage`.
    func cancelled(_ id: String, nowMilliseconds: Int64) async throws(JobsError) {
        _ = try await row(Self.end, [.text(id), .instant(milliseconds: nowMilliseconds)])
    }

    /// Takes back a wish to end that the Hub did not grant, so that it can be asked for again. Throws `storage`.
    func withdrawCancel(_ id: String, error: String) async throws(JobsError) {
        _ = try await row(Self.withdraw, [.text(id), .text(StorableText.make(error, maximumBytes: 2_000))])
    }

    private static func enqueueCancel(
        _ arguments: CancelArguments,
        _ query: (PostgresStatement, [PostgresValue]) async throws -> PostgresRows
    ) async throws -> String {
        let delays = CancelHandler.delaysMilliseconds.map { "\($0 / 1_000)" }.joined(separator: ",")
        let key = "cancel:" + PushLane.token(arguments.engagementID, maximumBytes: 120)
        return try await query(
            enqueue,
            [.json(arguments.encoded()), .text(arguments.scope.lane), .text("{\(delays)}"), .text(key)])[0].string(
                "job")
    }

    private static func change(_ name: String, _ what: String, _ which: String) -> PostgresStatement {
        PostgresStatement(
            name,
            """
            WITH s AS (UPDATE crm.engagement_start SET \(what) WHERE id = $1 AND \(which) RETURNING *)
            SELECT \(EngagementStart.columns)
            FROM s LEFT JOIN crm.aventora_engagement AS e ON e.engagement_id = s.engagement_id
            """)
    }

    private static let lock = PostgresStatement(
        "engagement_start_lock",
        "SELECT \(EngagementStart.columns) FROM \(EngagementStart.source) WHERE s.id = $1 FOR UPDATE OF s")
    private static let ask = change("engagement_start_ask", "cancel_asked_at = $2", "ended_at IS NULL")
    private static let askHub = change(
        "engagement_start_ask_hub", "cancel_asked_at = $2, cancel_job_id = $3", "ended_at IS NULL")
    private static let end = change(
        "engagement_start_cancelled",
        "state = 'cancelled', ended_at = $2, cancel_asked_at = COALESCE(cancel_asked_at, $2), calling_until = NULL",
        "ended_at IS NULL")
    private static let withdraw = change(
        "engagement_start_withdraw", "cancel_asked_at = NULL, cancel_job_id = NULL, error = $2", "ended_at IS NULL")
    private static let enqueue = PostgresStatement(
        "engagement_cancel_enqueue",
        """
        SELECT jobs.enqueue(
            kind => '\(JobKind.engagementCancel)', args => $1::jsonb, queue => '\(JobQueue.hub)', lane => $2,
            retry_schedule_seconds => $3::numeric[], unique_key => $4) AS job
        """)
    private static let selectPerson = PostgresStatement(
        "engagement_start_person",
        """
        SELECT \(EngagementStart.columns) FROM \(EngagementStart.source) WHERE s.scope = $1 AND s.person_id = $2
            AND s.ended_at IS NULL
        """)
    private static let selectEngagement = PostgresStatement(
        "engagement_start_engagement",
        """
        SELECT \(EngagementStart.columns) FROM \(EngagementStart.source) WHERE s.engagement_id = $1
        ORDER BY s.created_at DESC LIMIT 1
        """)
    private static let selectForeign = PostgresStatement(
        "engagement_foreign",
        """
        SELECT workspace_id, domain_name, crm.engagement_is_over(status, completed_at) AS is_over
        FROM crm.aventora_engagement WHERE engagement_id = $1
        """)
    private static let selectForeignPerson = PostgresStatement(
        "engagement_foreign_person",
        """
        SELECT engagement_id FROM crm.aventora_engagement
        WHERE person_id = $1 AND NOT crm.engagement_is_over(status, completed_at)
            AND ($2::text IS NULL OR workspace_id IS NULL OR workspace_id = $2)
        ORDER BY created_at DESC LIMIT 1
        """)
}
