import Postgres
import Testing

@Suite(.timeLimit(.minutes(2)))
struct ServerLossTests {
    private let one = PostgresStatement("one", "SELECT 1 AS v")
    private let sleep = PostgresStatement("sleep", "SELECT pg_sleep(60)")
    private let isSleeping = PostgresStatement(
        "sleeping", "SELECT count(*) = $1 AS v FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

    enum End: CaseIterable { case stop, kill }

    @Test(arguments: End.allCases)
    func reportsTheLossAndRecovers(end: End) async throws {
        let server = try await PostgresServer.launch()
        try await withPool(size: 3, server: server) { pool async throws in
            let sleepers = (0..<2).map { _ in Task { [sleep] in try await pool.query(sleep).count } }
            try await eventually(pool, isSleeping, [.integer(2)])
            switch end {
            case .stop: try await server.stop()
            case .kill: try await server.killHard()
            }
            for sleeper in sleepers {
                let error = try await failure { try await sleeper.value }
                #expect(error.code == .connectionLost && error.isRetriable && error.isOutcomeUnknown)
            }
            let down = try await failure { try await pool.query(one) }
            #expect(down.isRetriable && (down.code == .connectFailed || down.code == .connectionLost))
            try await server.start()
            try await recover(pool)
        }
        try await server.stop()
    }

    @Test
    func replacesConnectionsThatDiedIdle() async throws {
        let server = try await PostgresServer.launch()
        try await withPool(size: 4, server: server) { pool async throws in
            let all = Rendezvous(count: 4)
            try await withThrowingTaskGroup { group in
                for _ in 0..<4 { group.addTask { try await pool.transaction { _ in await all.arrive() } } }
                try await group.waitForAll()
            }
            try await server.stop()
            try await server.start()
            // All four are dead; the caller notices nothing.
            #expect(try await pool.query(one)[0].integer("v") == 1)
            try await server.stop()
            try await server.start()
            let value = try await pool.transaction { try await $0.query(one)[0].integer("v") }
            #expect(value == 1)
        }
        try await server.stop()
    }

    @Test
    func replacesAConnectionThatAnAdministratorEnded() async throws {
        try await withPool { pool async throws in
            let id = try await pool.query(PostgresStatement("pid", "SELECT pg_backend_pid() AS v"))[0].integer("v")
            try await withPool { other async throws in
                _ = try await other.query(
                    PostgresStatement("end", "SELECT pg_terminate_backend($1::int4)"), [.integer(id)])
                let isGone = PostgresStatement("gone", "SELECT count(*) = 0 AS v FROM pg_stat_activity WHERE pid = $1")
                try await eventually(other, isGone, [.integer(id)])
            }
            #expect(try await pool.query(one)[0].integer("v") == 1)
        }
    }

    @Test
    func losesATransactionWhole() async throws {
        try await withPool { pool async throws in
            let error = try await failure {
                try await pool.transaction { transaction async throws in
                    try await transaction.execute("CREATE TEMP TABLE lost (n int)")
                    try await transaction.execute("SELECT pg_terminate_backend(pg_backend_pid())")
                }
            }
            #expect(error.code == .connectionLost && error.sqlState == "57P01" && error.isRetriable)
            #expect(try await pool.query(one)[0].integer("v") == 1)
        }
    }

    @Test
    func cancelsAStatementOfAFrozenServer() async throws {
        let server = try await PostgresServer.launch()
        try await withPool(size: 2, server: server) { pool async throws in
            let sleeper = Task { [sleep] in try await pool.query(sleep).count }
            try await eventually(pool, isSleeping, [.integer(1)])
            // The postmaster forks the processes that take cancel requests, so now none is answered.
            try server.freeze(true)
            let start = ContinuousClock.now
            sleeper.cancel()
            let error = try await failure { try await sleeper.value }
            #expect(error.code == .cancelled && error.isOutcomeUnknown)
            #expect(start.duration(to: .now) < .seconds(30))
            try server.freeze(false)
            #expect(try await pool.query(one)[0].integer("v") == 1)
        }
        try await server.stop()
    }

    /// Callers fail at once within a pause; each failure is retriable and the pauses are bounded, so this ends.
    private func recover(_ pool: PostgresPool) async throws {
        let start = ContinuousClock.now
        while start.duration(to: .now) < .seconds(30) {
            do {
                #expect(try await pool.query(one)[0].integer("v") == 1)
                return
            } catch {
                #expect(error.isRetriable)
                await Task.yield()
            }
        }
        Issue.record("the pool did not recover")
    }
}
