import Postgres
import Testing

@Suite(.timeLimit(.minutes(1)))
struct CancelTests {
    private let processID = PostgresStatement("pid", "SELECT pg_backend_pid() AS v")
    private let isSleeping = PostgresStatement(
        "sleeping",
        "SELECT count(*) = 1 AS v FROM pg_stat_activity WHERE application_name = $1 AND wait_event = 'PgSleep'")

    /// Cancels a statement that sleeps on the server, and returns what came of it and how long that took.
    private func cancelSleep(_ pool: PostgresPool, name: String, observer: PostgresPool) async throws -> Duration {
        let sleeper = Task { try await pool.query(PostgresStatement("sleep", "SELECT pg_sleep(30)")).count }
        try await eventually(observer, isSleeping, [.text(name)])
        let start = ContinuousClock.now
        sleeper.cancel()
        let error = try await failure { try await sleeper.value }
        #expect(error.code == .cancelled && !error.isOutcomeUnknown && !error.isRetriable)
        return start.duration(to: .now)
    }

    @Test
    func stopsTheStatementAndKeepsTheConnection() async throws {
        let name = uniqueName("app")
        try await withPool { observer async throws in
            try await withPool { configuration in
                configuration.applicationName = name
            } _: { pool async throws in
                let before = try await pool.query(processID)[0].integer("v")
                var fastest = Duration.seconds(60)
                for _ in 0..<10 {
                    fastest = min(fastest, try await cancelSleep(pool, name: name, observer: observer))
                    #expect(try await pool.query(processID)[0].integer("v") == before)
                }
                // Other tests share the machine, so the fastest tells what the code takes.
                #expect(fastest < .seconds(2))
            }
        }
    }

    @Test
    func sendsNothingForACancelledTask() async throws {
        try await withPool { pool async throws in
            try await pool.execute("CREATE TEMP SEQUENCE used")
            let task = Task {
                unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                return try await pool.query(PostgresStatement("use", "SELECT nextval('used')")).count
            }
            let error = try await failure { try await task.value }
            #expect(error.code == .cancelled && !error.isOutcomeUnknown)
            let next = PostgresStatement("next", "SELECT nextval('used') AS v")
            #expect(try await pool.query(next)[0].integer("v") == 1)
        }
    }

    /// A cancel that comes as the statement ends must hit neither the next statement nor its result.
    @Test
    func neverHitsTheNextStatement() async throws {
        try await withPool { pool async throws in
            let brief = PostgresStatement("brief", "SELECT pg_sleep($1), pg_backend_pid() AS v")
            var cancelled = 0
            for round in 0..<150 {
                let task = Task {
                    try await pool.query(brief, [.double(0.001)]).count
                }
                // Spread over the statement's life: from before it is sent until after its end.
                for _ in 0..<round * 4 { await Task.yield() }
                task.cancel()
                do {
                    _ = try await task.value
                } catch {
                    #expect((error as? PostgresError)?.code == .cancelled)
                    cancelled += 1
                }
                let next = try await pool.query(brief, [.double(0)])
                #expect(next.count == 1)
            }
            #expect(cancelled > 0)
        }
    }

    @Test
    func rollsBackACancelledTransaction() async throws {
        let name = uniqueName("app")
        try await withPool { observer async throws in
            try await withPool { configuration in
                configuration.applicationName = name
            } _: { pool async throws in
                try await pool.execute("CREATE TEMP TABLE kept (n int)")
                let task = Task {
                    try await pool.transaction { transaction async throws in
                        try await transaction.execute("INSERT INTO kept VALUES (1)")
                        try await transaction.execute("SELECT pg_sleep(30)")
                    }
                }
                try await eventually(observer, isSleeping, [.text(name)])
                task.cancel()
                let error = try await failure { try await task.value }
                #expect(error.code == .cancelled)
                #expect(try await pool.query(PostgresStatement("kept", "SELECT 1 FROM kept")).isEmpty)
            }
        }
    }

    @Test
    func stopsStatementsThatTakeTooLong() async throws {
        try await withPool { configuration in
            configuration.statementTimeout = .milliseconds(100)
        } _: { pool async throws in
            let before = try await pool.query(processID)[0].integer("v")
            let error = try await failure { try await pool.query(PostgresStatement("sleep", "SELECT pg_sleep(30)")) }
            #expect(error.code == .timedOut && error.sqlState == "57014" && !error.isOutcomeUnknown)
            // Each statement of a script has its own time.
            try await pool.execute(String(repeating: "SELECT pg_sleep(0.06);", count: 4))
            #expect(try await pool.query(processID)[0].integer("v") == before)
        }
    }

    @Test
    func dropsTheConnectionWhenTheServerStandsStill() async throws {
        try await withPool { configuration in
            configuration.statementTimeout = .milliseconds(200)
        } _: { pool async throws in
            let before = try await pool.query(processID)[0].integer("v")
            // The server's own limit is switched off, as if the server did not keep it.
            let error = try await failure {
                try await pool.transaction { transaction async throws in
                    try await transaction.execute("SET LOCAL statement_timeout = 0")
                    try await transaction.execute("SELECT pg_sleep(30)")
                }
            }
            #expect(error.code == .timedOut && error.sqlState == nil && error.isOutcomeUnknown)
            #expect(try await pool.query(processID)[0].integer("v") != before)
        }
    }

    @Test
    func endsStatementsOfAPoolThatIsShutDown() async throws {
        let server = try await PostgresServer.shared()
        let name = uniqueName("app")
        var configuration = try PostgresConfiguration(url: server.url())
        configuration.applicationName = name
        let pool = PostgresPool(configuration: configuration, size: 1)
        try await withPool { observer async throws in
            let sleeper = Task { try await pool.query(PostgresStatement("sleep", "SELECT pg_sleep(60)")).count }
            try await eventually(observer, isSleeping, [.text(name)])
            await pool.shutdown()
            let error = try await failure { try await sleeper.value }
            #expect(error.code == .closed && error.isOutcomeUnknown)
        }
    }
}
