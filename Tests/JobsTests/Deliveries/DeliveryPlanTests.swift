// The plans that Postgres makes for the log's lists when it believes that there are five million rows: 50,000 are written and
// counted, then the catalogue is told that each partition holds a hundred times as many on as many pages as before, which makes
// reading all of them look cheaper than it would be. A plan that finds its rows by an index all the same will do so.

import Postgres
import Queue
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(3)))
struct DeliveryPlanTests {
    private static let rows = 50_000
    private static let days = 10

    /// As many rows as `rows` over some days, of 200 accounts, five targets and a few failures.
    static let fill = """
        SELECT jobs.drop_log_partitions('9999-01-01') FROM generate_series(1, 3);
        SELECT jobs.make_log_partitions('2026-01-01', \(days));
        INSERT INTO jobs.deliveries
            (id, fence, state, target, endpoint_id, webhook_id, event_type, domain_name, engagement_id, call_sid, attempts,
            attempted_at)
        SELECT jobs.job_id_floor('2026-01-01 00:00:00+00'::timestamptz + n * interval '\(86_400 * days / rows) seconds')
                || lpad(n::text, 11, '0'), n, (ARRAY['delivered', 'failed', 'retrying'])[1 + (n % 50 = 0)::int + (n % 100 = 0)::int],
            (ARRAY['twenty', 'zoho', 'hubspot', 'dynamics', 'salesforce'])[1 + n % 5],
            CASE WHEN n % 4 = 0 THEN 'ep-' || n % 100 END, 'msg_' || n, (ARRAY['call.completed', 'call_log.updated'])[1 + n % 2],
            'account-' || n % 200, 'e-' || n / 3, 'CA-' || n / 3, 1, now()
        FROM generate_series(0, \(rows - 1)) AS n;
        INSERT INTO jobs.attempts
            (delivery_id, fence, number, outcome, worker, claimed_at, started_at, prepare_us, limiter_us, dns_us, connect_us,
            tls_us, first_byte_us, body_us, total_us, is_cut)
        SELECT id, fence, 1, 'delivered', 'w', now(), now(), 0, 0, 0, 0, 0, 0, 0, 0, false FROM jobs.deliveries;
        ANALYZE jobs.deliveries; ANALYZE jobs.attempts;
        UPDATE pg_class SET reltuples = reltuples * 100
        WHERE relnamespace = 'jobs'::regnamespace AND relname ~ '^(deliveries|attempts)' AND reltuples > 0;
        """

    private static func filters() -> [DeliveryFilter] {
        let values: [DeliveryFilter.Field: String] = [
            .target: "zoho", .endpoint: "ep-8", .state: "failed", .domainName: "account-7", .engagementID: "e-500",
            .callSID: "CA-500", .eventType: "call.completed",
        ]
        let fields = DeliveryFilter.Field.allCases
        var sets: [Set<DeliveryFilter.Field>] = [[]] + fields.map { [$0] }
        for (index, first) in fields.enumerated() { sets += fields[(index + 1)...].map { [first, $0] } }
        sets.append(Set(fields))
        return sets.flatMap { set in
            [false, true].map { hasTimes in
                var filter = DeliveryFilter()
                for field in set { filter.fields[field] = values[field] }
                if hasTimes {
                    filter.sinceMilliseconds = 1_767_312_000_000
                    filter.untilMilliseconds = 1_767_571_200_000
                }
                return filter
            }
        }
    }

    /// The plan with the values at hand and, where `isGeneric`, without: Postgres may use either for a prepared statement.
    private func plan(
        _ pool: PostgresPool, _ statement: PostgresStatement, _ values: [PostgresValue], isGeneric: Bool
    ) async throws -> String {
        try await pool.transaction { transaction in
            let mode = isGeneric ? "force_generic_plan" : "force_custom_plan"
            let types = values.map { value in
                switch value {
                case .instant: "timestamptz"
                case .integer: "bigint"
                default: "text"
                }
            }
            let literals = values.map { value in
                switch value {
                case .text(let text): "'\(text)'"
                case .integer(let number): "\(number)"
                case .instant(let milliseconds): "to_timestamp(\(milliseconds / 1_000))"
                default: "NULL"
                }
            }
            let arguments = values.isEmpty ? "" : "(\(literals.joined(separator: ", ")))"
            let parameters = values.isEmpty ? "" : "(\(types.joined(separator: ", ")))"
            try await transaction.execute(
                "SET LOCAL plan_cache_mode = \(mode); PREPARE looked_at \(parameters) AS \(statement.sql)")
            let lines = try await transaction.query(
                PostgresStatement("explain_\(Int.random(in: 0...(.max)))", "EXPLAIN EXECUTE looked_at \(arguments)"))
            let text = try lines.map { try $0[0].string }.joined(separator: "\n")
            try await transaction.execute("DEALLOCATE looked_at")
            return text
        }
    }

    @Test func everyListFindsItsRowsByAnIndex() async throws {
        try await PostgresFixture.withDatabase { pool in
            try await pool.execute(Self.fill)
            let believed = try await pool.query(
                PostgresStatement(
                    "believed",
                    """
                    SELECT sum(reltuples)::bigint AS n FROM pg_class
                    WHERE relnamespace = 'jobs'::regnamespace AND relkind = 'r' AND relname LIKE 'deliveries%'
                    """))[0].integer("n")
            #expect(believed == 5_000_000)
            for filter in Self.filters() {
                for cursor in [nil, "1m0000000zzzzzzzzzzz"] as [String?] {
                    let (statement, values) = filter.statement(below: cursor, count: 51)
                    for isGeneric in [false, true] {
                        let plan = try await plan(pool, statement, values, isGeneric: isGeneric)
                        #expect(plan.contains("Index") && !plan.contains("Seq Scan"), "\(statement.sql)\n\(plan)")
                        // Days are read one after the other, and no more of them than the page needs.
                        #expect(!plan.contains("Merge Append"), "\(statement.sql)\n\(plan)")
                    }
                }
            }
        }
    }

    /// An account's, engagement's or call's own index is what is used, not a walk past everybody else's rows.
    @Test func whatIsRareIsFoundByItsOwnIndex() async throws {
        try await PostgresFixture.withDatabase { pool in
            try await pool.execute(Self.fill)
            let cases: [(DeliveryFilter.Field, String, String)] = [
                (.engagementID, "e-500", "engagement_id"), (.callSID, "CA-500", "call_sid"),
                (.domainName, "account-7", "domain_name"), (.endpoint, "ep-8", "endpoint_id"),
                (.state, "retrying", "state"),
            ]
            for (field, value, column) in cases {
                var filter = DeliveryFilter()
                filter.fields[field] = value
                let (statement, values) = filter.statement(below: nil, count: 51)
                let plan = try await plan(pool, statement, values, isGeneric: false)
                #expect(plan.contains("Index Cond: (\(column) = "), "\(field)\n\(plan)")
            }
        }
    }

    @Test func oneDeliveryIsFoundInTheDayOfItsId() async throws {
        try await PostgresFixture.withDatabase { pool in
            try await pool.execute(Self.fill)
            let id = try await pool.query(
                PostgresStatement("some", "SELECT id FROM jobs.deliveries WHERE fence = 777"))[0].string("id")
            let reads: [(PostgresStatement, [PostgresValue])] = [
                (DeliveryStore.select, [.text(id)]), (DeliveryStore.selectAttempts, [.text(id), .integer(200)]),
            ]
            for (statement, values) in reads {
                let plan = try await plan(pool, statement, values, isGeneric: false)
                #expect(plan.contains("Index Scan") && !plan.contains("Append"), "\(plan)")
            }
        }
    }
}
