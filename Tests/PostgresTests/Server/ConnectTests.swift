import Postgres
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ConnectTests {
    private let one = PostgresStatement("one", "SELECT 1 AS v")

    private func withPool<Value: Sendable>(
        url: String,
        timeout: Duration = .seconds(5),
        _ body: (PostgresPool) async throws -> Value,
    ) async throws -> Value {
        var configuration = try PostgresConfiguration(url: url)
        configuration.connectTimeout = timeout
        let pool = PostgresPool(configuration: configuration, size: 2)
        defer { withExtendedLifetime(pool) {} }
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(pool))
        } catch {
            result = .failure(error)
        }
        await pool.shutdown()
        return try result.get()
    }

    @Test
    func refusesAWrongPasswordWithoutShowingIt() async throws {
        let server = try await PostgresServer.shared()
        try await withPool(url: server.url(password: "wr0ng-hunter2")) { pool async throws in
            let error = try await failure { try await pool.query(one) }
            #expect(error.code == .connectFailed && error.sqlState == "28P01" && !error.isRetriable)
            #expect(!"\(error)".contains("hunter2") && error.message.contains("password authentication failed"))
        }
    }

    @Test
    func scrubsAPasswordThatTheServerRepeats() async throws {
        let server = try await PostgresServer.shared()
        // The user's name, which the message repeats, is also the password.
        try await withPool(url: server.url(user: "hunter2", password: "hunter2")) { pool async throws in
            let error = try await failure { try await pool.query(one) }
            #expect(error.code == .connectFailed && !"\(error)".contains("hunter2") && "\(error)".contains("***"))
        }
    }

    @Test
    func tellsThatTheDatabaseIsMissing() async throws {
        let server = try await PostgresServer.shared()
        try await withPool(url: server.url() + "_missing") { pool async throws in
            let error = try await failure { try await pool.query(one) }
            #expect(error.code == .connectFailed && error.sqlState == "3D000" && !error.isRetriable)
        }
    }

    @Test
    func failsFastWhereNoServerIs() async throws {
        let port = try freePort()
        try await withPool(url: "postgresql://u:p@127.0.0.1:\(port)/d") { pool async throws in
            let start = ContinuousClock.now
            for _ in 0..<20 {
                let error = try await failure { try await pool.query(one) }
                #expect(error.code == .connectFailed && error.isRetriable && error.sqlState == nil)
            }
            #expect(start.duration(to: .now) < .seconds(30))
        }
    }

    @Test
    func givesUpOnASilentServer() async throws {
        let listener = try SilentListener()
        defer { listener.stop() }
        let url = "postgresql://u:p@127.0.0.1:\(listener.port)/d?sslmode=disable"
        try await withPool(url: url, timeout: .milliseconds(150)) { pool async throws in
            let start = ContinuousClock.now
            let error = try await failure { try await pool.query(one) }
            #expect(error.code == .connectFailed && error.isRetriable && error.message.contains("150 ms"))
            #expect((.milliseconds(140)...(.seconds(30))).contains(start.duration(to: .now)))
        }
    }

    @Test
    func isNotHeldUpByASilentServer() async throws {
        let listener = try SilentListener()
        defer { listener.stop() }
        let url = "postgresql://u:p@127.0.0.1:\(listener.port)/d?sslmode=disable"
        try await withPool(url: url, timeout: .seconds(60)) { pool async throws in
            let caller = Task { [one] in try await pool.query(one).count }
            try await pool.waitForWaiters(1)
            let start = ContinuousClock.now
            caller.cancel()
            let error = try await failure { try await caller.value }
            #expect(error.code == .cancelled)
            #expect(start.duration(to: .now) < .seconds(30))
        }
    }

    @Test
    func survivesAFullServer() async throws {
        let server = try await PostgresServer.launch(slots: 1)
        try await PostgresTests.withPool(server: server) { first async throws in
            try await first.transaction { transaction async throws in
                try await withPool(url: server.url()) { second async throws in
                    let error = try await failure { try await second.query(one) }
                    #expect(error.code == .connectFailed && error.sqlState == "53300" && error.isRetriable)
                }
                _ = try await transaction.query(one)
            }
        }
        try await server.stop()
    }
}
