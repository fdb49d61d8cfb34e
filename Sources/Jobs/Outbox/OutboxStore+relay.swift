// The relay's side of the outbox. One row's lock is the right to relay: whoever holds it is the only one who gives rows to
// Redis, notes what was given, and finds out what was lost. The server takes the right from a holder who does nothing for
// too long (a frozen process keeps its connection open), so it is no proof against two at a time: the fence is.

import Postgres
import Queue

extension OutboxStore {
    /// How long a holder of the right may do nothing in Postgres, in ms: longer than any call of Redis takes.
    static let idleMilliseconds = 20_000

    /// Runs the body in a transaction that holds the right to relay; nil when another holds it. Throws what the body does.
    func withRelayRight<Value: Sendable>(
        _ body: (RelayRight) async throws -> Value
    ) async throws -> Value? {
        try await pool.transaction { transaction in
            guard let row = try await transaction.query(Self.lock).first else { return nil }
            try await transaction.execute(
                "SET LOCAL idle_in_transaction_session_timeout = \(Self.idleMilliseconds)")
            return try await body(
                RelayRight(transaction: transaction, epoch: try row.optionalString("epoch")))
        }
    }

    /// Removes rows that ended, and receipts that were given, more than a day ago; at most `count` of each. Whether there
    /// may be more. Throws `storage`.
    func prune(_ count: Int) async throws(JobsError) -> Bool {
        do {
            let row = try await pool.query(Self.prune, [.integer(Int64(count))])[0]
            return try row.integer("jobs") == count || row.integer("receipts") == count
        } catch {
            throw JobsError.wrap(error, "The outbox could not be pruned")
        }
    }

    private static let lock = PostgresStatement(
        "outbox_lock", "SELECT epoch FROM jobs.outbox_relay FOR UPDATE SKIP LOCKED")

    private static let prune = PostgresStatement(
        "outbox_prune",
        """
        WITH jobs AS (
            DELETE FROM jobs.outbox WHERE number IN (
                SELECT number FROM jobs.outbox WHERE ended_at < clock_timestamp() - interval '24 hours'
                ORDER BY ended_at LIMIT $1)
            RETURNING 1
        ), receipts AS (
            DELETE FROM jobs.outbox_receipt WHERE (queue, key) IN (
                SELECT queue, key FROM jobs.outbox_receipt WHERE created_at < clock_timestamp() - interval '24 hours'
                ORDER BY created_at LIMIT $1)
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM receipts) AS receipts
        """)
}

/// The right to relay, for as long as its transaction lasts.
struct RelayRight: Sendable {
    let transaction: PostgresTransaction
    /// The life of Redis's data that the rows under way were given to; nil before the first.
    let epoch: String?

    /// What became of a row.
    struct Note: Sendable, Hashable {
        let number: Int64
        /// The job that runs in its place.
        var carrier: JobID?
        /// Nothing remains to be done for it.
        var isEnd = false
    }

    /// A row that Redis was given and that has not ended.
    struct UnderWay: Sendable {
        let number: Int64
        let queue: QueueName
        /// The job that runs it: its own or its carrier's.
        let job: JobID
    }

    /// The first rows that wait, whole submissions, in their order. At least one submission; else at most about
    /// `maximumRows` with `maximumBytes` of arguments.
    ///
    /// - Parameter excluding: queues that take nothing now: their rows wait behind nobody's, nobody's behind theirs.
    func waiting(
        maximumRows: Int, maximumBytes: Int, excluding queues: Set<QueueName> = []
    ) async throws -> [OutboxRow] {
        let values: [PostgresValue] = [
            .integer(Int64(maximumRows)), .integer(Int64(maximumBytes)), .texts(queues.map(\.description)),
        ]
        return try await transaction.query(Self.waiting, values).map { try OutboxRow($0) }
    }

    /// Those of the rows that still wait, and go on waiting until this transaction ends. Ends those whose jobs the
    /// history knows by now.
    ///
    /// Has to come after the look into Redis: a job leaves Redis only when it is in the history.
    func stillWaiting(_ numbers: [Int64]) async throws -> Set<Int64> {
        _ = try await transaction.query(Self.endFinished, [.integers(numbers)])
        return Set(
            try await transaction.query(Self.stillWaiting, [.integers(numbers)]).map { try $0.integer("number") })
    }

    /// The receipts of these submissions.
    func receipts(of submissions: [String]) async throws -> [String: [OutboxReceipt]] {
        var found: [String: [OutboxReceipt]] = [:]
        for row in try await transaction.query(Self.receipts, [.texts(submissions)]) {
            found[try row.string("submission"), default: []].append(
                OutboxReceipt(
                    receipt: Receipt(key: try row.string("key"), digest: try row.string("digest")),
                    group: Int(try row.integer("group_number")),
                    groupCount: try row.string("ids").count { $0 == "\n" } + 1))
        }
        return found
    }

    /// A fence larger than any before, and than `seen`.
    func nextFence(after seen: Int64) async throws -> Int64 {
        try await transaction.query(Self.fence, [.integer(seen)])[0].integer("fence")
    }

    /// Writes down what was done with rows that have not ended meanwhile.
    func note(_ notes: [Note]) async throws {
        guard !notes.isEmpty else { return }
        _ = try await transaction.query(
            Self.note,
            [
                .integers(notes.map(\.number)), .texts(notes.map { $0.carrier?.description }),
                .integers(notes.map { $0.isEnd ? 1 : 0 }),
            ])
    }

    /// Rows under way with larger numbers than `number`, in order.
    func underWay(after number: Int64, count: Int) async throws -> [UnderWay] {
        try await transaction.query(Self.underWay, [.integer(number), .integer(Int64(count))]).map { row in
            guard let queue = QueueName(try row.string("queue")), let job = JobID(try row.string("job")) else {
                throw JobsError(.unexpectedData, "jobs.outbox has a row with an unknown form of id or queue")
            }
            return UnderWay(number: try row.integer("number"), queue: queue, job: job)
        }
    }

    /// Of rows whose jobs Redis does not know: ends those that the history knows, and lets the others wait again.
    ///
    /// Has to come after the look into Redis: a job leaves Redis only when it is in the history.
    /// - Returns: how many wait again.
    func takeBack(_ numbers: [Int64]) async throws -> Int {
        guard !numbers.isEmpty else { return 0 }
        _ = try await transaction.query(Self.endFinished, [.integers(numbers)])
        return try await transaction.query(Self.takeBack, [.integers(numbers)]).count
    }

    /// From now on rows are given to this life of Redis's data.
    func setEpoch(_ epoch: String) async throws {
        _ = try await transaction.query(Self.setEpoch, [.text(epoch)])
    }
}

/// A receipt of a submission in the outbox.
struct OutboxReceipt: Sendable {
    let receipt: Receipt
    /// -1: of the submission as a whole.
    let group: Int
    /// How many groups it answers for.
    let groupCount: Int
}

extension RelayRight {
    private static let waiting = PostgresStatement(
        "outbox_waiting",
        """
        WITH head AS (
            SELECT number, submission, octet_length(arguments) AS bytes FROM jobs.outbox
            WHERE relayed_at IS NULL AND ended_at IS NULL AND queue <> ALL ($3) ORDER BY number LIMIT $1
        ), chosen AS (
            SELECT submission FROM (
                SELECT submission, number, min(number) OVER () AS first, sum(bytes) OVER (ORDER BY number) AS bytes
                FROM head) AS run
            WHERE bytes <= $2 OR number = first
        )
        SELECT number, submission, group_number, id, queue, kind, arguments, policy, lane, times_relayed,
            key_kind, key, key_milliseconds, longest_milliseconds, time_limit_milliseconds, version, label,
            order_key,
            ceil(extract(epoch FROM run_at - clock_timestamp()) * 1000)::bigint AS delay_milliseconds
        FROM jobs.outbox
        WHERE relayed_at IS NULL AND ended_at IS NULL AND submission IN (SELECT submission FROM chosen)
        ORDER BY number
        """)

    private static let stillWaiting = PostgresStatement(
        "outbox_still_waiting",
        """
        SELECT number FROM jobs.outbox WHERE number = ANY($1) AND relayed_at IS NULL AND ended_at IS NULL
        ORDER BY number FOR UPDATE
        """)

    private static let receipts = PostgresStatement(
        "outbox_relay_receipts",
        "SELECT submission, key, digest, ids, group_number FROM jobs.outbox_receipt WHERE submission = ANY($1)")

    private static let fence = PostgresStatement(
        "outbox_fence",
        """
        SELECT CASE WHEN $1::bigint = 0 THEN nextval('jobs.outbox_fence')
            ELSE setval('jobs.outbox_fence', greatest($1::bigint, nextval('jobs.outbox_fence')) + 1) END AS fence
        """)

    // Rows are locked in their order here and by the recorder, so that the two never wait for each other in a ring.
    private static let note = PostgresStatement(
        "outbox_note",
        """
        WITH list AS (
            SELECT * FROM unnest($1, $2, $3) AS list (number, carrier, is_end)
        ), locked AS (
            SELECT number FROM jobs.outbox
            WHERE number = ANY($1) AND ended_at IS NULL ORDER BY number FOR UPDATE
        )
        UPDATE jobs.outbox AS o SET
            relayed_at = clock_timestamp(), times_relayed = times_relayed + 1, carried_by = list.carrier,
            ended_at = CASE WHEN list.is_end = 1 THEN clock_timestamp() END,
            arguments = CASE WHEN list.is_end = 1 THEN '' ELSE o.arguments END
        FROM list JOIN locked USING (number) WHERE o.number = list.number
        """)

    private static let underWay = PostgresStatement(
        "outbox_under_way",
        """
        SELECT number, queue, coalesce(carried_by, id) AS job FROM jobs.outbox
        WHERE relayed_at IS NOT NULL AND ended_at IS NULL AND number > $1 ORDER BY number LIMIT $2
        """)

    private static let endFinished = PostgresStatement(
        "outbox_end_finished",
        """
        UPDATE jobs.outbox AS o SET ended_at = clock_timestamp(), arguments = ''
        FROM jobs.finished AS f
        WHERE o.number = ANY($1) AND o.ended_at IS NULL AND f.id = coalesce(o.carried_by, o.id)
        """)

    private static let takeBack = PostgresStatement(
        "outbox_take_back",
        """
        UPDATE jobs.outbox SET relayed_at = NULL, carried_by = NULL
        WHERE number = ANY($1) AND ended_at IS NULL RETURNING number
        """)

    private static let setEpoch = PostgresStatement("outbox_set_epoch", "UPDATE jobs.outbox_relay SET epoch = $1")
}
