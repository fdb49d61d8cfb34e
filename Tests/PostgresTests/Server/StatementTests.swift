import Postgres
import Testing
import Threads

@Suite(.timeLimit(.minutes(1)))
struct StatementTests {
    private let prepared = PostgresStatement(
        "prepared", "SELECT count(*) AS n FROM pg_prepared_statements WHERE name LIKE 'echo%'")
    private let echo = PostgresStatement("echo", "SELECT $1 AS v")

    @Test
    func preparesOnceOnEachConnection() async throws {
        try await withPool { pool async throws in
            for number: Int64 in 0..<5 {
                #expect(try await pool.query(echo, [.integer(number)])[0].integer("v") == number)
            }
            #expect(try await pool.query(prepared)[0].integer("n") == 1)
            let uses = PostgresStatement(
                "uses", "SELECT generic_plans + custom_plans AS n FROM pg_prepared_statements WHERE name = 'echo'")
            #expect(try await pool.query(uses)[0].integer("n") == 5)
        }
    }

    @Test
    func preparesAgainWhenTypesDiffer() async throws {
        try await withPool { pool async throws in
            #expect(try await pool.query(echo, [.null])[0].isNull("v"))
            #expect(try await pool.query(echo, [.integer(5)])[0].integer("v") == 5)
            #expect(try await pool.query(echo, [.text("five")])[0].string("v") == "five")
            #expect(try await pool.query(echo, [.boolean(true)])[0].boolean("v"))
            #expect(try await pool.query(echo, [.null])[0].isNull("v"))
            #expect(try await pool.query(prepared)[0].integer("n") == 3)
        }
    }

    @Test
    func preparesAgainWhenTheServerForgot() async throws {
        try await withPool { pool async throws in
            _ = try await pool.query(echo, [.integer(1)])
            try await pool.execute("DEALLOCATE ALL")
            #expect(try await pool.query(echo, [.integer(2)])[0].integer("v") == 2)
            try await pool.execute("DISCARD ALL")
            #expect(try await pool.query(echo, [.integer(3)])[0].integer("v") == 3)
            #expect(try await pool.query(prepared)[0].integer("n") == 1)
        }
    }

    @Test
    func preparesAgainWhenThePlanIsOutOfDate() async throws {
        try await withPool { pool async throws in
            try await pool.execute("CREATE TEMP TABLE shape (a int); INSERT INTO shape VALUES (1)")
            let all = PostgresStatement("echo-all", "SELECT * FROM shape")
            #expect(try await pool.query(all).columns == ["a"])
            try await pool.execute("ALTER TABLE shape ADD b text")
            #expect(try await pool.query(all).columns == ["a", "b"])
            #expect(try await pool.query(all).columns == ["a", "b"])
            #expect(try await pool.query(prepared)[0].integer("n") == 1)
        }
    }

    @Test
    func leavesATransactionWithAStaleStatementToTheCaller() async throws {
        try await withPool { pool async throws in
            _ = try await pool.query(echo, [.integer(1)])
            let error = try await failure {
                try await pool.transaction { transaction async throws in
                    try await transaction.execute("DEALLOCATE ALL")
                    return try await transaction.query(echo, [.integer(2)]).count
                }
            }
            #expect(error.sqlState == "26000" && error.isRetriable)
            let value = try await pool.transaction { try await $0.query(echo, [.integer(3)])[0].integer("v") }
            #expect(value == 3)
        }
    }

    @Test
    func refusesTwoTextsOfOneName() async throws {
        try await withPool { pool async throws in
            _ = try await pool.query(echo, [.integer(1)])
            let error = try await failure { try await pool.query(PostgresStatement("echo", "SELECT 2")) }
            #expect(error.code == .misuse)
        }
    }

    @Test
    func forgetsAllWhenTooManyArePrepared() async throws {
        try await withPool { pool async throws in
            for number in 0..<1005 {
                _ = try await pool.query(PostgresStatement("echo\(number)", "SELECT \(number)"))
            }
            #expect(try await pool.query(prepared)[0].integer("n") == 5)
            #expect(try await pool.query(PostgresStatement("echo0", "SELECT 0"))[0][0].integer == 0)
        }
    }

    @Test(arguments: [
        ("INSERT INTO strict VALUES (1, 1)", "23505", String?("strict_pkey")),
        ("INSERT INTO strict VALUES (2, -1)", "23514", "strict_n_check"),
        ("INSERT INTO strict VALUES (NULL, 1)", "23502", nil), ("SELECT 1 / 0", "22012", nil),
        ("SELECT * FROM missing_table", "42P01", nil), ("SELEKT", "42601", nil), ("SELECT 1; SELECT 2", "42601", nil),
        ("SELECT $1::int", "08P01", nil),
    ])
    func tellsTheServersReason(sql: String, sqlState: String, constraint: String?) async throws {
        try await withPool { pool async throws in
            try await pool.execute(
                "CREATE TEMP TABLE strict (id int PRIMARY KEY, n int CHECK (n > 0)); INSERT INTO strict VALUES (1, 1)")
            let error = try await failure { try await pool.query(PostgresStatement("broken", sql)) }
            #expect(error.code == .server && error.sqlState == sqlState && error.constraint == constraint)
            #expect(!error.isOutcomeUnknown && !error.message.isEmpty && !"\(error)".contains("already exists"))
            #expect(try await pool.query(echo, [.integer(1)])[0].integer("v") == 1)
        }
    }

    @Test
    func runsScriptsAsAWhole() async throws {
        try await withPool { pool async throws in
            try await pool.execute("CREATE TEMP TABLE script (n int)")
            try await pool.execute("")
            let error = try await failure {
                try await pool.execute("INSERT INTO script VALUES (1); INSERT INTO script VALUES ('x')")
            }
            #expect(error.sqlState == "22P02")
            try await pool.execute(
                "INSERT INTO script VALUES (2); SELECT 1; BEGIN; INSERT INTO script VALUES (3); COMMIT")
            let all = PostgresStatement("all", "SELECT n FROM script ORDER BY n")
            #expect(try await pool.query(all).map { try $0.integer("n") } == [2, 3])
        }
    }

    @Test(arguments: ["COPY (SELECT 1) TO STDOUT", "CREATE TEMP TABLE c (n int); COPY c FROM STDIN"])
    func refusesCopy(sql: String) async throws {
        try await withPool { pool async throws in
            let error = try await failure { try await pool.execute(sql) }
            #expect(error.code == .misuse)
            #expect(try await pool.query(echo, [.integer(1)])[0].integer("v") == 1)
        }
    }

    @Test
    func setsTheSessionUp() async throws {
        let settings = [
            ("client_encoding", "UTF8"), ("application_name", "the tests"), ("statement_timeout", "12345ms"),
            ("TimeZone", "UTC"), ("DateStyle", "ISO, YMD"), ("extra_float_digits", "1"),
        ]
        try await withPool { configuration in
            configuration.applicationName = "the tests"
            configuration.statementTimeout = .milliseconds(12_345)
        } _: { pool async throws in
            let show = PostgresStatement("show", "SELECT current_setting($1) AS v")
            for (name, value) in settings {
                #expect(try await pool.query(show, [.text(name)])[0].string("v") == value)
            }
        }
    }

    @Test
    func handsNoticesOver() async throws {
        let notices = Locked<[String]>([])
        try await withPool { configuration in
            configuration.onNotice = { text in notices.withLock { $0.append(text) } }
        } _: { pool async throws in
            try await pool.execute("DO $$ BEGIN RAISE WARNING 'look out'; END $$")
        }
        #expect(notices.withLock { $0 } == ["WARNING: look out"])
    }
}
