import Postgres
import Testing

@Suite(.timeLimit(.minutes(1)))
struct TransactionTests {
    private let count = PostgresStatement("count", "SELECT count(*) AS n FROM facts")
    private let insert = PostgresStatement("insert", "INSERT INTO facts VALUES ($1)")
    private struct Refusal: Error {}

    private func withFacts(_ body: (PostgresPool) async throws -> Void) async throws {
        try await withPool { pool async throws in
            try await pool.execute("CREATE TEMP TABLE facts (n int8 PRIMARY KEY)")
            try await body(pool)
        }
    }

    @Test
    func commitsWhenTheBodyReturns() async throws {
        try await withFacts { pool async throws in
            let value = try await pool.transaction { transaction async throws in
                _ = try await transaction.query(insert, [.integer(1)])
                try await transaction.execute("INSERT INTO facts VALUES (2)")
                return "done"
            }
            #expect(value == "done")
            #expect(try await pool.query(count)[0].integer("n") == 2)
        }
    }

    @Test
    func rollsBackWhenTheBodyThrows() async throws {
        try await withFacts { pool async throws in
            await #expect(throws: Refusal.self) {
                try await pool.transaction { transaction async throws in
                    _ = try await transaction.query(insert, [.integer(1)])
                    throw Refusal()
                }
            }
            #expect(try await pool.query(count)[0].integer("n") == 0)
        }
    }

    @Test
    func tellsWhenAFailedTransactionWasRolledBack() async throws {
        try await withFacts { pool async throws in
            let error = try await failure {
                try await pool.transaction { transaction async throws in
                    _ = try await transaction.query(insert, [.integer(1)])
                    let duplicate = try await failure { try await transaction.query(insert, [.integer(1)]) }
                    #expect(duplicate.sqlState == "23505" && duplicate.constraint == "facts_pkey")
                }
            }
            #expect(error.code == .server && error.sqlState == "25P02")
            #expect(try await pool.query(count)[0].integer("n") == 0)
        }
    }

    @Test
    func rollsBackWhenTheTaskIsCancelled() async throws {
        try await withFacts { pool async throws in
            let error = try await failure {
                try await pool.transaction { transaction async throws in
                    _ = try await transaction.query(insert, [.integer(1)])
                    unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                }
            }
            #expect(error.code == .cancelled)
            let rows = try await Task.detached { [count] in try await pool.query(count) }.value
            #expect(try rows[0].integer("n") == 0)
        }
    }

    @Test
    func endsWithItsBody() async throws {
        try await withFacts { pool async throws in
            let leaked = try await pool.transaction { $0 }
            let error = try await failure { try await leaked.query(count) }
            #expect(error.code == .closed)
            let other = try await failure { try await pool.transaction { _ in try await leaked.execute("SELECT 1") } }
            #expect(other.code == .closed)
        }
    }

    @Test
    func refusesATransactionWithinATransaction() async throws {
        try await withFacts { pool async throws in
            let error = try await failure {
                try await pool.transaction { _ in try await pool.transaction { _ in } }
            }
            #expect(error.code == .misuse)
            try await pool.transaction { _ = try await $0.query(insert, [.integer(1)]) }
            #expect(try await pool.query(count)[0].integer("n") == 1)
        }
    }

    @Test(arguments: ["COMMIT", "ROLLBACK"])
    func noticesAStatementThatEndsTheTransaction(sql: String) async throws {
        try await withFacts { pool async throws in
            let error = try await failure { try await pool.transaction { try await $0.execute(sql) } }
            #expect(error.code == .misuse)
            #expect(try await pool.query(count)[0].integer("n") == 0)
        }
    }

    @Test
    func refusesToLeaveATransactionOpen() async throws {
        try await withPool { pool async throws in
            let error = try await failure { try await pool.execute("BEGIN; SELECT 1") }
            #expect(error.code == .misuse)
            let failed = try await failure { try await pool.execute("BEGIN; SELECT 1 / 0") }
            #expect(failed.sqlState == "22012")
            let fresh = PostgresStatement("fresh", "SELECT pg_current_xact_id_if_assigned() IS NULL AS v")
            #expect(try await pool.query(fresh)[0].boolean("v"))
        }
    }

    @Test
    func runsConcurrentStatementsOneByOne() async throws {
        try await withFacts { pool async throws in
            try await pool.transaction { transaction async throws in
                try await withThrowingTaskGroup { group in
                    for number: Int64 in 0..<20 {
                        group.addTask { [insert] in _ = try await transaction.query(insert, [.integer(number)]) }
                    }
                    try await group.waitForAll()
                }
            }
            #expect(try await pool.query(count)[0].integer("n") == 20)
        }
    }

    @Test
    func reportsDeadlocksAsRetriable() async throws {
        let table = uniqueName()
        try await withPool(size: 2) { pool async throws in
            try await pool.execute(
                "CREATE TABLE \(table) (id int, n int); INSERT INTO \(table) VALUES (1, 0), (2, 0)")
            let both = Rendezvous(count: 2)
            let errors = await withTaskGroup { group in
                for (first, second) in [(1, 2), (2, 1)] {
                    group.addTask {
                        await Result {
                            try await pool.transaction { transaction async throws in
                                try await transaction.execute("SET LOCAL deadlock_timeout = '20ms'")
                                try await transaction.execute("UPDATE \(table) SET n = n + 1 WHERE id = \(first)")
                                await both.arrive()
                                try await transaction.execute("UPDATE \(table) SET n = n + 1 WHERE id = \(second)")
                            }
                        }
                    }
                }
                return await group.reduce(into: [PostgresError]()) { errors, result in
                    if case .failure(let error as PostgresError) = result { errors.append(error) }
                }
            }
            #expect(errors.map(\.sqlState) == ["40P01"])
            #expect(errors.allSatisfy { $0.isRetriable && !$0.isOutcomeUnknown })
            try await pool.execute("DROP TABLE \(table)")
        }
    }
}

extension Result where Failure == any Error {
    fileprivate init(_ work: () async throws -> Success) async {
        do {
            self = .success(try await work())
        } catch {
            self = .failure(error)
        }
    }
}
