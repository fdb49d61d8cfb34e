import Postgres
import Queue

extension ReplayStore {
    /// Bytes of payload that one batch reads at most, unless its one delivery has more.
    private static let maximumBatchBytes: Int64 = 4 << 20

    /// Marks the batch that comes next, unless one is under way: up to `count` deliveries behind the cursor. The replay with
    /// its batch; without one when nothing is left, and nil when it is not running, or another runner's. Throws `storage`.
    func begin(_ replay: Replay, runner: JobID, count: Int) async throws(JobsError) -> Replay? {
        if replay.batchEnd != nil { return replay.runner == runner ? replay : nil }
        var (wanted, cursor) = candidates(replay, "replays_mark_")
        let (rows, bytes) = (
            wanted.parameter(.integer(Int64(count))), wanted.parameter(.integer(Self.maximumBatchBytes))
        )
        let (id, mine) = (wanted.parameter(.text(replay.id)), wanted.parameter(.text(runner.description)))
        let sql = """
            UPDATE jobs.replays SET batch_end = (
                SELECT max(id) FROM (
                    SELECT id, row_number() OVER (ORDER BY id) AS number,
                        sum(coalesce(octet_length(payload), 0)) OVER (ORDER BY id) AS bytes
                    FROM (SELECT id, payload FROM jobs.deliveries\(wanted.sql) ORDER BY id LIMIT $\(rows)) AS d
                ) AS s WHERE number = 1 OR bytes <= $\(bytes)
            )
            WHERE id = $\(id) AND runner = $\(mine) AND state = 'running' AND batch_end IS NULL AND cursor = $\(cursor)
            RETURNING \(Replay.columns)
            """
        return try await row(PostgresStatement(wanted.name, sql), wanted.values, "A replay's batch could not be marked")
    }

    /// The deliveries of the batch under way, in order. Throws `storage`.
    func batch(of replay: Replay) async throws(JobsError) -> [ReplayCandidate] {
        var (wanted, _) = candidates(replay, "replays_batch_")
        let (end, moment) = (
            wanted.parameter(.text(replay.batchEnd ?? "")),
            wanted.parameter(.instant(milliseconds: replay.createdAtMilliseconds))
        )
        wanted.add("id <= $\(end)")
        let sql = """
            SELECT \(RecordedDelivery.columns), payload, \(ReplayStanding.sql(moment: moment)) AS standing
            FROM jobs.deliveries\(wanted.sql) ORDER BY id
            """
        do {
            return try await pool.query(PostgresStatement(wanted.name, sql), wanted.values)
                .map { try ReplayCandidate($0) }
        } catch {
            throw JobsError.wrap(error, "A replay's deliveries could not be read")
        }
    }

    /// Counts the batch under way and moves the cursor behind it; false when that has been done. Anybody's who has sent it,
    /// whoever's the replay is by now, and also when it was cancelled meanwhile. Throws `storage`.
    func count(
        _ replay: Replay, sent: Int, skipped: [Replay.Skip: Int]
    ) async throws(JobsError) -> Bool {
        let skips = Replay.Skip.allCases.map { Int64(skipped[$0] ?? 0) }
        let values: [PostgresValue] =
            [
                .text(replay.id), .text(replay.cursor), .text(replay.batchEnd ?? ""),
                .integer(Int64(sent)), .integer(skips.reduce(Int64(sent), +)),
            ] + skips.map { .integer($0) }
        return try await row(Self.count, values, "A replay's batch could not be counted") != nil
    }

    private static let count = PostgresStatement(
        "replays_count",
        change(
            "cursor = batch_end, batch_end = NULL, sent = sent + $4, examined = examined + $5, "
                + Replay.Skip.allCases.enumerated().map { "\($1.rawValue) = \($1.rawValue) + $\($0 + 6)" }
                .joined(separator: ", "),
            "id = $1 AND cursor = $2 AND batch_end = $3"))

    /// What is behind the cursor, and the number of the cursor's parameter.
    private func candidates(_ replay: Replay, _ name: String) -> (DeliveryFilter.Conditions, Int) {
        var wanted = Self.originals(replay.filter, name)
        let cursor = wanted.parameter(.text(replay.cursor))
        wanted.add("id > $\(cursor)")
        return (wanted, cursor)
    }

    /// Deliveries that repeat no other.
    static func originals(_ filter: DeliveryFilter, _ name: String) -> DeliveryFilter.Conditions {
        var wanted = filter.conditions(name)
        wanted.add("replay_of IS NULL")
        return wanted
    }
}
