import Testing

@testable import Redis

struct RedisCommandTests {
    private func wire(_ command: RedisCommand, digest: [UInt8]? = nil) -> String {
        var buffer: [UInt8] = []
        command.write(to: &buffer, digest: digest)
        return String(decoding: buffer, as: UTF8.self)
    }

    @Test func writesTextBytesAndNumbers() {
        var command = RedisCommand("SET", reserving: 64)
        command.append("kéy")
        command.append([1, 13, 10, 0] as [UInt8])
        command.append(([9, 8, 7] as [UInt8])[1...])
        command.append("ab".utf8)
        command.append("")
        let texts = "*6\r\n$3\r\nSET\r\n$4\r\nkéy\r\n"
        #expect(wire(command) == texts + "$4\r\n\u{1}\r\n\0\r\n$2\r\n\u{8}\u{7}\r\n$2\r\nab\r\n$0\r\n\r\n")
    }

    @Test(arguments: [0, 1, 9, 10, 99, 100, 12_345, -1, -10, Int64.max, Int64.min])
    func writesNumber(_ number: Int64) {
        var command = RedisCommand("X")
        command.append(number)
        command.append(Int(number))
        let digits = "$\(String(number).utf8.count)\r\n\(number)\r\n"
        #expect(wire(command) == "*3\r\n$1\r\nX\r\n" + digits + digits)
    }

    @Test func writesManyArguments() {
        var command = RedisCommand("DEL")
        for index in 0..<1_234 { command.append(index) }
        #expect(wire(command).hasPrefix("*1235\r\n$3\r\nDEL\r\n$1\r\n0\r\n"))
        #expect(wire(command).hasSuffix("$4\r\n1233\r\n"))
    }

    @Test func writesScript() {
        var command = RedisCommand(script: RedisScript(name: "s", source: "return 1"), keys: ["a", "b"])
        command.append("x")
        let digest = [UInt8](repeating: UInt8(ascii: "f"), count: 40)
        let head = "*6\r\n$7\r\nEVALSHA\r\n$40\r\n" + String(repeating: "f", count: 40)
        #expect(wire(command, digest: digest) == head + "\r\n$1\r\n2\r\n$1\r\na\r\n$1\r\nb\r\n$1\r\nx\r\n")
    }

    @Test func describesNameOnly() {
        #expect("\(RedisCommand("AUTH", arguments: ["hunter2"]))" == "AUTH with 1 arguments")
        #expect("\(RedisCommand(script: RedisScript(name: "s", source: "x"), keys: []))" == "script s with 1 arguments")
    }

    @Test(arguments: [(1, "0.001"), (50, "0.050"), (999, "0.999"), (1000, "1.000"), (61_234, "61.234")])
    func writesSeconds(_ milliseconds: Int64, _ text: String) {
        #expect(RedisWaiter.seconds(milliseconds: milliseconds) == text)
    }

    @Test(
        arguments: [
            ("ERR unknown command", "ERR", "unknown command"), ("OOM", "OOM", ""), ("", "ERR", ""),
            ("NOSCRIPT No matching script.", "NOSCRIPT", "No matching script."),
        ]
    )
    func splitsFailure(_ line: String, _ code: String, _ message: String) {
        let failure = RedisServerFailure(line: line)
        #expect(failure.code == code)
        #expect(failure.message == message)
    }

    @Test(
        arguments: [
            ("LOADING", true), ("BUSY", true), ("TRYAGAIN", true), ("MASTERDOWN", true), ("READONLY", true),
            ("CLUSTERDOWN", true), ("ERR", false), ("OOM", false), ("WRONGTYPE", false), ("NOSCRIPT", false),
        ]
    )
    func knowsRetriableFailures(_ code: String, _ isRetriable: Bool) {
        #expect(RedisError(RedisServerFailure(line: code + " text")).isRetriable == isRetriable)
    }
}
