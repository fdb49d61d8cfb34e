import Redis
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedisWaiterTests {
    private static func run(_ body: (RedisServer, RedisClient, RedisWaiter) async throws -> Void) async throws {
        try await RedisServer.runWithClient { server, client async throws in
            let waiter = RedisWaiter(configuration: server.configuration, name: "waiter")
            do {
                try await body(server, client, waiter)
            } catch {
                await waiter.shutdown()
                throw error
            }
            await waiter.shutdown()
        }
    }

    /// Waits until the server holds a blocked client.
    private func awaitBlocked(_ client: RedisClient) async throws {
        for _ in 0..<2_000 {
            let info = try await client.run(RedisCommand("INFO", arguments: ["clients"])).string
            if info?.contains("blocked_clients:1") == true { return }
        }
        throw FixtureError(text: "no client is blocked")
    }

    @Test func popsWhatIsThere() async throws {
        try await Self.run { _, client, waiter async throws in
            _ = try await client.run(RedisCommand("RPUSH", arguments: ["b", "1", "2"]))
            _ = try await client.run(RedisCommand("RPUSH", arguments: ["a", "3"]))
            var popped: [String] = []
            for _ in 0..<3 {
                let element = try await waiter.pop(from: ["a", "b"], timeoutMilliseconds: 1_000)
                popped.append((element?.key ?? "") + String(decoding: element?.value ?? [], as: UTF8.self))
            }
            #expect(popped == ["a3", "b1", "b2"])
        }
    }

    @Test func popsWhatComesLater() async throws {
        try await Self.run { _, client, waiter async throws in
            let task = Task { try await waiter.pop(from: ["a", "b", "c"], timeoutMilliseconds: 30_000) }
            try await awaitBlocked(client)
            _ = try await client.run(RedisCommand("RPUSH", arguments: ["b", "x"]))
            let element = try await task.value
            #expect(element?.key == "b")
            #expect(element?.value == [120])
        }
    }

    @Test func timesOutWithNil() async throws {
        try await Self.run { _, _, waiter async throws in
            _ = try await waiter.pop(from: ["warm"], timeoutMilliseconds: 1)
            let start = ContinuousClock.now
            let element = try await waiter.pop(from: ["a"], timeoutMilliseconds: 150)
            let taken = ContinuousClock.now - start
            #expect(element == nil)
            #expect(taken >= .milliseconds(140))
            #expect(taken < .seconds(10))
        }
    }

    /// A block longer than the command time-out is not a time-out.
    @Test func blocksLongerThanCommandTimeout() async throws {
        try await RedisServer.run { server async throws in
            var configuration = server.configuration
            // Long enough that a busy machine is no time-out either.
            configuration.commandTimeout = .seconds(2)
            let waiter = RedisWaiter(configuration: configuration, name: "waiter")
            let element = try await waiter.pop(from: ["a"], timeoutMilliseconds: 3_000)
            #expect(element == nil)
            await server.freeze()
            let error = await #expect(throws: RedisError.self) {
                try await waiter.pop(from: ["a"], timeoutMilliseconds: 50)
            }
            #expect(error?.code == .timedOut)
            await waiter.shutdown()
        }
    }

    @Test func cancelWakesTheBlockedRead() async throws {
        try await Self.run { _, client, waiter async throws in
            var shortest = Duration.seconds(60)
            for _ in 0..<5 {
                let task = Task { try await waiter.pop(from: ["a"], timeoutMilliseconds: 60_000) }
                try await awaitBlocked(client)
                let start = ContinuousClock.now
                task.cancel()
                let error = await #expect(throws: RedisError.self) { try await task.value }
                #expect(error?.code == .cancelled)
                // The thread is free too: the next pop is served, by a new connection.
                _ = try await client.run(RedisCommand("RPUSH", arguments: ["b", "x"]))
                let element = try await waiter.pop(from: ["b"], timeoutMilliseconds: 60_000)
                #expect(element?.value == [120])
                shortest = min(shortest, ContinuousClock.now - start)
            }
            #expect(shortest < .seconds(2))
        }
    }

    @Test func cancelBeforeStart() async throws {
        try await Self.run { _, client, waiter async throws in
            _ = try await client.run(RedisCommand("RPUSH", arguments: ["a", "x"]))
            let gate = AsyncStream<Void>.makeStream()
            let task = Task {
                for await _ in gate.stream { break }
                return try await waiter.pop(from: ["a"], timeoutMilliseconds: 60_000)
            }
            task.cancel()
            gate.continuation.finish()
            let error = await #expect(throws: RedisError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(try await client.run(RedisCommand("LLEN", arguments: ["a"])) == .integer(1))
        }
    }

    /// Cancels at every stage of a pop, none of which may disturb the pop after it.
    @Test func lateCancelsHitNobodyElse() async throws {
        try await Self.run { _, client, waiter async throws in
            for turn in 0..<100 {
                let task = Task { try await waiter.pop(from: ["none"], timeoutMilliseconds: Int64(1 + turn % 4)) }
                for _ in 0..<turn % 10 { await Task.yield() }
                task.cancel()
                _ = await task.result
                _ = try await client.run(RedisCommand("RPUSH", arguments: ["list", "\(turn)"]))
                let element = try await waiter.pop(from: ["list"], timeoutMilliseconds: 10_000)
                #expect(String(decoding: element?.value ?? [], as: UTF8.self) == "\(turn)")
            }
        }
    }

    @Test func shutdownFailsWaitingPops() async throws {
        try await Self.run { _, client, waiter async throws in
            let tasks = (0..<3).map { _ in Task { try await waiter.pop(from: ["a"], timeoutMilliseconds: 60_000) } }
            try await awaitBlocked(client)
            let start = ContinuousClock.now
            await waiter.shutdown()
            for task in tasks {
                let error = await #expect(throws: RedisError.self) { try await task.value }
                #expect(error?.code == .closed)
            }
            #expect(ContinuousClock.now - start < .seconds(10))
        }
    }

    @Test func serverKilledWhileBlocked() async throws {
        try await Self.run { server, client, waiter async throws in
            let task = Task { try await waiter.pop(from: ["a"], timeoutMilliseconds: 60_000) }
            try await awaitBlocked(client)
            try await server.stop()
            let error = await #expect(throws: RedisError.self) { try await task.value }
            #expect(error?.code == .connectionLost)
        }
    }

    @Test(arguments: [([], 1), (["a"], 0), (["a"], -1), (["a"], 3_600_001)] as [([String], Int64)])
    func refusesArguments(_ keys: [String], _ timeoutMilliseconds: Int64) async throws {
        let configuration = RedisConfiguration(endpoint: .unix(path: "/nonexistent"))
        let waiter = RedisWaiter(configuration: configuration, name: "waiter")
        let error = await #expect(throws: RedisError.self) {
            try await waiter.pop(from: keys, timeoutMilliseconds: timeoutMilliseconds)
        }
        #expect(error?.code == .invalidArgument)
        await waiter.shutdown()
    }

    @Test func wrongTypeIsThrown() async throws {
        try await Self.run { _, client, waiter async throws in
            _ = try await client.run(RedisCommand("SET", arguments: ["a", "x"]))
            let error = await #expect(throws: RedisError.self) {
                try await waiter.pop(from: ["a"], timeoutMilliseconds: 1_000)
            }
            #expect(error?.serverFailure?.code == "WRONGTYPE")
        }
    }
}
