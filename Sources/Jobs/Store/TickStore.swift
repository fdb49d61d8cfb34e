public import Postgres
public import Queue

/// The ledger of schedules, in `jobs.ticks`.
public struct TickStore: Sendable {
    /// Most rows of one statement; a longer batch takes several.
    public static let maximumRows = 1_000

    private let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Writes ticks; one that is known already stays as it is, so doing it again is harmless. Throws `storage`.
    public func record(_ ticks: [ScheduleTick]) async throws(JobsError) {
        var start = 0
        while start < ticks.count {
            let end = min(start + Self.maximumRows, ticks.count)
            do {
                _ = try await pool.query(Self.insert, Self.parameters(ticks[start..<end]))
            } catch {
                throw JobsError.wrap(error, "Ticks could not be recorded")
            }
            start = end
        }
    }

    /// The newest ticks of a schedule, of those before a moment: `count`, and all that share the last one's moment. Throws
    /// `storage`.
    public func latest(
        of schedule: String, in queue: QueueName, beforeMilliseconds: Int64? = nil, count: Int
    ) async throws(JobsError) -> [RecordedTick] {
        let values: [PostgresValue] = [
            .text(queue.description), .text(schedule), .instants([beforeMilliseconds]), .integer(Int64(count)),
        ]
        do {
            return try await pool.query(Self.select, values).map { try RecordedTick($0) }
        } catch {
            throw JobsError.wrap(error, "Ticks could not be read")
        }
    }

    /// Removes at most `count` ticks that were judged before a moment, the oldest first, and answers how many. Throws
    /// `storage`.
    public func remove(beforeMilliseconds: Int64, count: Int) async throws(JobsError) -> Int {
        do {
            let values: [PostgresValue] = [.instant(milliseconds: beforeMilliseconds), .integer(Int64(count))]
            return Int(try await pool.query(Self.remove, values)[0].integer("removed"))
        } catch {
            throw JobsError.wrap(error, "Old ticks could not be removed")
        }
    }

    private static func parameters(_ ticks: ArraySlice<ScheduleTick>) -> [PostgresValue] {
        [
            .texts(ticks.map(\.queue.description)), .texts(ticks.map(\.schedule)),
            .instants(ticks.map(\.atMilliseconds)),
            .texts(ticks.map(\.mark)), .instants(ticks.map(\.lastAtMilliseconds)),
            .integers(ticks.map { Int64($0.count) }),
            .texts(ticks.map(\.outcome.rawValue)), .texts(ticks.map { $0.reason.isEmpty ? nil : $0.reason }),
            .instants(ticks.map(\.judgedAtMilliseconds)), .integers(ticks.map(\.lateMilliseconds)),
            .texts(ticks.map { $0.jobID?.description }),
        ]
    }

    private static let insert = PostgresStatement(
        "ticks_insert",
        """
        INSERT INTO jobs.ticks
            (queue, schedule, tick_at, mark, last_at, count, outcome, reason, judged_at, late_ms, job_id)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT DO NOTHING
        """)

    private static let select = PostgresStatement(
        "ticks_select",
        """
        SELECT tick_at, last_at, count, outcome, reason, judged_at, late_ms, job_id FROM jobs.ticks
        WHERE queue = $1 AND schedule = $2 AND tick_at < coalesce(($3::timestamptz[])[1], 'infinity')
        ORDER BY tick_at DESC FETCH FIRST ($4) ROWS WITH TIES
        """)

    private static let remove = PostgresStatement(
        "ticks_remove",
        """
        WITH old AS (
            SELECT queue, schedule, tick_at, mark FROM jobs.ticks WHERE judged_at < $1 ORDER BY judged_at LIMIT $2
        ), gone AS (
            DELETE FROM jobs.ticks AS t USING old
            WHERE (t.queue, t.schedule, t.tick_at, t.mark) = (old.queue, old.schedule, old.tick_at, old.mark)
            RETURNING 1
        )
        SELECT count(*) AS removed FROM gone
        """)
}
