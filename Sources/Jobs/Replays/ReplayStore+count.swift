import Postgres
public import Queue

/// How many deliveries a replay would send, and to whom.
public struct ReplayCount: Sendable, Hashable {
    /// All that would be sent.
    public var total: Int64 { targets.values.reduce(0, +) }
    /// By target.
    public internal(set) var targets: [String: Int64] = [:]
    /// Those of the range that would not.
    public internal(set) var skipped: [Replay.Skip: Int64] = [:]
    /// Whether the range has more than ``Replay/maximumCount``, so that these numbers are too small.
    public internal(set) var isTooLarge = false
}

extension ReplayStore {
    /// Deliveries whose jobs are looked for in Redis at a time.
    private static let lookCount = 1_000

    /// Counts what a replay of these deliveries would do if it were asked for at a moment. Reads the whole range, up to
    /// ``Replay/maximumCount`` rows, and asks Redis for the failed ones. Throws `storage`, or a `QueueError`.
    public func count(
        _ filter: DeliveryFilter, atMilliseconds moment: Int64, in queue: QueueClient
    ) async throws -> ReplayCount {
        var count = ReplayCount()
        var seen: Int64 = 0
        var (buried, open): ([String: Int64], Int64) = ([:], 0)
        for (target, standing, number) in try await standings(filter, atMilliseconds: moment) {
            seen += number
            switch standing {
            case .ready: count.targets[target, default: 0] += number
            case .buried:
                buried[target, default: 0] += number
                open += number
            case .skipped(let skip): count.skipped[skip, default: 0] += number
            }
        }
        count.isTooLarge = seen > Int64(Replay.maximumCount)
        guard open > 0, !count.isTooLarge else { return count }
        var cursor = ""
        for _ in 0...(Replay.maximumCount / Self.lookCount) {
            let rows = try await self.buried(filter, atMilliseconds: moment, after: cursor)
            let known = try await queue.buried(of: rows.map(\.id), in: JobQueue.webhooks)
            for (id, target) in rows {
                if known.contains(id) {
                    count.targets[target, default: 0] += 1
                } else {
                    count.skipped[.payloadGone, default: 0] += 1
                }
            }
            guard rows.count == Self.lookCount, let last = rows.last else { break }
            cursor = last.id.description
        }
        return count
    }

    private func standings(
        _ filter: DeliveryFilter, atMilliseconds moment: Int64
    ) async throws(JobsError) -> [(String, ReplayStanding, Int64)] {
        let (statement, values) = Self.standings(filter, atMilliseconds: moment)
        do {
            return try await pool.query(statement, values).map {
                (try $0.string("target"), try ReplayStanding($0), try $0.integer("number"))
            }
        } catch {
            throw JobsError.wrap(error, "Deliveries could not be counted")
        }
    }

    static func standings(
        _ filter: DeliveryFilter, atMilliseconds moment: Int64
    ) -> (PostgresStatement, [PostgresValue]) {
        var wanted = originals(filter, "replays_standings_")
        let (time, most) = (
            wanted.parameter(.instant(milliseconds: moment)), wanted.parameter(.integer(Int64(Replay.maximumCount) + 1))
        )
        let sql = """
            SELECT target, standing, count(*) AS number FROM (
                SELECT target, \(ReplayStanding.sql(moment: time)) AS standing FROM jobs.deliveries\(wanted.sql) LIMIT $\(most)
            ) AS d GROUP BY target, standing
            """
        return (PostgresStatement(wanted.name, sql), wanted.values)
    }

    /// Failed deliveries that the dead set decides about, in order.
    private func buried(
        _ filter: DeliveryFilter, atMilliseconds moment: Int64, after cursor: String
    ) async throws(JobsError) -> [(id: JobID, target: String)] {
        var wanted = Self.originals(filter, "replays_buried_")
        let (time, from) = (wanted.parameter(.instant(milliseconds: moment)), wanted.parameter(.text(cursor)))
        wanted.add("id > $\(from)")
        wanted.add("(\(ReplayStanding.sql(moment: time))) = 'buried'")
        let rows = wanted.parameter(.integer(Int64(Self.lookCount)))
        let sql = "SELECT id, target FROM jobs.deliveries\(wanted.sql) ORDER BY id LIMIT $\(rows)"
        do {
            return try await pool.query(PostgresStatement(wanted.name, sql), wanted.values).map { row in
                guard let id = JobID(try row.string("id")) else {
                    throw JobsError(.unexpectedData, "jobs.deliveries has an id that is none")
                }
                return (id, try row.string("target"))
            }
        } catch {
            throw JobsError.wrap(error, "Deliveries could not be counted")
        }
    }
}
