// The plans that Postgres makes for a replay's statements when it believes that there are five million rows: see
// `DeliveryPlanTests`, whose rows these are.

import Postgres
import Queue
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(3)))
struct ReplayPlanTests {
    private func plan(_ pool: PostgresPool, _ sql: String, _ values: [PostgresValue]) async throws -> String {
        try await pool.transaction { transaction in
            let statement = PostgresStatement("explain_\(Int.random(in: 0...(.max)))", "EXPLAIN " + sql)
            return try await transaction.query(statement, values).map { try $0[0].string }.joined(separator: "\n")
        }
    }

    /// A range within the second of ten days.
    private static func filter(_ fields: [DeliveryFilter.Field: String], hours: Int64) -> DeliveryFilter {
        var filter = DeliveryFilter()
        filter.fields = fields
        filter.sinceMilliseconds = 1_767_312_000_000
        filter.untilMilliseconds = 1_767_312_000_000 + hours * 3_600_000
        return filter
    }

    /// Of a whole day without a filter every row is read, and those of no other.
    @Test func rangesAreFoundByAnIndex() async throws {
        try await PostgresFixture.withDatabase { pool in
            try await pool.execute(DeliveryPlanTests.fill)
            let floor = PostgresStatement("floor", "SELECT jobs.job_id_floor('2026-01-02 00:30:00+00') AS id")
            let cursor = try await pool.query(floor)[0].string("id")
            let cases: [([DeliveryFilter.Field: String], Int64)] = [
                ([:], 1), ([:], 24), ([.target: "zoho"], 4), ([.endpoint: "ep-8"], 24), ([.state: "failed"], 24),
                ([.domainName: "account-7"], 24), ([.eventType: "call.completed"], 1),
                ([.state: "failed", .target: "zoho"], 24),
            ]
            for (fields, hours) in cases {
                let filter = Self.filter(fields, hours: hours)
                let (count, values) = ReplayStore.standings(filter, atMilliseconds: 1_767_571_200_000)
                let counted = try await plan(pool, count.sql, values)
                let isWhole = fields.isEmpty && hours == 24
                #expect(isWhole || counted.contains(/Index .*deliveries_20260102/), "\(fields) \(counted)")
                #expect(isWhole || !counted.contains("Seq Scan on deliveries"), "\(fields) \(counted)")
                #expect(Self.days(counted) == 1, "\(counted)")
                var batch = ReplayStore.originals(filter, "batch")
                batch.add("n", .text(cursor)) { "id > $\($0)" }
                let next = try await plan(
                    pool, "SELECT id, payload FROM jobs.deliveries\(batch.sql) ORDER BY id LIMIT 100", batch.values)
                #expect(next.contains("Index") && !next.contains("Seq Scan"), "\(fields) \(next)")
            }
        }
    }

    /// What is known of a replay's deliveries comes from the index of replays alone.
    @Test func outcomesAreFoundByTheirReplay() async throws {
        try await PostgresFixture.withDatabase { pool in
            try await pool.execute(DeliveryPlanTests.fill)
            let reads: [(PostgresStatement, [PostgresValue])] = [
                (ReplayStore.outcomes, [.texts(["rp_1"])]),
                (ReplayStore.waiting, [.text("rp_1"), .text(""), .integer(500)]),
            ]
            for (statement, values) in reads {
                let plan = try await plan(pool, statement.sql, values)
                #expect(plan.contains("replay_id") && !plan.contains("Seq Scan"), "\(plan)")
            }
        }
    }

    /// How many days' partitions a plan reads.
    private static func days(_ plan: String) -> Int {
        Set(plan.matches(of: /deliveries_(2026\d{4})/).map { String($0.output.1) }).count
    }
}
