// The side of those who put jobs into the outbox. A submission's receipts and rows are written in one transaction, after
// every receipt has been judged; two submissions with one receipt at a time find out by the receipts' primary key, where
// the second waits for the first and then judges again.

public import Postgres
public import Queue

/// `jobs.outbox`: jobs that Postgres keeps until they have ended.
public struct OutboxStore: Sendable {
    let pool: PostgresPool

    /// What producers notify and the relay listens to.
    public static let channel = "jobs_outbox"

    /// Rows that may wait for Redis before submissions are refused as for a full queue.
    public static let maximumWaiting = 5_000_000
    let maximumWaiting: Int

    /// A store over a pool.
    public init(pool: PostgresPool) { self.init(pool: pool, maximumWaiting: Self.maximumWaiting) }

    init(pool: PostgresPool, maximumWaiting: Int) {
        self.pool = pool
        self.maximumWaiting = maximumWaiting
    }

    /// Writes a submission unless its receipts say that this was done before, by this way. What it answers is on the
    /// database's disk. One round trip without receipts, about six with them.
    ///
    /// Throws `storage`; the submission may have been written when the cause says that the outcome is unknown.
    public func insert(_ submission: Submission, to queue: QueueName) async throws(JobsError) -> SubmissionResult {
        do {
            let entry = OutboxEntry(submission, queue)
            guard entry.hasReceipts else {
                try await insert(entry.plan(known: [:]), queue) { try await pool.query($0, $1) }
                return entry.plan(known: [:]).result
            }
            while true {
                do {
                    return try await pool.transaction { try await insert(entry, queue, $0) }
                } catch is Raced {
                    // Its receipts can be read now.
                }
            }
        } catch let full as Full {
            return .full(waiting: full.waiting)
        } catch {
            throw JobsError.wrap(error, "Jobs could not be put into the outbox")
        }
    }

    /// A job in the outbox, for a day after its end; nil when there is none. Throws `storage`.
    public func find(id: JobID) async throws(JobsError) -> OutboxJob? {
        do {
            guard let row = try await pool.query(Self.select, [.text(id.description)]).first else { return nil }
            return OutboxJob(
                id: id.description, queue: try row.string("queue"), kind: try row.string("kind"),
                lane: try row.string("lane"), policy: RetryPolicy(try row.string("policy")),
                createdAtMilliseconds: try row.instantMilliseconds("created_at"),
                runAtMilliseconds: try row.optionalInstantMilliseconds("run_at"),
                isRelayed: try !row.isNull("relayed_at"), isEnded: try !row.isNull("ended_at"),
                carriedBy: try row.optionalString("carried_by"))
        } catch {
            throw JobsError.wrap(error, "A job in the outbox could not be read")
        }
    }

    /// Ends a job that waits in the outbox, and writes its end into the history; false when no such job waits there: then
    /// Redis has it, or it has ended. Throws `storage`.
    public func cancel(_ id: JobID, note: String) async throws(JobsError) -> Bool {
        do {
            return try await !pool.query(Self.cancel, [.text(id.description), .text(note)]).isEmpty
        } catch {
            throw JobsError.wrap(error, "A job in the outbox could not be cancelled")
        }
    }

    /// Another submission with one of the receipts came in between.
    private struct Raced: Error {}

    private struct Full: Error { let waiting: Int }

    /// Throws ``Raced``, so that the transaction ends without effect, when it has to be judged again.
    private func insert(
        _ entry: OutboxEntry, _ queue: QueueName, _ transaction: PostgresTransaction
    ) async throws -> SubmissionResult {
        var known: [String: Receipt.Known] = [:]
        let values: [PostgresValue] = [.text(queue.description), .texts(entry.receiptKeys)]
        for row in try await transaction.query(Self.selectReceipts, values) {
            known[try row.string("key")] = .init(digest: try row.string("digest"), ids: try row.string("ids"))
        }
        let plan = entry.plan(known: known)
        if plan.receipts.isEmpty, plan.jobs.isEmpty { return plan.result }
        let written = try await transaction.query(
            Self.insertReceipts,
            [
                .text(queue.description), plan.submission.map { .text($0) } ?? .null,
                .texts(plan.receipts.map(\.receipt.key)), .texts(plan.receipts.map(\.receipt.digest)),
                .texts(plan.receipts.map(\.ids)), .integers(plan.receipts.map { Int64($0.group) }),
            ])
        guard written.count == plan.receipts.count else { throw Raced() }
        try await insert(plan, queue) { try await transaction.query($0, $1) }
        return plan.result
    }

    private func insert(
        _ plan: OutboxEntry.Plan, _ queue: QueueName,
        _ query: (PostgresStatement, [PostgresValue]) async throws -> PostgresRows
    ) async throws {
        guard let submission = plan.submission else { return }
        let values = [.text(queue.description), .text(submission)] + OutboxRow.columns(plan.jobs)
        let waiting = try await query(Self.insertJobs, values + [.integer(Int64(maximumWaiting))])[0].integer("waiting")
        if waiting >= maximumWaiting { throw Full(waiting: Int(waiting)) }
    }

    private static let selectReceipts = PostgresStatement(
        "outbox_receipts",
        """
        SELECT key, digest, ids FROM jobs.outbox_receipt
        WHERE queue = $1 AND key = ANY($2) AND created_at > clock_timestamp() - interval '24 hours'
        """)

    private static let insertReceipts = PostgresStatement(
        "outbox_insert_receipts",
        """
        INSERT INTO jobs.outbox_receipt AS r (queue, submission, key, digest, ids, group_number)
        SELECT $1, $2, key, digest, ids, group_number
        FROM unnest($3, $4, $5, $6) AS list (key, digest, ids, group_number) ORDER BY key
        ON CONFLICT (queue, key) DO UPDATE SET
            submission = EXCLUDED.submission, digest = EXCLUDED.digest, ids = EXCLUDED.ids,
            group_number = EXCLUDED.group_number, created_at = clock_timestamp()
        WHERE r.created_at <= clock_timestamp() - interval '24 hours'
        RETURNING key
        """)

    private static let insertJobs = PostgresStatement(
        "outbox_insert",
        """
        WITH room AS (
            SELECT jobs.outbox_waiting($18) AS waiting
        ), inserted AS (
            INSERT INTO jobs.outbox (
                queue, submission, group_number, id, kind, arguments, policy, lane, run_at, key_kind, key,
                key_milliseconds, longest_milliseconds, time_limit_milliseconds, version, label, order_key)
            SELECT $1, $2, group_number, id, kind, arguments, policy, lane,
                clock_timestamp() + delay * interval '1 millisecond', key_kind, key, key_milliseconds,
                longest_milliseconds, time_limit_milliseconds, version, label, order_key
            FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) WITH ORDINALITY AS list
                (group_number, id, kind, arguments, policy, lane, delay, key_kind, key, key_milliseconds,
                longest_milliseconds, time_limit_milliseconds, version, label, order_key, place)
            WHERE (SELECT waiting FROM room) < $18
            ORDER BY place
            ON CONFLICT (id) DO NOTHING
        )
        SELECT waiting, pg_notify('\(channel)', '') FROM room
        """)

    // It waits for a relay that is about to give the row to Redis, and then finds it given.
    private static let cancel = PostgresStatement(
        "outbox_cancel",
        """
        WITH ended AS (
            UPDATE jobs.outbox SET ended_at = clock_timestamp(), arguments = ''
            WHERE id = $1 AND relayed_at IS NULL AND ended_at IS NULL RETURNING id, kind, queue, created_at, ended_at
        )
        INSERT INTO jobs.finished (id, kind, queue, state, attempts, crashes, deferrals, enqueued_at, finished_at, note)
        SELECT id, kind, queue, 'cancelled', 0, 0, 0, created_at, ended_at, $2 FROM ended
        ON CONFLICT (id) DO NOTHING RETURNING id
        """)

    private static let select = PostgresStatement("outbox_select", "SELECT * FROM jobs.outbox WHERE id = $1")
}
