import Foundation
import Glibc
import Testing

@testable import Command

@Suite(.timeLimit(.minutes(1)))
struct PrivateRedisTests {
    /// Runs one command and answers the raw reply.
    private func call(_ redis: PrivateRedis, _ words: [String]) async throws -> String {
        let text = words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
        let request = Array("*2\r\n$4\r\nAUTH\r\n$48\r\n\(redis.password)\r\n*\(words.count)\r\n\(text)".utf8)
        let reply = try await LoopbackClient().exchange(port: redis.port, request: request, limitMilliseconds: 2_000) {
            $0.count { $0 == 10 } >= 3 || ($0.count { $0 == 10 } == 2 && !$0.contains(UInt8(ascii: "$")))
        }
        return String(decoding: reply, as: UTF8.self).replacingOccurrences(of: "\r\n", with: " ")
    }

    @Test func startsAndAsksForThePassword() async throws {
        let folder = try TestFolder()
        let redis = try await PrivateRedis.start(.init(directory: "\(folder.path)/redis"))
        #expect(try await call(redis, ["PING"]) == "+OK +PONG ")
        let request = Array("*1\r\n$4\r\nPING\r\n".utf8)
        let reply = try await LoopbackClient().exchange(port: redis.port, request: request, limitMilliseconds: 1_000) {
            $0.contains(10)
        }
        #expect(String(decoding: reply, as: UTF8.self).hasPrefix("-NOAUTH"))
        await redis.stop()
        #expect(redis.processIdentifier == nil)
        #expect(LoopbackPort.isFree(redis.port))
    }

    @Test func keepsDataOverKillAndRestartOnTheSamePort() async throws {
        let folder = try TestFolder()
        let redis = try await PrivateRedis.start(.init(directory: "\(folder.path)/re dis"))
        #expect(try await call(redis, ["SET", "name", "Zoë"]) == "+OK +OK ")
        let first = redis.processIdentifier
        await redis.kill()
        try await redis.start()
        #expect(redis.processIdentifier != first)
        #expect(try await call(redis, ["GET", "name"]) == "+OK $4 Zoë ")
        try await redis.restart()
        #expect(try await call(redis, ["GET", "name"]) == "+OK $4 Zoë ")
        try await redis.destroy()
        #expect(!FileManager.default.fileExists(atPath: redis.directory))
    }

    @Test func secondStartOfTheFolderKeepsPasswordAndData() async throws {
        let folder = try TestFolder()
        var options = PrivateRedis.Options(directory: "\(folder.path)/redis")
        options.durability = .everySecond
        let first = try await PrivateRedis.start(options)
        _ = try await call(first, ["SET", "a", "1"])
        await first.stop()
        let second = try await PrivateRedis.start(options)
        #expect(second.password == first.password)
        #expect(try await call(second, ["GET", "a"]) == "+OK $1 1 ")
        await second.stop()
    }

    @Test func configurationIsPrivateAndHasTheSettings() async throws {
        let folder = try TestFolder()
        var options = PrivateRedis.Options(directory: "\(folder.path)/redis")
        options.listensOnSocket = true
        options.settings = ["maxmemory 64mb"]
        let redis = try await PrivateRedis.start(options)
        let file = "\(redis.directory)/redis.conf"
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        for (key, value) in [
            ("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory-policy", "noeviction"), ("save", ""),
            ("bind", "127.0.0.1"), ("maxmemory", "67108864"),
        ] {
            #expect(try await call(redis, ["CONFIG", "GET", key]).contains("$\(value.utf8.count) \(value) "))
        }
        #expect(FileManager.default.fileExists(atPath: redis.socketPath))
        await redis.stop()
    }

    @Test func takenPortIsAConflict() async throws {
        let folder = try TestFolder()
        let first = try await PrivateRedis.start(.init(directory: "\(folder.path)/one"))
        var options = PrivateRedis.Options(directory: "\(folder.path)/two")
        options.port = first.port
        let error = await #expect(throws: CommandError.self) { try await PrivateRedis.start(options) }
        #expect(error?.code == .conflict)
        await first.stop()
    }

    @Test func forgottenServerIsKilled() async throws {
        let folder = try TestFolder()
        var redis: PrivateRedis? = try await PrivateRedis.start(.init(directory: "\(folder.path)/redis"))
        let process = try #require(redis?.processIdentifier)
        redis = nil
        let isGone = await Poll.until(within: .seconds(10)) { ProcessTable.startTicks(of: process) == nil }
        #expect(isGone)
    }

    @Test func frozenServerAnswersAgainWhenThawed() async throws {
        let folder = try TestFolder()
        let redis = try await PrivateRedis.start(.init(directory: "\(folder.path)/redis"))
        redis.freeze()
        let request = RedisProbe.request(password: redis.password)
        await #expect(throws: CommandError.self) {
            try await LoopbackClient().exchange(
                port: redis.port, request: request, limitMilliseconds: 200, isComplete: RedisProbe.isComplete
            )
        }
        redis.thaw()
        #expect(try await call(redis, ["PING"]) == "+OK +PONG ")
        redis.freeze()
        await redis.stop()
    }
}

struct RedisProbeTests {
    @Test(arguments: [
        ("+OK\r\n+PONG\r\n", RedisProbe.Answer.ready),
        ("+OK\r\n-LOADING Redis is loading the dataset in memory\r\n", .loading),
        ("-WRONGPASS invalid\r\n-NOAUTH\r\n", .foreign("-WRONGPASS invalid")),
        ("HTTP/1.1 400 Bad Request\r\n\r\n", .foreign("HTTP/1.1 400 Bad Request")),
        ("", .foreign("nothing")),
    ])
    func reads(reply: String, answer: RedisProbe.Answer) {
        #expect(RedisProbe.answer(Array(reply.utf8)) == answer)
    }

    @Test func requestIsPipelinedCommands() {
        let text = String(decoding: RedisProbe.request(password: "pä"), as: UTF8.self)
        #expect(text == "*2\r\n$4\r\nAUTH\r\n$3\r\npä\r\n*1\r\n$4\r\nPING\r\n")
    }
}
