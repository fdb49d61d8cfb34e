import Redis
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedisClientTests {
    @Test(arguments: [false, true]) func readsWhatItWrote(_ isUnix: Bool) async throws {
        try await RedisServer.run { server async throws in
            let configuration = isUnix ? server.socketConfiguration : server.configuration
            let client = RedisClient(configuration: configuration, name: "named one")
            #expect(!client.isConnected)
            let binary = [UInt8](0...255)
            let large = [UInt8](repeating: 7, count: 1_048_576)
            for value in [binary, large, []] {
                var command = RedisCommand("SET", reserving: value.count)
                command.append("key")
                command.append(value)
                #expect(try await client.run(command) == .status("OK"))
                #expect(try await client.run(RedisCommand("GET", arguments: ["key"])) == .bytes(value))
            }
            #expect(client.isConnected)
            #expect(try await client.run(RedisCommand("GET", arguments: ["missing"])) == .null)
            #expect(try await client.run(RedisCommand("CLIENT", arguments: ["GETNAME"])).string == "named-one")
            await client.shutdown()
            #expect(!client.isConnected)
        }
    }

    @Test func throwsOrReturnsServerFailures() async throws {
        try await RedisServer.runWithClient { _, client async throws in
            let replies = try await client.run([
                RedisCommand("SET", arguments: ["text", "x"]),
                RedisCommand("LPUSH", arguments: ["text", "y"]),
                RedisCommand("INCR", arguments: ["number"]),
            ])
            #expect(replies[0] == .status("OK"))
            #expect(replies[1].failure?.code == "WRONGTYPE")
            #expect(replies[2] == .integer(1))
            let error = await #expect(throws: RedisError.self) {
                try await client.run(RedisCommand("INCR", arguments: ["text"]))
            }
            #expect(error?.code == .server)
            #expect(error?.serverFailure?.code == "ERR")
            #expect(error?.isRetriable == false)
            #expect(client.isConnected)
            #expect(try await client.run([]) == [])
        }
    }

    @Test(arguments: [10_000, 25_001]) func keepsOrderOfPipeline(_ count: Int) async throws {
        try await RedisServer.runWithClient { _, client async throws in
            let commands = (0..<count).map { RedisCommand("ECHO", arguments: [String($0)]) }
            let replies = try await client.run(commands)
            #expect(replies.count == count)
            #expect(replies.indices.allSatisfy { replies[$0].integerValue == Int64($0) })
        }
    }

    /// 64 MiB each way in one call: more than both sides' socket buffers hold, and more than one flight.
    @Test func hugePipelineDoesNotBlock() async throws {
        try await RedisServer.runWithClient { _, client async throws in
            let value = [UInt8](repeating: 120, count: 65_536)
            var command = RedisCommand("ECHO", reserving: value.count)
            command.append(value)
            let replies = try await client.run([RedisCommand](repeating: command, count: 1_024))
            #expect(replies.count == 1_024)
            #expect(replies.allSatisfy { $0 == .bytes(value) })
        }
    }

    @Test func mergesConcurrentCallers() async throws {
        try await RedisServer.runWithClient { _, client async throws in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for caller in 0..<200 {
                    group.addTask {
                        var isRight = true
                        for turn in 0..<10 {
                            let text = "\(caller)-\(turn)"
                            let replies = try await client.run([
                                RedisCommand("ECHO", arguments: [text]), RedisCommand("INCR", arguments: ["calls"]),
                            ])
                            isRight = isRight && replies[0].string == text && replies.count == 2
                        }
                        return isRight
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(try await client.run(RedisCommand("GET", arguments: ["calls"])).integerValue == 2_000)
        }
    }

    @Test func selectsDatabase() async throws {
        try await RedisServer.runWithClient(database: 3) { _, client async throws in
            #expect(try await client.run(RedisCommand("SET", arguments: ["k", "v"])) == .status("OK"))
            let info = try await client.run(RedisCommand("INFO", arguments: ["keyspace"])).string
            #expect(info?.contains("db3:keys=1") == true)
        }
    }

    @Test func refusesMissingDatabase() async throws {
        try await RedisServer.runWithClient(database: 99) { _, client async throws in
            let error = await #expect(throws: RedisError.self) { try await client.run(RedisCommand("PING")) }
            #expect(error?.code == .invalidConfiguration)
            #expect(error?.message.contains("99") == true)
        }
    }

    @Test func cancelledCallReturnsAtOnce() async throws {
        try await RedisServer.runWithClient { server, client async throws in
            #expect(try await client.run(RedisCommand("PING")) == .status("PONG"))
            await server.freeze()
            var shortest = Duration.seconds(60)
            for _ in 0..<5 {
                let task = Task { try await client.run(RedisCommand("SET", arguments: ["late", "1"])) }
                let start = ContinuousClock.now
                task.cancel()
                let error = await #expect(throws: RedisError.self) { try await task.value }
                #expect(error?.code == .cancelled)
                shortest = min(shortest, ContinuousClock.now - start)
            }
            #expect(shortest < .seconds(2))
            await server.resume()
            // The connection is still in step: the late reply was read and dropped.
            for number in 0..<5 {
                #expect(try await client.run(RedisCommand("ECHO", arguments: ["\(number)"])).string == "\(number)")
            }
        }
    }

    @Test func cancelBeforeStartSendsNothing() async throws {
        try await RedisServer.runWithClient { _, client async throws in
            let gate = AsyncStream<Void>.makeStream()
            let task = Task {
                for await _ in gate.stream { break }
                return try await client.run(RedisCommand("SET", arguments: ["never", "1"]))
            }
            task.cancel()
            gate.continuation.finish()
            let error = await #expect(throws: RedisError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(try await client.run(RedisCommand("EXISTS", arguments: ["never"])) == .integer(0))
        }
    }

    @Test func shutdownFailsWaitingCalls() async throws {
        try await RedisServer.runWithClient { server, client async throws in
            #expect(try await client.run(RedisCommand("PING")) == .status("PONG"))
            await server.freeze()
            let tasks = (0..<10).map { _ in Task { try await client.run(RedisCommand("PING")) } }
            let start = ContinuousClock.now
            await client.shutdown()
            for task in tasks {
                let error = await #expect(throws: RedisError.self) { try await task.value }
                #expect(error?.code == .closed)
            }
            #expect(ContinuousClock.now - start < .seconds(30))
            let error = await #expect(throws: RedisError.self) { try await client.run(RedisCommand("PING")) }
            #expect(error?.code == .closed)
            await client.shutdown()
        }
    }
}
