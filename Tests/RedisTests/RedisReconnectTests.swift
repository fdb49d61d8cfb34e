import Foundation
import Redis
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedisReconnectTests {
    /// Runs the command until it succeeds, waiting as long as each failure says, within bounds.
    private func runWhenPossible(_ client: RedisClient, _ command: RedisCommand) async throws -> RedisReply {
        for _ in 0..<20 {
            do throws(RedisError) {
                return try await client.run(command)
            } catch {
                guard error.isRetriable else { throw error }
                try await Task.sleep(for: .milliseconds(error.retryAfterMilliseconds ?? 1))
            }
        }
        throw FixtureError(text: "never succeeded")
    }

    @Test func refusedConnectionIsTypedAndPauses() async throws {
        let port = try LocalSocket.freePort()
        let endpoint = RedisConfiguration.Endpoint.tcp(host: "127.0.0.1", port: port)
        let client = RedisClient(configuration: RedisConfiguration(endpoint: endpoint), name: "test")
        for _ in 0..<3 {
            let error = await #expect(throws: RedisError.self) { try await client.run(RedisCommand("PING")) }
            #expect(error?.code == .connectFailed)
            #expect(error?.isRetriable == true)
            #expect((error?.underlying as? RedisSystemFailure)?.number == ECONNREFUSED)
            #expect((0...2_500).contains(error?.retryAfterMilliseconds ?? -1))
        }
        await client.shutdown()
    }

    @Test func missingSocketFileIsTyped() async throws {
        let configuration = RedisConfiguration(endpoint: .unix(path: "/nonexistent/redis.sock"))
        let client = RedisClient(configuration: configuration, name: "test")
        let error = await #expect(throws: RedisError.self) { try await client.run(RedisCommand("PING")) }
        #expect(error?.code == .connectFailed)
        #expect((error?.underlying as? RedisSystemFailure)?.number == ENOENT)
        await client.shutdown()
    }

    @Test func unknownHostIsTyped() async throws {
        let configuration = try RedisConfiguration(url: "redis://host.invalid")
        let client = RedisClient(configuration: configuration, name: "test")
        let error = await #expect(throws: RedisError.self) { try await client.run(RedisCommand("PING")) }
        #expect(error?.code == .connectFailed)
        await client.shutdown()
    }

    /// The kernel takes the connection, but nobody answers.
    @Test func silentServerTimesOutWhileLoggingIn() async throws {
        let server = try FakeServer()
        var configuration = server.configuration
        configuration.connectTimeout = .milliseconds(80)
        let client = RedisClient(configuration: configuration, name: "test")
        let error = await #expect(throws: RedisError.self) { try await client.run(RedisCommand("PING")) }
        #expect(error?.code == .connectFailed)
        #expect(error?.message.contains("no answer in time") == true)
        await client.shutdown()
    }

    @Test func silentServerTimesOut() async throws {
        try await RedisServer.runWithClient(commandTimeout: .seconds(1)) { server, client async throws in
            #expect(try await client.run(RedisCommand("PING")) == .status("PONG"))
            let error = await #expect(throws: RedisError.self) {
                try await client.run(RedisCommand("DEBUG", arguments: ["SLEEP", "3"]))
            }
            #expect(error?.code == .timedOut)
            #expect(error?.isRetriable == true)
            #expect(!client.isConnected)
        }
    }

    @Test func serverKilledMidCall() async throws {
        try await RedisServer.runWithClient { server, client async throws in
            #expect(try await client.run(RedisCommand("PING")) == .status("PONG"))
            await server.freeze()
            let task = Task { try await client.run(RedisCommand("INCR", arguments: ["n"])) }
            // A second client's connect needs no server process, so this only gives the first call time to be sent.
            let probe = RedisClient(
                configuration: server.configuration.with(connectTimeout: .milliseconds(50)),
                name: "probe"
            )
            await #expect(throws: RedisError.self) { try await probe.run(RedisCommand("PING")) }
            await probe.shutdown()
            try await server.stop()
            let error = await #expect(throws: RedisError.self) { try await task.value }
            #expect(error?.code == .connectionLost)
            #expect(error?.isRetriable == true)
            #expect(!client.isConnected)
            try await server.start()
            #expect(try await runWhenPossible(client, RedisCommand("GET", arguments: ["n"])) == .null)
        }
    }

    @Test func idleConnectionSurvivesRestart() async throws {
        try await RedisServer.runWithClient { server, client async throws in
            for _ in 0..<3 {
                #expect(try await client.run(RedisCommand("PING")) == .status("PONG"))
                try await server.stop()
                try await server.start()
            }
        }
    }

    @Test func recoversAfterOutage() async throws {
        try await RedisServer.runWithClient { server, client async throws in
            try await server.stop()
            await #expect(throws: RedisError.self) { try await client.run(RedisCommand("PING")) }
            try await server.start()
            #expect(try await runWhenPossible(client, RedisCommand("PING")) == .status("PONG"))
            #expect(client.isConnected)
        }
    }

    @Test func connectionLostAmongReplies() async throws {
        let server = try FakeServer()
        async let served: Void = server.serve([Array("+OK\r\n".utf8), Array("+A\r\n+B\r\n".utf8)], ending: .close)
        let client = RedisClient(configuration: server.configuration, name: "test")
        let error = await #expect(throws: RedisError.self) {
            try await client.run([RedisCommand("X"), RedisCommand("Y"), RedisCommand("Z")])
        }
        #expect(error?.code == .connectionLost)
        await client.shutdown()
        await served
    }

    /// Writing to a closed connection raises SIGPIPE unless it is kept away; its default would end a program.
    @Test func brokenPipeRaisesNoSignal() async throws {
        let previous = signal(SIGPIPE) { _ in
            if BrokenPipes.isThreadOfTheClient { BrokenPipes.count.add(1, ordering: .relaxed) }
        }
        defer { _ = signal(SIGPIPE, previous) }
        let server = try FakeServer()
        async let served: Void = server.serve([Array("+OK\r\n".utf8), []], ending: .close)
        let client = RedisClient(configuration: server.configuration, name: BrokenPipes.threadName)
        var command = RedisCommand("ECHO")
        command.append([UInt8](repeating: 1, count: 32 * 1_048_576))
        let large = command
        let error = await #expect(throws: RedisError.self) { try await client.run([large]) }
        #expect(error?.code == .connectionLost)
        await client.shutdown()
        await served
        #expect(BrokenPipes.count.load(ordering: .relaxed) == 0)
    }
}

/// What a signal handler may touch: it captures nothing. The signal is the writing thread's own, so that of other tests does
/// not count.
private enum BrokenPipes {
    static let threadName = "broken-pipe"
    static let count = Atomic(0)

    /// The signal comes from within a call that holds no lock.
    static var isThreadOfTheClient: Bool { Thread.current.name == threadName }
}

extension RedisConfiguration {
    func with(connectTimeout: Duration) -> RedisConfiguration {
        var copy = self
        copy.connectTimeout = connectTimeout
        return copy
    }
}
