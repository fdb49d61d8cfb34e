import Glibc

/// One connection from a sender: what it has sent so far, and what it still gets. For one thread.
final class TargetConnection {
    let descriptor: Int32
    let manners: TargetManners
    /// Not before then is anything sent.
    var wakeNanoseconds: Int64?
    /// What is still to be sent.
    var outgoing: ArraySlice<UInt8> = []
    /// How many more bytes of nothing follow.
    var fillerCount = 0
    private var received: [UInt8] = []

    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let length = Array("content-length: ".utf8)
    private static let filler = [UInt8](repeating: 0, count: 65_536)

    init(descriptor: Int32, manners: TargetManners) {
        self.descriptor = descriptor
        self.manners = manners
    }

    deinit { close(descriptor) }

    var wantsToSend: Bool { wakeNanoseconds == nil && (!outgoing.isEmpty || fillerCount > 0) }

    /// Takes what has come; the requests that are whole now. Nil when the other side is gone.
    func receive() -> [(message: String, stampNanoseconds: Int64)]? {
        var count = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, initializedCount in
            count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            initializedCount = max(count, 0)
        }
        guard count > 0 else { return count < 0 && (errno == EAGAIN || errno == EINTR) ? [] : nil }
        received += bytes
        var whole: [(message: String, stampNanoseconds: Int64)] = []
        while let request = takeRequest() { whole.append(request) }
        return whole
    }

    private func takeRequest() -> (message: String, stampNanoseconds: Int64)? {
        guard let headEnd = ByteSearch.find(Self.headEnd, in: received, from: 0) else { return nil }
        let lower = received[..<headEnd].map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
        let bodyLength = ByteSearch.number(after: Self.length, in: lower) ?? 0
        let end = headEnd + Self.headEnd.count + bodyLength
        guard received.count >= end else { return nil }
        defer { received.removeFirst(end) }
        let message = ByteSearch.text(after: Array("webhook-id: ".utf8), in: received, upTo: 13) ?? ""
        let stamp = ByteSearch.text(after: Array(DeliveryJobs.stampMark.utf8), in: received, upTo: 34) ?? ""
        return (message, Int64(stamp) ?? 0)
    }

    /// Sends what may be sent now, `most` bytes at most. False when the other side is gone.
    func send(most: Int) -> Bool {
        let part = outgoing.isEmpty ? Self.filler.prefix(min(fillerCount, most)) : outgoing.prefix(most)
        let count = unsafe part.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
        guard count >= 0 else { return errno == EAGAIN || errno == EINTR }
        if outgoing.isEmpty { fillerCount -= count } else { outgoing = outgoing.dropFirst(count) }
        return true
    }

    /// Ends it with a reset instead of an end.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }
}

/// Looking for bytes in bytes.
enum ByteSearch {
    /// Where `pattern` begins; nil if nowhere.
    static func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
        var first = start
        while first + pattern.count <= bytes.count {
            var matched = 0
            while matched < pattern.count, bytes[first + matched] == pattern[matched] { matched += 1 }
            if matched == pattern.count { return first }
            first += 1
        }
        return nil
    }

    /// What stands between `pattern` and the next `end`.
    static func text(after pattern: [UInt8], in bytes: [UInt8], upTo end: UInt8) -> String? {
        guard let start = find(pattern, in: bytes, from: 0) else { return nil }
        return String(decoding: bytes[(start + pattern.count)...].prefix { $0 != end }, as: UTF8.self)
    }

    /// The number behind `pattern`.
    static func number(after pattern: [UInt8], in bytes: [UInt8]) -> Int? {
        guard let start = find(pattern, in: bytes, from: 0) else { return nil }
        return bytes[(start + pattern.count)...].prefix { (48...57).contains($0) }.reduce(0) { $0 * 10 + Int($1) - 48 }
    }
}
