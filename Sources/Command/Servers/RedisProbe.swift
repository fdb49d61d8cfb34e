/// Asks a Redis server whether it is up, in a few bytes of its own protocol.
enum RedisProbe {
    enum Answer: Hashable, Sendable {
        /// It serves commands.
        case ready
        /// It reads its data; ask again.
        case loading
        /// It said something else, such as that the password is wrong: not our server.
        case foreign(String)
    }

    /// The bytes of AUTH and PING, pipelined.
    static func request(password: String) -> [UInt8] {
        [["AUTH", password], ["PING"]].flatMap { words -> [UInt8] in
            let text = words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
            return Array("*\(words.count)\r\n\(text)".utf8)
        }
    }

    /// Whether both one-line replies are there.
    static func isComplete(_ reply: [UInt8]) -> Bool { reply.count { $0 == 10 } >= 2 }

    /// What the two replies mean. AUTH is answered while the data is being read, PING is not.
    static func answer(_ reply: [UInt8]) -> Answer {
        let lines = String(decoding: reply, as: UTF8.self).split(whereSeparator: \.isNewline)
        if lines.contains(where: { $0.hasPrefix("-LOADING") }) { return .loading }
        guard lines.count >= 2, lines[0] == "+OK", lines[1] == "+PONG" else {
            return .foreign(String((lines.first { $0.hasPrefix("-") } ?? lines.first ?? "nothing").prefix(80)))
        }
        return .ready
    }
}
