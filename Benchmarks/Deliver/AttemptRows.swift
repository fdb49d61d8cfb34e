import Command
import Postgres
import Redis

/// The attempt log as the benchmarks read it.
struct AttemptRows: Sendable {
    let pool: PostgresPool

    /// Over one connection of its own, closed afterwards.
    static func with<Value: Sendable>(
        _ postgres: BenchPostgres, _ body: (AttemptRows) async throws -> Value
    ) async throws -> Value {
        let pool = PostgresPool(configuration: try PostgresConfiguration(url: postgres.server.url), size: 1)
        do {
            let value = try await body(AttemptRows(pool: pool))
            await pool.shutdown()
            return value
        } catch {
            await pool.shutdown()
            throw error
        }
    }

    /// Forgets all: each measurement starts from nothing.
    func clear() async throws {
        try await pool.execute(
            "TRUNCATE jobs.deliveries, jobs.attempts, jobs.finished, jobs.endpoints, jobs.endpoint_secrets CASCADE")
        try await pool.execute("CHECKPOINT")
    }

    /// The deliveries of attempts with this outcome, one for each attempt.
    func deliveries(_ outcome: String) async throws -> [String] {
        let rows = try await pool.query(
            PostgresStatement("bench_rows", "SELECT delivery_id FROM jobs.attempts WHERE outcome = $1"),
            [.text(outcome)])
        return try rows.map { try $0.string("delivery_id") }
    }

    /// How many deliveries to these endpoints have arrived.
    func deliveredCount(endpoints: [String]) async throws -> Int {
        let rows = try await pool.query(
            PostgresStatement(
                "bench_delivered",
                "SELECT count(*) AS count FROM jobs.deliveries WHERE endpoint_id = ANY($1) AND state = 'delivered'"),
            [.texts(endpoints)])
        guard let row = rows.first else { throw BenchError("Postgres does not count") }
        return Int(try row.integer("count"))
    }

    /// The attempts that were spent.
    func spentCount() async throws -> Int {
        let rows = try await pool.query(
            PostgresStatement("bench_spent", "SELECT count(number) AS spent FROM jobs.attempts"), [])
        guard let row = rows.first else { throw BenchError("Postgres does not count") }
        return Int(try row.integer("spent"))
    }

    /// The deliveries of rows that Postgres was too slow for: they lie in Redis until a scheduler moves them. Some of them may
    /// have got to Postgres after all.
    static func late(_ redis: BenchRedis) async throws -> [String] {
        let names = try await redis.client.run(RedisCommand("HKEYS", arguments: ["aj:{webhooks}:log"]))
        return (names.arrayValue ?? []).compactMap(\.string).map { String($0.prefix { $0 != " " }) }
    }

    /// The bytes of the body of one delivery.
    func bodyBytes() async throws -> Int {
        let rows = try await pool.query(
            PostgresStatement(
                "bench_body",
                """
                SELECT octet_length((convert_from(payload, 'UTF8')::json -> 'body')::text) AS bytes
                FROM jobs.deliveries WHERE payload IS NOT NULL LIMIT 1
                """), [])
        guard let row = rows.first else { throw BenchError("no delivery is in the log") }
        return Int(try row.integer("bytes"))
    }
}
