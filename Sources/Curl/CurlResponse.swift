/// A response whose status line arrived and whose body was read to its end or to the limit.
public struct CurlResponse: Sendable {
    public let status: Int

    /// `1.0`, `1.1` or `2`.
    public let httpVersion: String

    /// Those of the final response, in order, names as sent; trailers and interim responses are left out. Bytes that
    /// are not UTF-8 are replaced.
    public let headers: [(name: String, value: String)]

    /// The body's bytes as they came, never decompressed, at most the request's limit.
    public let body: [UInt8]

    /// Whether the body was longer than the limit; the rest was not read and the connection was closed.
    public let bodyIsTruncated: Bool

    public let timings: CurlTimings

    /// The peer's address.
    public let remoteAddress: CurlAddress?

    /// Whether a kept connection served it, so that no name, TCP or TLS step was paid.
    public let connectionWasReused: Bool

    /// How often the request was written: 2 when a kept connection broke and libcurl sent it again.
    public let sendCount: Int

    /// The first value of a header, whatever the case of its name.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.utf8.elementsEqual(name.utf8) || $0.name.lowercased() == name.lowercased() }?.value
    }

    init(_ outcome: TransferOutcome) {
        status = outcome.status
        httpVersion = outcome.httpVersion
        headers = HeaderBlock.parse(outcome.headerBytes)
        body = outcome.body
        bodyIsTruncated = outcome.bodyIsTruncated
        timings = CurlTimings(moments: outcome.moments, phase: .body)
        remoteAddress = outcome.remoteAddress
        connectionWasReused = outcome.connectionWasReused
        sendCount = outcome.sendCount
    }
}

/// What the client's thread hands over: plain values, turned into a ``CurlResponse`` on the caller's task.
struct TransferOutcome: Sendable {
    var status: Int
    var httpVersion: String
    var headerBytes: [UInt8]
    var body: [UInt8]
    var bodyIsTruncated: Bool
    var moments: TransferMoments
    var remoteAddress: CurlAddress?
    var connectionWasReused: Bool
    var sendCount: Int
}

/// Header lines as libcurl hands them out, without the status line.
enum HeaderBlock {
    /// Name and value of each field; a folded line continues the value before it.
    static func parse(_ bytes: [UInt8]) -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let first = line.first, first != UInt8(ascii: "\r") else { continue }
            if isBlank(first) {
                guard let last = fields.indices.last else { continue }
                fields[last].value += " " + text(line)
            } else if let colon = line.firstIndex(of: UInt8(ascii: ":")) {
                fields.append((text(line[..<colon]), text(line[(colon + 1)...])))
            }
        }
        return fields
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String {
        var rest = bytes
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) || last == UInt8(ascii: "\r") { rest.removeLast() }
        return String(decoding: rest, as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
