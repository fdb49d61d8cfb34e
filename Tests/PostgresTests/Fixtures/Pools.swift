import Postgres
import Testing

/// Runs the body with a pool on the server and shuts the pool down after it.
func withPool<Value: Sendable>(
    size: Int = 1,
    server: PostgresServer? = nil,
    acquireTimeout: Duration = .seconds(10),
    maximumWaiters: Int = 1000,
    configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresPool) async throws -> Value,
) async throws -> Value {
    let server = if let server { server } else { try await PostgresServer.shared() }
    var configuration = try PostgresConfiguration(url: server.url())
    configure(&configuration)
    let pool = PostgresPool(
        configuration: configuration, size: size, acquireTimeout: acquireTimeout, maximumWaiters: maximumWaiters)
    do {
        let value = try await body(pool)
        await pool.shutdown()
        return value
    } catch {
        await pool.shutdown()
        throw error
    }
}

/// What the work throws; fails the test when it throws nothing or something else.
func failure(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ work: () async throws -> some Any,
) async throws -> PostgresError {
    do {
        _ = try await work()
    } catch let error as PostgresError {
        return error
    }
    Issue.record("nothing was thrown", sourceLocation: sourceLocation)
    throw FixtureError("nothing was thrown")
}

/// A name that no other test uses.
func uniqueName(_ prefix: String = "t") -> String {
    "\(prefix)_\(String(UInt64.random(in: .min ... .max), radix: 36))"
}

/// Repeats a query until it gives `true`: each round trip is the wait. Bounded.
func eventually(_ pool: PostgresPool, _ statement: PostgresStatement, _ parameters: [PostgresValue] = []) async throws {
    for _ in 0..<20_000 {
        if try await pool.query(statement, parameters)[0][0].boolean { return }
    }
    throw FixtureError("\(statement.sql) never became true")
}

extension PostgresPool {
    /// Yields until that many callers wait for a connection. Bounded.
    func waitForWaiters(_ count: Int) async throws {
        for _ in 0..<1_000_000 {
            if waiterCount >= count { return }
            await Task.yield()
        }
        throw FixtureError("\(waiterCount) callers wait instead of \(count)")
    }
}
