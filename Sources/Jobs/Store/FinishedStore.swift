public import Postgres

/// The traces of finished jobs, in `jobs.finished`.
public struct FinishedStore: Sendable {
    /// Most rows of one statement; a longer batch takes several.
    public static let maximumRows = 1_000

    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Writes traces; one that is known already changes only if the new one is not older. Doing it again is harmless.
    /// In the same step the jobs' rows in the outbox end, and those of the jobs whose work they did.
    /// One statement for each `maximumRows`. Throws `storage`.
    public func record(_ jobs: [FinishedJob]) async throws(JobsError) {
        var start = 0
        while start < jobs.count {
            let end = min(start + Self.maximumRows, jobs.count)
            do {
                _ = try await pool.query(Self.insert, Self.parameters(jobs[start..<end]))
            } catch {
                throw JobsError.wrap(error, "Finished jobs could not be recorded")
            }
            start = end
        }
    }

    /// The trace of a job, nil when there is none. Throws `storage`.
    public func find(id: String) async throws(JobsError) -> FinishedJob? {
        // Postgres holds no NUL, so neither does any id.
        guard !id.utf8.contains(0) else { return nil }
        do {
            guard let row = try await pool.query(Self.select, [.text(id)]).first else { return nil }
            guard let state = FinishedJob.State(rawValue: try row.string("state")) else {
                throw JobsError(.unexpectedData, "jobs.finished has a state that this release does not know")
            }
            return FinishedJob(
                id: try row.string("id"),
                kind: try row.string("kind"),
                queue: try row.string("queue"),
                state: state,
                attempts: try row.integer("attempts"),
                crashes: try row.integer("crashes"),
                deferrals: try row.integer("deferrals"),
                enqueuedAtMilliseconds: try row.optionalInstantMilliseconds("enqueued_at"),
                finishedAtMilliseconds: try row.instantMilliseconds("finished_at"),
                note: try row.optionalString("note"),
                error: try row.optionalString("error"),
            )
        } catch {
            throw JobsError.wrap(error, "A finished job could not be read")
        }
    }

    /// Removes at most `count` traces of jobs that ended before a moment, the oldest first, and answers how many. Throws
    /// `storage`.
    public func remove(beforeMilliseconds: Int64, count: Int) async throws(JobsError) -> Int {
        do {
            let values: [PostgresValue] = [.instant(milliseconds: beforeMilliseconds), .integer(Int64(count))]
            return Int(try await pool.query(Self.remove, values)[0].integer("removed"))
        } catch {
            throw JobsError.wrap(error, "Old traces could not be removed")
        }
    }

    private static func parameters(_ jobs: ArraySlice<FinishedJob>) -> [PostgresValue] {
        [
            .texts(jobs.map(\.id)), .texts(jobs.map(\.kind)), .texts(jobs.map(\.queue)),
            .texts(jobs.map(\.state.rawValue)), .integers(jobs.map(\.attempts)), .integers(jobs.map(\.crashes)),
            .integers(jobs.map(\.deferrals)), .instants(jobs.map(\.enqueuedAtMilliseconds)),
            .instants(jobs.map(\.finishedAtMilliseconds)), .texts(jobs.map(\.note)), .texts(jobs.map(\.error)),
        ]
    }

    // One statement may touch a row once, so the newest of several traces of one job is chosen first.
    private static let insert = PostgresStatement(
        "finished_insert",
        """
        WITH recorded AS (
        INSERT INTO jobs.finished AS f
            (id, kind, queue, state, attempts, crashes, deferrals, enqueued_at, finished_at, note, error)
        SELECT DISTINCT ON (id) id, kind, queue, state, attempts, crashes, deferrals, enqueued_at, finished_at, note, error
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) WITH ORDINALITY AS row
            (id, kind, queue, state, attempts, crashes, deferrals, enqueued_at, finished_at, note, error, place)
        ORDER BY id, finished_at DESC, place DESC
        ON CONFLICT (id) DO UPDATE SET
            kind = EXCLUDED.kind, queue = EXCLUDED.queue, state = EXCLUDED.state, attempts = EXCLUDED.attempts,
            crashes = EXCLUDED.crashes, deferrals = EXCLUDED.deferrals,
            enqueued_at = COALESCE(EXCLUDED.enqueued_at, f.enqueued_at),
            finished_at = EXCLUDED.finished_at, note = EXCLUDED.note, error = EXCLUDED.error
        WHERE f.finished_at <= EXCLUDED.finished_at
        ), locked AS (
            SELECT number FROM jobs.outbox
            WHERE ended_at IS NULL AND (id = ANY($1) OR carried_by = ANY($1)) ORDER BY number FOR UPDATE
        )
        UPDATE jobs.outbox AS o SET ended_at = clock_timestamp(), arguments = ''
        FROM locked WHERE o.number = locked.number
        """)

    private static let remove = PostgresStatement(
        "finished_remove",
        """
        WITH old AS (
            SELECT id FROM jobs.finished WHERE finished_at < $1 ORDER BY finished_at LIMIT $2
        ), gone AS (
            DELETE FROM jobs.finished AS f USING old WHERE f.id = old.id RETURNING 1
        )
        SELECT count(*) AS removed FROM gone
        """)

    private static let select = PostgresStatement("finished_select", "SELECT * FROM jobs.finished WHERE id = $1")
}
