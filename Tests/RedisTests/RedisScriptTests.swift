import Redis
import Testing

@Suite(.timeLimit(.minutes(1)))
struct RedisScriptTests {
    private static let push = RedisScript(
        name: "push",
        source: "return redis.call('RPUSH', KEYS[1], unpack(ARGV))"
    )
    private static let pair = RedisScript(name: "pair", source: "return {KEYS[1], ARGV[1], #ARGV}")

    private func push(_ value: Int) -> RedisCommand {
        var command = RedisCommand(script: Self.push, keys: ["list"])
        command.append(value)
        return command
    }

    private func pair() -> RedisCommand {
        var command = RedisCommand(script: Self.pair, keys: ["k"])
        command.append("a")
        command.append("b")
        return command
    }

    @Test func loadsAtFirstUse() async throws {
        try await RedisServer.runWithClient { _, client async throws in
            let replies = try await client.run([push(1), pair(), push(2), RedisCommand("LLEN", arguments: ["list"])])
            let pairReply = RedisReply.array([.bytes([107]), .bytes([97]), .integer(2)])
            #expect(replies == [.integer(1), pairReply, .integer(2), .integer(2)])
        }
    }

    @Test func reloadsAfterFlushInOrder() async throws {
        try await RedisServer.runWithClient { _, client async throws in
            #expect(try await client.run([push(0), pair()]).count == 2)
            #expect(try await client.run(RedisCommand("SCRIPT", arguments: ["FLUSH"])) == .status("OK"))
            let replies = try await client.run((1...50).flatMap { [push($0), pair()] })
            #expect(replies.indices.filter { $0 % 2 == 0 }.allSatisfy { replies[$0] == .integer(Int64($0 / 2 + 2)) })
            let list = try await client.run(RedisCommand("LRANGE", arguments: ["list", "0", "-1"])).arrayValue
            #expect(list?.compactMap(\.integerValue) == Array(0...50))
        }
    }

    @Test func reloadsForConcurrentCallers() async throws {
        try await RedisServer.runWithClient { _, client async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        if number % 10 == 0 { _ = try await client.run(RedisCommand("SCRIPT", arguments: ["FLUSH"])) }
                        _ = try await client.run(push(number))
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await client.run(RedisCommand("LLEN", arguments: ["list"])) == .integer(100))
        }
    }

    @Test func reloadsAfterServerRestart() async throws {
        try await RedisServer.runWithClient { server, client async throws in
            #expect(try await client.run(push(1)) == .integer(1))
            try await server.stop()
            try await server.start()
            #expect(try await client.run(push(1)) == .integer(1))
        }
    }

    @Test func brokenScriptFailsAlone() async throws {
        try await RedisServer.runWithClient { _, client async throws in
            let broken = RedisCommand(script: RedisScript(name: "broken", source: "return ("), keys: [])
            let replies = try await client.run([push(1), broken, push(2)])
            #expect(replies[0] == .integer(1))
            #expect(replies[1].failure?.message.contains("compiling") == true)
            #expect(replies[2] == .integer(2))
        }
    }

    /// A thousand arguments of 250 bytes.
    @Test func takesManyArguments() async throws {
        try await RedisServer.runWithClient { _, client async throws in
            let value = [UInt8](repeating: 120, count: 250)
            var command = RedisCommand(script: Self.push, keys: ["list"], reserving: 1_000 * 260)
            for _ in 0..<1_000 { command.append(value) }
            #expect(try await client.run(command) == .integer(1_000))
        }
    }
}
