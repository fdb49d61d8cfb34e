import Postgres
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct MigratorTests {
    @Test func appliesOnceInOrder() async throws {
        try await PostgresFixture.withDatabase(isMigrated: false) { pool in
            let versions = Migration.all.map(\.version)
            let migrator = Migrator(pool: pool)
            #expect(try await migrator.pending() == versions)
            #expect(try await migrator.run() == versions)
            #expect(try await migrator.run() == [])
            #expect(try await migrator.pending() == [])
            let rows = try await pool.query(
                PostgresStatement("t", "SELECT version, length(checksum) AS n FROM jobs.migrations ORDER BY 1"))
            #expect(try rows.map { try $0.integer("version") } == versions)
            #expect(try rows.allSatisfy { try $0.integer("n") == 64 })
        }
    }

    @Test func racesSafely() async throws {
        try await PostgresFixture.withDatabase(isMigrated: false, size: 8) { pool in
            let applied = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for _ in 0..<8 { group.addTask { try await Migrator(pool: pool).run() } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == Migration.all.map(\.version))
        }
    }

    @Test func refusesAChangedStepAndRollsBackAFailingOne() async throws {
        try await PostgresFixture.withDatabase(isMigrated: false) { pool in
            let first = Migration(version: 1, name: "a", sql: "CREATE TABLE a (x int);")
            let broken = Migration(version: 2, name: "b", sql: "CREATE TABLE b (x int); SELECT 1 / 0;")
            let failure = await #expect(throws: JobsError.self) {
                try await Migrator(pool: pool, migrations: [first, broken]).run()
            }
            #expect(failure?.code == .storage && failure?.isRetriable == false)
            #expect(try await Migrator(pool: pool, migrations: [first, broken]).pending() == [2])
            let tables = try await pool.query(
                PostgresStatement("t", "SELECT to_regclass('a') IS NULL AS a, to_regclass('b') IS NULL AS b"))
            #expect(try tables[0].boolean("a") == false)
            #expect(try tables[0].boolean("b") == true)
            let changed = Migration(version: 1, name: "a", sql: "CREATE TABLE a (x bigint);")
            let refusal = await #expect(throws: JobsError.self) {
                try await Migrator(pool: pool, migrations: [changed]).run()
            }
            #expect(refusal?.code == .migrationChanged)
            let fixed = Migration(version: 2, name: "b", sql: "CREATE TABLE b (x int);")
            #expect(try await Migrator(pool: pool, migrations: [first, fixed]).run() == [2])
            #expect(try await Migrator(pool: pool, migrations: [first]).run() == [])
        }
    }
}

@Suite(.timeLimit(.minutes(2)))
struct FinishedStoreTests {
    private func job(
        _ id: String, at milliseconds: Int64, _ state: FinishedJob.State = .done, error: String? = nil
    )
        -> FinishedJob
    {
        FinishedJob(
            id: id, kind: "k", queue: "q", state: state, attempts: 2, crashes: 1, deferrals: 3,
            enqueuedAtMilliseconds: 5,
            finishedAtMilliseconds: milliseconds, note: "n", error: error)
    }

    @Test func keepsTheNewestTrace() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = FinishedStore(pool: pool)
            try await store.record([])
            try await store.record([job("a", at: 100, .dead, error: "why"), job("a", at: 50), job("b", at: 7)])
            #expect(try await store.find(id: "a") == job("a", at: 100, .dead, error: "why"))
            try await store.record([job("a", at: 99)])
            #expect(try await store.find(id: "a")?.state == .dead)
            try await store.record([job("a", at: 100, .cancelled), job("a", at: 100)])
            #expect(try await store.find(id: "a") == job("a", at: 100))
            #expect(try await store.find(id: "none") == nil)
            #expect(try await store.find(id: "a\0b") == nil)
        }
    }

    @Test func takesManyAndLongTexts() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = FinishedStore(pool: pool)
            let jobs = (0..<2_500).map { job("j\($0)", at: Int64($0)) }
            try await store.record(jobs)
            let count = try await pool.query(PostgresStatement("t", "SELECT count(*) AS n FROM jobs.finished"))
            #expect(try count[0].integer("n") == 2_500)
            let long = job("long", at: 1, error: "a\0" + String(repeating: "é", count: 10_000))
            try await store.record([long])
            let kept = try #require(try await store.find(id: "long")?.error)
            #expect(kept.utf8.count <= 8_192 && kept.utf8.count > 8_180 && kept.hasPrefix("a?é") && kept.hasSuffix("é"))
            #expect(!kept.contains("\u{fffd}"))
        }
    }
}
