import Jobs
public import Postgres
public import Queue

extension HealthChecks {
    /// What every program needs to be ready: Redis answers, and Postgres has the schema.
    public static func servers(queue: QueueClient, pool: PostgresPool) -> HealthChecks {
        HealthChecks([
            HealthCheck(name: "redis") { try await queue.ping() },
            HealthCheck(name: "postgres") { _ = try await pool.query(Migrator.schemaCheck) },
        ])
    }
}
