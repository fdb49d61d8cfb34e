/// HTTP/1.1 to a port of 127.0.0.1, one connection a request.
public struct LoopbackHTTP: SampleTransport {
    private let port: UInt16
    private let limitMilliseconds: Int
    private let client = LoopbackClient()

    /// - Parameter limitMilliseconds: of the connect and of each pause in the answer; [5000].
    public init(port: UInt16, limitMilliseconds: Int = 5_000) {
        self.port = port
        self.limitMilliseconds = limitMilliseconds
    }

    public func send(_ request: SampleRequest) async throws(CommandError) -> SampleResponse {
        var head = "\(request.method) \(request.path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n"
        head += "Accept: application/json\r\nUser-Agent: aventora-dev\r\n"
        if let token = request.token { head += "Authorization: Bearer \(token)\r\n" }
        if let body = request.body {
            head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
        }
        let reply = try await client.exchange(
            port: port, request: Array("\(head)\r\n".utf8) + (request.body ?? []),
            limitMilliseconds: limitMilliseconds
        ) { bytes in
            HTTPReply(bytes)?.isWhole ?? false
        }
        guard let parsed = HTTPReply(reply), parsed.isWhole || parsed.endsWithConnection else {
            throw CommandError(.serverAway, "port \(port) answered something that is not whole HTTP")
        }
        return SampleResponse(status: parsed.status, body: parsed.body)
    }
}

/// The bytes of an HTTP/1.1 answer so far; nil while its head is not there.
struct HTTPReply {
    let status: Int
    /// Whether the body has come to its end by its own length.
    let isWhole: Bool
    /// Whether only the connection's end tells the body's.
    let endsWithConnection: Bool
    let body: [UInt8]

    init?(_ bytes: [UInt8]) {
        guard let headEnd = Self.find([13, 10, 13, 10], in: bytes[...]) else { return nil }
        let lines = String(decoding: bytes[..<headEnd], as: UTF8.self).split(whereSeparator: \.isNewline)
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
        let rest = bytes[(headEnd + 4)...]
        func header(_ name: String) -> String? {
            lines.dropFirst().first { $0.lowercased().hasPrefix("\(name):") }
                .map { String($0.dropFirst(name.count + 1)).lowercased().filter { $0 != " " && $0 != "\t" } }
        }
        self.status = status
        if header("transfer-encoding") == "chunked" {
            let chunks = Self.chunks(rest)
            (body, isWhole, endsWithConnection) = (chunks.body, chunks.isWhole, false)
        } else if let length = header("content-length").flatMap({ Int($0) }), length >= 0 {
            (body, isWhole, endsWithConnection) = (Array(rest.prefix(length)), rest.count >= length, false)
        } else {
            (body, isWhole, endsWithConnection) = (Array(rest), status == 204 || status == 304, true)
        }
    }

    private static func chunks(_ bytes: ArraySlice<UInt8>) -> (body: [UInt8], isWhole: Bool) {
        var body: [UInt8] = []
        var rest = bytes
        while let lineEnd = find([13, 10], in: rest) {
            let digits = String(decoding: rest[..<lineEnd], as: UTF8.self).split(separator: ";").first ?? ""
            guard let size = Int(digits, radix: 16), size >= 0 else { break }
            rest = rest[(lineEnd + 2)...]
            if size == 0 { return (body, true) }
            guard rest.count >= size + 2 else { break }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return (body, false)
    }

    private static func find(_ pattern: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= pattern.count else { return nil }
        return (bytes.startIndex...(bytes.endIndex - pattern.count)).first {
            bytes[$0..<($0 + pattern.count)].elementsEqual(pattern)
        }
    }
}
