public import Postgres

/// The days of the attempt log: each is a partition of both its tables.
public struct LogPartitions: Sendable {
    private let pool: PostgresPool

    /// Partitions in a database.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Makes the partitions of some days from that of a moment on, where they are missing; how many. Throws `storage`.
    public func make(fromMilliseconds: Int64, days: Int) async throws(JobsError) -> Int {
        do {
            let values: [PostgresValue] = [.text(LogDay(milliseconds: fromMilliseconds).text), .integer(Int64(days))]
            return Int(try await pool.query(DeliveryStore.makePartitions, values)[0].integer("made"))
        } catch {
            throw JobsError.wrap(error, "The log's partitions could not be made")
        }
    }

    /// Drops the oldest day that is wholly before a moment; nil when there is none. Throws `storage`, which is retriable when
    /// somebody reads the log for longer than it may wait.
    public func dropOldest(beforeMilliseconds: Int64) async throws(JobsError) -> String? {
        do {
            let values: [PostgresValue] = [.text(LogDay(milliseconds: beforeMilliseconds).text)]
            return try await pool.query(Self.drop, values)[0].optionalString("day")
        } catch {
            throw JobsError.wrap(error, "An old day of the log could not be dropped")
        }
    }

    private static let drop = PostgresStatement(
        "log_partitions_drop", "SELECT jobs.drop_log_partitions($1::date)::text AS day")
}
