import Basics
import Postgres
import Testing

@testable import Jobs
@testable import Queue

/// `jobs.enqueue`: what producers call inside their own transactions.
@Suite(.timeLimit(.minutes(2)))
struct EnqueueFunctionTests {
    private func enqueue(_ bench: OutboxBench, _ arguments: String) async throws -> String {
        try await bench.pool.query(
            PostgresStatement("t\(arguments.hashValue)", "SELECT jobs.enqueue(\(arguments)) AS id"))[0].string("id")
    }

    private func rows(_ bench: OutboxBench) async throws -> [OutboxRow] {
        try #require(
            try await bench.store.withRelayRight { try await $0.waiting(maximumRows: 100, maximumBytes: 1 << 20) })
    }

    @Test func makesAJobWithAnIDOfItsTime() async throws {
        try await OutboxBench.run { bench in
            let before = SystemWallClock().nowMilliseconds()
            let text = try await enqueue(
                bench,
                #"""
                'engagement.push', '{"b": [1, 2.50], "a": null}', delay_seconds => 60, lane => 'twenty/acme', attempts => 7,
                retry_delay_seconds => 1.5
                """#)
            let id = try #require(JobID(text))
            #expect((before - 5...before + 60_000).contains(id.createdMilliseconds))
            let row = try #require(try await rows(bench).first)
            #expect(row.job.id == id && row.queue == JobQueue.webhooks)
            #expect(row.job.envelope.kind == "engagement.push" && row.job.envelope.lane == "twenty/acme")
            #expect(row.job.envelope.policy == RetryPolicy(attempts: 7, delayMilliseconds: 1_500))
            #expect((50_000...60_000).contains(row.job.delayMilliseconds))
            let arguments = try JSONParser.parse(row.job.envelope.arguments)
            #expect(arguments == .object(["a": .null, "b": .array([.number("1"), .number("2.50")])]))
        }
    }

    @Test(arguments: [
        ("unique_key => 'k'", JobKey.unique("k", lifetimeMilliseconds: 86_400_000)),
        ("unique_key => 'k', unique_seconds => 1.5", .unique("k", lifetimeMilliseconds: 1_500)),
        (
            "debounce_key => 'k', debounce_seconds => 3",
            .debounce("k", quietMilliseconds: 3_000, longestMilliseconds: 15_000)
        ),
        (
            "debounce_key => 'k', debounce_seconds => 3, debounce_max_seconds => 4",
            .debounce("k", quietMilliseconds: 3_000, longestMilliseconds: 4_000)
        ),
    ])
    func takesKeysAndTheOtherOptions(_ arguments: String, _ key: JobKey) async throws {
        try await OutboxBench.run { bench in
            _ = try await enqueue(
                bench,
                "'kind', queue => 'crm', \(arguments), retry_schedule_seconds => '{60,0.5}', time_limit_seconds => 2, version => 4"
            )
            let row = try #require(try await rows(bench).first)
            #expect(row.queue == "crm" && row.job.key == key && row.job.delayMilliseconds == 0)
            #expect(row.job.envelope.policy == RetryPolicy(listedMilliseconds: [60_000, 500]))
            #expect(row.job.envelope.options.timeLimitMilliseconds == 2_000)
            #expect(row.job.envelope.options.argumentsVersion == 4 && row.job.envelope.options.isTracked)
        }
    }

    @Test func idsAreNeverTheSameAndSpreadOverTheirWholeRange() async throws {
        try await OutboxBench.run { bench in
            let rows = try await bench.pool.query(
                PostgresStatement("t", "SELECT jobs.make_job_id() AS id FROM generate_series(1, 5000)"))
            let ids = try rows.map { try #require(JobID(try $0.string("id"))) }
            #expect(Set(ids).count == 5_000)
            // Of the 55 random bits each is set in about half of them.
            let backs = ids.map { Array($0.description.utf8)[9...] }
            for place in backs[0].indices {
                #expect(Set(backs.map { $0[place] }).count == 32, "character \(place)")
            }
        }
    }

    @Test func commitsAndRollsBackWithItsProducer() async throws {
        try await OutboxBench.run { bench in
            struct Regret: Error {}
            try await bench.pool.execute("CREATE TABLE orders (number int)")
            let call = PostgresStatement("t_call", "SELECT jobs.enqueue('kind', queue => 'test') AS id")
            await #expect(throws: Regret.self) {
                try await bench.pool.transaction { transaction in
                    try await transaction.execute("INSERT INTO orders VALUES (1)")
                    _ = try await transaction.query(call)
                    throw Regret()
                }
            }
            let id = try await bench.pool.transaction { transaction in
                try await transaction.execute("INSERT INTO orders VALUES (2)")
                return try await transaction.query(call)[0].string("id")
            }
            try await bench.relay().relayAll()
            #expect(try await bench.drain().map(\.description) == [id])
            let orders = try await bench.pool.query(PostgresStatement("t_orders", "SELECT number FROM orders"))
            #expect(try orders.map { try $0.integer("number") } == [2])
        }
    }

    @Test func wakesTheRelay() async throws {
        try await OutboxBench.run { bench in
            let listener = PostgresListener(
                configuration: bench.pool.testConfiguration, channels: [OutboxStore.channel])
            var iterator = listener.notifications().makeAsyncIterator()
            #expect(try await iterator.next() == .reconnected)
            _ = try await enqueue(bench, "'kind'")
            #expect(try await iterator.next() == .message(channel: OutboxStore.channel, payload: ""))
            _ = try await bench.insert(1)
            #expect(try await iterator.next() == .message(channel: OutboxStore.channel, payload: ""))
            await listener.shutdown()
        }
    }

    private static let refused = [
        ("NULL", "kind"), ("''", "kind"), ("'two words'", "kind"), ("'é'", "kind"), ("repeat('k', 201)", "kind"),
        ("'k', NULL", "args"), ("'k', '[1]'", "args"), ("'k', '3'", "args"),
        ("'k', jsonb_build_object('a', repeat('x', 1048576))", "args"),
        ("'k', queue => 'No'", "queue"), ("'k', queue => ''", "queue"), ("'k', lane => 'a b'", "lane"),
        ("'k', lane => NULL", "lane"), ("'k', delay_seconds => -1", "delay_seconds"),
        ("'k', delay_seconds => 34560001", "delay_seconds"), ("'k', delay_seconds => 'NaN'", "delay_seconds"),
        ("'k', delay_seconds => 1, run_at => now()", "delay_seconds, run_at"),
        ("'k', run_at => now() + interval '401 days'", "run_at"), ("'k', run_at => 'infinity'", "run_at"),
        ("'k', unique_key => ''", "unique_key"), ("'k', unique_key => 'a', unique_seconds => 0", "unique_seconds"),
        ("'k', unique_key => 'a', debounce_key => 'b', debounce_seconds => 1", "unique_key, debounce_key"),
        ("'k', debounce_key => 'b'", "debounce_key, debounce_seconds"),
        ("'k', debounce_seconds => 1", "debounce_key, debounce_seconds"),
        ("'k', debounce_max_seconds => 1", "debounce_max_seconds"),
        ("'k', debounce_key => 'b', debounce_seconds => 0", "debounce_seconds"),
        ("'k', debounce_key => 'b', debounce_seconds => 3, debounce_max_seconds => 2", "debounce_max_seconds"),
        ("'k', debounce_key => 'b', debounce_seconds => 3, delay_seconds => 2", "debounce_key"),
        ("'k', attempts => 0", "attempts"), ("'k', attempts => NULL", "attempts"),
        ("'k', attempts => 1001", "attempts"), ("'k', retry_delay_seconds => -1", "retry_delay_seconds"),
        ("'k', retry_schedule_seconds => '{}'", "retry_schedule_seconds"),
        ("'k', retry_schedule_seconds => '{1,NULL}'", "retry_schedule_seconds"),
        ("'k', retry_schedule_seconds => '{1,-1}'", "retry_schedule_seconds"),
        ("'k', time_limit_seconds => 0", "time_limit_seconds"), ("'k', version => 0", "version"),
    ]

    @Test func refusesWhatTheAPIWouldRefuse() async throws {
        try await PostgresFixture.withDatabase(size: 1) { (pool) async throws in
            for (arguments, parameter) in Self.refused {
                do throws(PostgresError) {
                    try await pool.execute("SELECT jobs.enqueue(\(arguments))")
                    Issue.record("jobs.enqueue(\(arguments)) was not refused")
                } catch {
                    #expect(error.sqlState == "22023", "\(arguments): \(error)")
                    #expect(error.message.contains("jobs.enqueue: \(parameter): "), "\(arguments): \(error)")
                }
            }
            #expect(try await pool.query(PostgresStatement("t", "SELECT FROM jobs.outbox")).isEmpty)
        }
    }
}
