import Glibc

/// One kept connection to a server on 127.0.0.1, closed with the object. For one thread.
final class LoadConnection {
    /// One answer, whole.
    struct Answer {
        let status: Int
        /// What follows `"jobs":["`.
        let firstJob: String?
        let sentNanoseconds: Int64
    }

    let descriptor: Int32
    private var received: [UInt8] = []
    private var sentNanoseconds: Int64 = 0

    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let length = Array("ength: ".utf8)
    private static let jobs = Array(#""jobs":[""#.utf8)
    private static let readSize = 16_384

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(descriptor, generic, size)
            }
        }
        guard connected == 0 else { throw BenchError("cannot connect to port \(port): errno \(errno)") }
        var one: Int32 = 1
        _ = unsafe setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Sends a request; the connection has no answer outstanding.
    func send(_ request: [UInt8]) throws {
        sentNanoseconds = StampClock.monotonic.nanoseconds
        // It is far smaller than a socket's buffer, which is empty now.
        let count = unsafe request.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count == request.count else { throw BenchError("a request could not be sent: errno \(errno)") }
    }

    /// Takes what has come, without waiting; the answer when it is whole.
    func receive() throws -> Answer? {
        var count = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.readSize) { buffer, initializedCount in
            count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            initializedCount = max(count, 0)
        }
        guard count != 0 else { throw BenchError("the server closed a connection") }
        guard count > 0 else {
            guard errno == EAGAIN || errno == EINTR else { throw BenchError("a receive failed: errno \(errno)") }
            return nil
        }
        if received.isEmpty { received = bytes } else { received += bytes }
        return try takeAnswer()
    }

    private func takeAnswer() throws -> Answer? {
        guard let headEnd = find(Self.headEnd, from: 0) else { return nil }
        guard let start = find(Self.length, from: 0), start < headEnd else {
            throw BenchError("an answer did not say its length")
        }
        let length = number(from: start + Self.length.count)
        let end = headEnd + Self.headEnd.count + length
        guard received.count >= end else { return nil }
        guard received.count == end else { throw BenchError("an answer was longer than it said") }
        defer { received.removeAll(keepingCapacity: true) }
        let jobs = find(Self.jobs, from: headEnd).map { start in
            String(decoding: received[(start + Self.jobs.count)...].prefix { $0 != 34 }, as: UTF8.self)
        }
        return Answer(status: number(from: 9), firstJob: jobs, sentNanoseconds: sentNanoseconds)
    }

    private func number(from start: Int) -> Int {
        received[start...].prefix { (48...57).contains($0) }.reduce(0) { $0 * 10 + Int($1) - 48 }
    }

    private func find(_ pattern: [UInt8], from start: Int) -> Int? {
        var first = start
        while first + pattern.count <= received.count {
            var matched = 0
            while matched < pattern.count, received[first + matched] == pattern[matched] { matched += 1 }
            if matched == pattern.count { return first }
            first += 1
        }
        return nil
    }
}
