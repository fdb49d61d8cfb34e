// A start and its job are written in one statement: there is no start without a job and no job without its start. The
// unique index on (scope, person) among the rows that have not ended is what lets a person have one at a time.

public import Postgres
public import Queue

/// `crm.engagement_start`.
public struct StartStore: Sendable {
    let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// A new start.
    public struct NewStart: Sendable {
        public let id: String
        public let plan: EngagementStart.Plan
        /// The bulk that it is of.
        public var bulkID: String?
        /// The rule that began it.
        public var rule: String?
        /// The caller's promise that this is the same wish, if it gave one.
        public var receipt: Receipt?
        public let nowMilliseconds: Int64
    }

    /// What became of a reservation.
    public enum Reservation: Sendable, Hashable {
        /// The person is reserved, and the job on its way.
        case reserved(EngagementStart)
        /// The same wish came before.
        case repeated(EngagementStart)
        /// The key of the receipt was used for another wish.
        case otherReceipt
        /// The person has an engagement that is not over: its start's id, or the Hub's id of one that is not of ours.
        case taken(by: String)
    }

    /// Reserves the person and enqueues the job that starts it: both or neither. One round trip; two where it is not
    /// done. Throws `storage`.
    public func reserve(_ start: NewStart) async throws(JobsError) -> Reservation {
        do {
            if let written = try await insert(start, { try await pool.query($0, $1) }) { return .reserved(written) }
            return try await reason(start)
        } catch let error as PostgresError where error.sqlState == Self.uniqueViolation {
            do { return try await reason(start) } catch { throw JobsError.wrap(error, Self.complaint) }
        } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    /// The reservation alone, also within a transaction; nil when the person is taken by an engagement that began
    /// elsewhere. One that is taken by another start is a ``uniqueViolation``, which ends the transaction.
    func insert(
        _ start: NewStart, _ query: (PostgresStatement, [PostgresValue]) async throws -> PostgresRows
    ) async throws -> EngagementStart? {
        try await query(Self.insert, Self.values(start)).first.map { try EngagementStart($0) }
    }

    /// Why a start was not written: asked outside of any transaction.
    func reason(_ start: NewStart) async throws -> Reservation {
        if let receipt = start.receipt, let known = try await known(receipt) { return known }
        let scope = start.plan.scope
        let values: [PostgresValue] = [
            .text(scope.text), .text(start.plan.personID), scope.workspaceID.map { .text($0) } ?? .null,
            .text(scope.domainName),
        ]
        let holder = try await pool.query(Self.selectHolder, values).first
        // Over by now: the caller may try again.
        return .taken(by: try holder?.string("holder") ?? "one that has just ended")
    }

    /// What a receipt was given for; nil when it is new. Throws `storage`.
    func known(_ receipt: Receipt) async throws(JobsError) -> Reservation? {
        do {
            guard let row = try await pool.query(Self.selectRequest, [.text(receipt.key)]).first else { return nil }
            guard try row.string("request_digest") == receipt.digest else { return .otherReceipt }
            return .repeated(try EngagementStart(row))
        } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    /// A start by its id. Throws `storage`.
    public func find(_ id: String) async throws(JobsError) -> EngagementStart? {
        try await row(Self.select, [.text(id)])
    }

    func row(
        _ statement: PostgresStatement, _ values: [PostgresValue]
    ) async throws(JobsError) -> EngagementStart? {
        do { return try await pool.query(statement, values).first.map { try EngagementStart($0) } } catch {
            throw JobsError.wrap(error, "An engagement's start could not be read or written")
        }
    }

    static let uniqueViolation = "23505"
    private static let complaint = "An engagement could not be reserved"

    private static func values(_ start: NewStart) -> [PostgresValue] {
        func text(_ value: String?) -> PostgresValue { value.map { .text($0) } ?? .null }
        let plan = start.plan
        let delays = StartHandler.delaysMilliseconds.map { "\($0 / 1_000)" }.joined(separator: ",")
        return [
            .text(start.id), .text(plan.scope.text), .text(plan.personID), text(plan.scope.workspaceID),
            .text(plan.scope.domainName), .text(plan.channel.rawValue), .text(plan.type.rawValue),
            text(plan.instruction), .text(plan.contactIdentifier),
            .instant(milliseconds: start.nowMilliseconds + EngagementStart.patienceMilliseconds), text(start.bulkID),
            text(start.rule), text(start.receipt?.key), text(start.receipt?.digest),
            .instant(milliseconds: start.nowMilliseconds), .text("{\(delays)}"), .text(plan.scope.lane),
        ]
    }

    /// Whether an engagement that began elsewhere, such as a call that came in, holds the person.
    private static func open(person: String, workspace: String, domain: String) -> String {
        """
        FROM crm.aventora_engagement AS o
        WHERE o.person_id = \(person) AND NOT crm.engagement_is_over(o.status, o.completed_at)
            AND CASE WHEN \(workspace)::text IS NULL OR o.workspace_id IS NULL
                THEN o.domain_name IS NULL OR o.domain_name = \(domain) ELSE o.workspace_id = \(workspace) END
        """
    }

    private static let insert = PostgresStatement(
        "engagement_start_insert",
        """
        WITH s AS (
            INSERT INTO crm.engagement_start (
                id, scope, person_id, workspace_id, domain_name, channel, type, instruction, contact_identifier, give_up_at,
                bulk_id, rule, request_key, request_digest, created_at, job_id)
            SELECT $1::text, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, jobs.enqueue(
                kind => '\(JobKind.engagementStart)', args => jsonb_build_object('start', $1::text),
                queue => '\(JobQueue.hub)', lane => $17, retry_schedule_seconds => $16::numeric[])
            WHERE NOT EXISTS (SELECT \(open(person: "$3", workspace: "$4", domain: "$5")))
            RETURNING *
        )
        SELECT \(EngagementStart.columns) FROM s LEFT JOIN crm.aventora_engagement AS e ON false
        """)
    private static let select = PostgresStatement(
        "engagement_start_select", "SELECT \(EngagementStart.columns) FROM \(EngagementStart.source) WHERE s.id = $1")
    private static let selectRequest = PostgresStatement(
        "engagement_start_request",
        """
        SELECT \(EngagementStart.columns), s.request_digest FROM \(EngagementStart.source) WHERE s.request_key = $1
        """)
    private static let selectHolder = PostgresStatement(
        "engagement_start_holder",
        """
        SELECT id AS holder FROM crm.engagement_start WHERE scope = $1 AND person_id = $2 AND ended_at IS NULL
        UNION ALL
        (SELECT o.engagement_id \(open(person: "$2", workspace: "$3", domain: "$4")) LIMIT 1)
        LIMIT 1
        """)
}
