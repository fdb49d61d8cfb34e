import Glibc

/// The loop over the connections.
struct LoadLoop {
    private(set) var connections: [LoadConnection] = []
    private let request: [UInt8]
    var result = LoadResult()

    private static let limitMilliseconds: Int32 = 10_000

    init(port: UInt16, connectionCount: Int, request: [UInt8]) throws {
        self.request = request
        for _ in 0..<connectionCount { connections.append(try LoadConnection(port: port)) }
        result.waitNanoseconds.reserveCapacity(1_000_000)
    }

    /// Returns when each connection has its last answer.
    mutating func run(warmUpSeconds: Double, seconds: Double) throws {
        let start = StampClock.monotonic.nanoseconds
        let counted = start + Int64(warmUpSeconds * 1e9)
        let end = counted + Int64(seconds * 1e9)
        for connection in connections { try connection.send(request) }
        var entries = connections.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
        var openCount = entries.count
        while openCount > 0 {
            let count = unsafe poll(&entries, nfds_t(entries.count), Self.limitMilliseconds)
            guard count > 0 || (count < 0 && errno == EINTR) else { throw BenchError("the server fell silent") }
            for index in entries.indices where entries[index].revents != 0 {
                entries[index].revents = 0
                guard let answer = try connections[index].receive() else { continue }
                let now = StampClock.monotonic.nanoseconds
                note(answer, now, counts: now >= counted && now < end)
                if now < end {
                    try connections[index].send(request)
                } else {
                    entries[index].fd = -1
                    openCount -= 1
                }
            }
        }
    }

    private mutating func note(_ answer: LoadConnection.Answer, _ now: Int64, counts: Bool) {
        result.answerCount += 1
        if answer.status != 202 { result.failureCount += 1 }
        if let id = answer.firstJob { result.ids.append(id) }
        if counts { result.waitNanoseconds.append(now - answer.sentNanoseconds) }
    }
}
