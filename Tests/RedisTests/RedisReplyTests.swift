import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(1)))
struct RedisReplyTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let wire: String
        let reply: RedisReply

        var testDescription: String { wire.debugDescription }
    }

    static let cases = [
        Case(wire: "+OK\r\n", reply: .status("OK")),
        Case(wire: "+\r\n", reply: .status("")),
        Case(wire: ":0\r\n", reply: .integer(0)),
        Case(wire: ":-9223372036854775808\r\n", reply: .integer(.min)),
        Case(wire: ":9223372036854775807\r\n", reply: .integer(.max)),
        Case(wire: "$-1\r\n", reply: .null),
        Case(wire: "*-1\r\n", reply: .null),
        Case(wire: "$0\r\n\r\n", reply: .bytes([])),
        Case(wire: "$4\r\n\r\n\0x\r\n", reply: .bytes([13, 10, 0, 120])),
        Case(wire: "*0\r\n", reply: .array([])),
        Case(
            wire: "*5\r\n:1\r\n$-1\r\n*-1\r\n*2\r\n$1\r\na\r\n*0\r\n+S\r\n",
            reply: .array([.integer(1), .null, .null, .array([.bytes([97]), .array([])]), .status("S")])
        ),
        Case(wire: "-ERR no luck\r\n", reply: .failure(RedisServerFailure(line: "ERR no luck"))),
        Case(wire: "*1\r\n-OOM full\r\n", reply: .array([.failure(RedisServerFailure(line: "OOM full"))])),
        Case(wire: nested(7), reply: nestedReply(7)),
    ]

    private static func nested(_ depth: Int) -> String { String(repeating: "*1\r\n", count: depth) + ":1\r\n" }

    private static func nestedReply(_ depth: Int) -> RedisReply {
        depth == 0 ? .integer(1) : .array([nestedReply(depth - 1)])
    }

    /// Runs one command against a fake server that answers it with these bytes.
    private func answer(_ wire: String, limits: RedisLimits = RedisLimits()) async throws -> RedisReply {
        let server = try FakeServer()
        async let served: Void = server.serve([Array("+OK\r\n".utf8), Array(wire.utf8)], ending: .silence)
        let client = RedisClient(configuration: server.configuration, name: "test", limits: limits)
        let outcome: Result<[RedisReply], any Error>
        do { outcome = .success(try await client.run([RedisCommand("X")])) } catch { outcome = .failure(error) }
        await client.shutdown()
        await served
        return try outcome.get()[0]
    }

    @Test(arguments: cases) func readsReply(_ row: Case) async throws {
        #expect(try await answer(row.wire) == row.reply)
    }

    @Test(arguments: [
        nested(8), nested(1_000), "?x\r\n", "$5x\r\n", "*99999999999\r\n", ":1x\r\n", "%1\r\n:1\r\n:2\r\n",
    ])
    func refusesReply(_ wire: String) async throws {
        let error = await #expect(throws: RedisError.self) { try await answer(wire) }
        #expect(error?.code == .protocolViolation)
        #expect(error?.isRetriable == false)
    }

    @Test func boundsReplyBytes() async throws {
        var limits = RedisLimits()
        limits.replyBytes = 100_000
        let fitting = "$90000\r\n" + String(repeating: "x", count: 90_000) + "\r\n"
        #expect(try await answer(fitting, limits: limits).bytesValue?.count == 90_000)
        let tooLarge = "$200000\r\n" + String(repeating: "x", count: 200_000) + "\r\n"
        let error = await #expect(throws: RedisError.self) { try await answer(tooLarge, limits: limits) }
        #expect(error?.code == .protocolViolation)
    }

    @Test func convertsValues() {
        #expect(RedisReply.bytes([104, 105]).string == "hi")
        #expect(RedisReply.status("OK").string == "OK")
        #expect(RedisReply.bytes([255]).string == "\u{FFFD}")
        #expect(RedisReply.null.string == nil)
        #expect(RedisReply.bytes(Array("-12".utf8)).integerValue == -12)
        #expect(RedisReply.integer(7).integerValue == 7)
        #expect(RedisReply.bytes([120]).integerValue == nil)
        #expect(RedisReply.array([.null]).arrayValue == [.null])
        #expect(RedisReply.integer(1).arrayValue == nil)
        #expect(RedisReply.null.isNull)
    }
}
