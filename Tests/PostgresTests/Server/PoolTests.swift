import Postgres
import Testing

@Suite(.timeLimit(.minutes(1)))
struct PoolTests {
    private let processID = PostgresStatement("pid", "SELECT pg_backend_pid() AS v")

    private func isServed(_ pool: PostgresPool) async throws -> Bool {
        do {
            return try await !pool.query(processID).isEmpty
        } catch {
            guard error.code == .timedOut else { throw error }
            return false
        }
    }

    /// Holds a connection until the hold is released.
    private func hold(_ pool: PostgresPool, _ release: Rendezvous) async throws -> Task<Void, any Error> {
        let held = Rendezvous(count: 2)
        let task = Task {
            do {
                try await pool.transaction { _ in
                    await held.arrive()
                    await release.arrive()
                }
            } catch {
                await held.arrive()
                throw error
            }
        }
        await held.arrive()
        return task
    }

    @Test
    func sharesTwoConnectionsAmongFiftyCallers() async throws {
        try await withPool(size: 2) { pool async throws in
            let turns = PostgresStatement("turns", "SELECT pg_backend_pid() AS v, pg_sleep(0.002)")
            let served = try await withThrowingTaskGroup { group in
                for caller in 0..<50 {
                    group.addTask {
                        try await (0..<4).asyncMap { _ in (caller, try await pool.query(turns)[0].integer("v")) }
                    }
                }
                return try await group.reduce(into: [(Int, Int64)]()) { $0 += $1 }
            }
            #expect(served.count == 200)
            #expect(Set(served.map(\.1)).count == 2)
            #expect(Set(served.map(\.0)).count == 50)
        }
    }

    @Test
    func servesInOrderOfArrival() async throws {
        try await withPool { pool async throws in
            try await pool.execute("CREATE TEMP SEQUENCE served")
            let release = Rendezvous(count: 2)
            let holder = try await hold(pool, release)
            let next = PostgresStatement("next", "SELECT nextval('served') AS v")
            let turns = try await withThrowingTaskGroup { group in
                for caller: Int64 in 1...20 {
                    group.addTask { [caller: try await pool.query(next)[0].integer("v")] }
                    try await pool.waitForWaiters(Int(caller))
                }
                await release.arrive()
                return try await group.reduce(into: [Int64: Int64]()) { $0.merge($1) { first, _ in first } }
            }
            #expect(turns.count == 20 && turns.allSatisfy { $0.key == $0.value })
            try await holder.value
        }
    }

    @Test
    func usesOneConnectionWhileOneSuffices() async throws {
        try await withPool(size: 8) { pool async throws in
            var processes: Set<Int64> = []
            for _ in 0..<20 { processes.insert(try await pool.query(processID)[0].integer("v")) }
            #expect(processes.count == 1)
        }
    }

    @Test
    func letsACancelledCallerLeaveTheQueue() async throws {
        try await withPool { pool async throws in
            let release = Rendezvous(count: 2)
            let holder = try await hold(pool, release)
            let waiter = Task { [processID] in try await pool.query(processID).count }
            let start = ContinuousClock.now
            waiter.cancel()
            let error = try await failure { try await waiter.value }
            #expect(error.code == .cancelled && !error.isOutcomeUnknown)
            #expect(start.duration(to: .now) < .seconds(30))
            await release.arrive()
            try await holder.value
            #expect(try await pool.query(processID).count == 1)
        }
    }

    @Test
    func endsTheWaitForAConnection() async throws {
        try await withPool(acquireTimeout: .milliseconds(100)) { pool async throws in
            // Connecting may take longer than the wait that is tested.
            for _ in 0..<100 where try await !isServed(pool) {}
            let release = Rendezvous(count: 2)
            let holder = try await hold(pool, release)
            let error = try await failure { try await pool.query(processID) }
            #expect(error.code == .timedOut && error.isRetriable && !error.isOutcomeUnknown)
            await release.arrive()
            try await holder.value
        }
    }

    @Test
    func refusesTooManyWaiters() async throws {
        try await withPool(maximumWaiters: 1) { pool async throws in
            _ = try await pool.query(processID)
            let release = Rendezvous(count: 2)
            let holder = try await hold(pool, release)
            let outcomes = try await withThrowingTaskGroup { group in
                for _ in 0..<2 {
                    group.addTask { [processID] in
                        do {
                            return "\(try await pool.query(processID).count)"
                        } catch {
                            // One of the two is refused; that one lets the other be served.
                            await release.arrive()
                            return (error as? PostgresError)?.code.description ?? "\(error)"
                        }
                    }
                }
                return try await group.reduce(into: Set<String>()) { $0.insert($1) }
            }
            #expect(outcomes == ["1", "overloaded"])
            try await holder.value
        }
    }

    @Test
    func refusesCallersAfterTheShutdown() async throws {
        let pool = try await withPool { pool async throws in
            _ = try await pool.query(processID)
            return pool
        }
        let error = try await failure { try await pool.query(processID) }
        #expect(error.code == .closed && !error.isRetriable)
        await pool.shutdown()
    }

    @Test
    func letsRunningStatementsFinishOnShutdown() async throws {
        let server = try await PostgresServer.shared()
        let pool = PostgresPool(configuration: try PostgresConfiguration(url: server.url()), size: 2)
        let started = Rendezvous(count: 2)
        let statement = Task {
            try await pool.transaction { transaction async throws in
                await started.arrive()
                return try await transaction.query(PostgresStatement("slow", "SELECT pg_sleep(0.1), 7 AS v"))[0]
                    .integer("v")
            }
        }
        await started.arrive()
        await pool.shutdown()
        #expect(try await statement.value == 7)
    }

    @Test
    func leavesNoConnectionBehind() async throws {
        let name = uniqueName("app")
        let others = PostgresStatement(
            "others", "SELECT count(*) = $2 AS v FROM pg_stat_activity WHERE application_name = $1")
        try await withPool { observer async throws in
            try await withPool(size: 3) { configuration in
                configuration.applicationName = name
            } _: { pool async throws in
                try await withThrowingTaskGroup { group in
                    let all = Rendezvous(count: 3)
                    for _ in 0..<3 { group.addTask { try await pool.transaction { _ in await all.arrive() } } }
                    try await group.waitForAll()
                }
                try await eventually(observer, others, [.text(name), .integer(3)])
            }
            try await eventually(observer, others, [.text(name), .integer(0)])
        }
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async throws -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
