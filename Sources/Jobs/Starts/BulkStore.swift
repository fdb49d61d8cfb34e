// A person's turn is one transaction: the bulk's row is locked, the start with its job is written, and the person marked. A
// worker that dies in between leaves nothing or all of it.

import Basics
public import Postgres
public import Queue

/// `crm.engagement_bulk` and its people.
public struct BulkStore: Sendable {
    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// What became of a wish for a bulk.
    public enum Creation: Sendable, Hashable {
        case created(EngagementBulk)
        /// The same wish came before.
        case repeated(EngagementBulk)
        /// The key of the receipt was used for another wish.
        case otherReceipt
    }

    /// Writes a bulk with its people and its job: all of it or nothing. Throws `storage`.
    public func create(
        _ request: BulkRequest, in scope: EngagementStart.Scope, receipt: Receipt?, nowMilliseconds now: Int64
    ) async throws(JobsError) -> Creation {
        func text(_ value: String?) -> PostgresValue { value.map { .text($0) } ?? .null }
        let id = EngagementBulk.makeID(nowMilliseconds: now)
        let values: [PostgresValue] = [
            .text(id), text(scope.workspaceID), .text(scope.domainName),
            .json(JSONValue.object(request.wish.object).encoded()), .integer(Int64(request.pacePerMinute)),
            .integer(Int64(request.people.count)), .instant(milliseconds: now), text(receipt?.key),
            text(receipt?.digest),
            .texts(request.people.map(\.id)),
            .jsons(request.people.map { JSONValue.object($0.fields).encoded() }),
        ]
        do {
            if let receipt, let known = try await known(receipt) { return known }
            guard let row = try await pool.query(Self.insert, values).first else {
                throw JobsError(.unexpectedData, "A bulk was not written")
            }
            return .created(try EngagementBulk(row))
        } catch let error as PostgresError where error.sqlState == StartStore.uniqueViolation {
            // The same wish twice at a time.
            if let receipt, let known = try await known(receipt) { return known }
            throw JobsError.wrap(error, Self.complaint)
        } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    private func known(_ receipt: Receipt) async throws(JobsError) -> Creation? {
        do {
            guard let row = try await pool.query(Self.selectRequest, [.text(receipt.key)]).first else { return nil }
            guard try row.string("request_digest") == receipt.digest else { return .otherReceipt }
            return .repeated(try EngagementBulk(row))
        } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    /// A bulk; nil when there is none. Throws `storage`.
    public func find(_ id: String) async throws(JobsError) -> EngagementBulk? {
        try await rows(Self.select, [.text(id)]).first
    }

    /// How far a bulk is. Throws `storage`.
    public func progress(of id: String) async throws(JobsError) -> EngagementBulkProgress {
        var progress = EngagementBulkProgress()
        do {
            for row in try await pool.query(Self.countPeople, [.text(id)]) {
                let count = Int(try row.integer("count"))
                switch try row.string("state") {
                case "skipped": progress.skipped[try row.optionalString("reason") ?? "unknown"] = count
                case "waiting": progress.waiting = count
                default: break
                }
            }
            for row in try await pool.query(Self.countStarts, [.text(id)]) {
                guard let state = EngagementStart.State(rawValue: try row.string("state")) else { continue }
                progress.starts[state] = Int(try row.integer("count"))
            }
        } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
        return progress
    }

    /// Ends a running one; nil when there is none, or it has ended. Throws `storage`.
    public func cancel(_ id: String) async throws(JobsError) -> EngagementBulk? {
        try await rows(Self.end, [.text(id), .text("cancelled"), .null]).first
    }

    /// Notes an end. Throws `storage`.
    func end(_ id: String, as state: EngagementBulk.State, error: String? = nil) async throws(JobsError) {
        let text = error.map { StorableText.make($0, maximumBytes: 2_000) }
        _ = try await rows(Self.end, [.text(id), .text(state.rawValue), text.map { .text($0) } ?? .null])
    }

    /// Those that run, the oldest first. Throws `storage`.
    func running() async throws(JobsError) -> [EngagementBulk] { try await rows(Self.selectRunning, []) }

    /// Gives one another job, unless somebody did that already. Throws `storage`.
    func takeOver(_ id: String, from runner: String) async throws(JobsError) -> Bool {
        try await !rows(Self.takeOver, [.text(id), .text(runner)]).isEmpty
    }

    /// Gives one another job that its runner has made itself. Throws `storage`.
    func hand(_ id: String, from runner: String, to next: String) async throws(JobsError) -> Bool {
        try await !rows(Self.hand, [.text(id), .text(runner), .text(next)]).isEmpty
    }

    /// One whose turn comes.
    struct Turn: Sendable, Hashable {
        let number: Int64
        let personID: String
        let fields: JSONObject
    }

    /// Those whose turns come next. Throws `storage`.
    func turns(of id: String, count: Int) async throws(JobsError) -> [Turn] {
        do {
            return try await pool.query(Self.selectTurns, [.text(id), .integer(Int64(count))]).map { row in
                Turn(
                    number: try row.integer("number"), personID: try row.string("person_id"),
                    fields: try JSONParser.parse(try row.json("fields")).object ?? [:])
            }
        } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    /// What became of a turn.
    enum TurnResult: Sendable, Hashable {
        case accepted, taken
        /// The bulk has ended, or another job works through it.
        case notOurs
    }

    /// Reserves the person of a turn and marks it. Throws `storage`.
    func accept(
        _ turn: Turn, of bulk: EngagementBulk, runner: String, start: StartStore.NewStart, in starts: StartStore
    ) async throws(JobsError) -> TurnResult {
        do {
            return try await pool.transaction { transaction in
                let locked = try await transaction.query(Self.lock, [.text(bulk.id), .text(runner)])
                guard !locked.isEmpty else { return .notOurs }
                let written = try await starts.insert(start) { try await transaction.query($0, $1) }
                guard written != nil else { return .taken }
                let values: [PostgresValue] = [.text(bulk.id), .integer(turn.number), .text(start.id)]
                // Somebody has had this turn for us: the start goes with the transaction.
                guard try await !transaction.query(Self.mark, values).isEmpty else { throw TurnIsOver() }
                return .accepted
            }
        } catch is TurnIsOver {
            return .notOurs
        } catch let error as PostgresError where error.sqlState == StartStore.uniqueViolation {
            return .taken
        } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    private struct TurnIsOver: Error {}

    /// Passes a person over. Throws `storage`.
    func skip(_ turn: Turn, of bulk: EngagementBulk, reason: String) async throws(JobsError) {
        do {
            _ = try await pool.query(Self.skip, [.text(bulk.id), .integer(turn.number), .text(reason)])
        } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    /// Puts the next turn off. Throws `storage`.
    func pause(_ bulk: EngagementBulk, untilMilliseconds: Int64) async throws(JobsError) {
        _ = try await rows(Self.pause, [.text(bulk.id), .instant(milliseconds: untilMilliseconds)])
    }

    private func rows(
        _ statement: PostgresStatement, _ values: [PostgresValue]
    ) async throws(JobsError) -> [EngagementBulk] {
        do { return try await pool.query(statement, values).map { try EngagementBulk($0) } } catch {
            throw JobsError.wrap(error, Self.complaint)
        }
    }

    private static let complaint = "A bulk could not be read or written"
}

extension BulkStore {
    private static let newJob = """
        jobs.enqueue(
            kind => '\(JobKind.engagementBulk)', args => jsonb_build_object('bulk', $1::text), queue => '\(JobQueue.hub)',
            attempts => 5, retry_delay_seconds => 10)
        """
    private static let insert = PostgresStatement(
        "engagement_bulk_insert",
        """
        WITH bulk AS (
            INSERT INTO crm.engagement_bulk (
                id, state, workspace_id, domain_name, wish, pace_per_minute, total, next_at, created_at, request_key,
                request_digest, runner)
            SELECT $1::text, 'running', $2, $3, $4::jsonb, $5::bigint, $6::bigint, $7, $7, $8, $9, \(newJob)
            RETURNING *
        ), people AS (
            INSERT INTO crm.engagement_bulk_person (bulk_id, number, person_id, fields)
            SELECT $1::text, place, person_id, fields
            FROM unnest($10, $11) WITH ORDINALITY AS list (person_id, fields, place)
        )
        SELECT \(EngagementBulk.columns) FROM bulk
        """)
    private static let select = PostgresStatement(
        "engagement_bulk_select", "SELECT \(EngagementBulk.columns) FROM crm.engagement_bulk WHERE id = $1")
    private static let selectRequest = PostgresStatement(
        "engagement_bulk_request",
        "SELECT \(EngagementBulk.columns), request_digest FROM crm.engagement_bulk WHERE request_key = $1")
    private static let selectRunning = PostgresStatement(
        "engagement_bulk_running",
        "SELECT \(EngagementBulk.columns) FROM crm.engagement_bulk WHERE state = 'running' ORDER BY id LIMIT 100")
    private static let selectTurns = PostgresStatement(
        "engagement_bulk_turns",
        """
        SELECT number, person_id, fields FROM crm.engagement_bulk_person WHERE bulk_id = $1 AND state = 'waiting'
        ORDER BY number LIMIT $2
        """)
    private static let countPeople = PostgresStatement(
        "engagement_bulk_people",
        """
        SELECT state, reason, count(*) AS count FROM crm.engagement_bulk_person WHERE bulk_id = $1 GROUP BY 1, 2
        """)
    private static let countStarts = PostgresStatement(
        "engagement_bulk_starts",
        "SELECT state, count(*) AS count FROM crm.engagement_start WHERE bulk_id = $1 GROUP BY 1")
    private static let end = change("engagement_bulk_end", "state = $2, error = $3, ended_at = clock_timestamp()")
    private static let takeOver = change("engagement_bulk_take_over", "runner = \(newJob)", "runner = $2")
    private static let hand = change("engagement_bulk_hand", "runner = $3", "runner = $2")
    private static let pause = change("engagement_bulk_pause", "next_at = greatest(next_at, $2)")
    private static let lock = PostgresStatement(
        "engagement_bulk_lock",
        "SELECT 1 AS one FROM crm.engagement_bulk WHERE id = $1 AND runner = $2 AND state = 'running' FOR UPDATE")
    private static let mark = PostgresStatement(
        "engagement_bulk_mark", turn("state = 'accepted', start_id = $3"))
    private static let skip = PostgresStatement("engagement_bulk_skip", turn("state = 'skipped', reason = $3"))

    private static func change(_ name: String, _ what: String, _ which: String = "true") -> PostgresStatement {
        PostgresStatement(
            name,
            """
            UPDATE crm.engagement_bulk SET \(what) WHERE id = $1 AND state = 'running' AND \(which)
            RETURNING \(EngagementBulk.columns)
            """)
    }

    private static func turn(_ what: String) -> String {
        """
        UPDATE crm.engagement_bulk_person SET \(what) WHERE bulk_id = $1 AND number = $2 AND state = 'waiting'
        RETURNING number
        """
    }
}
