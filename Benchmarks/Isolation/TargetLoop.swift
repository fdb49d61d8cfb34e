import Foundation
import Glibc

/// The loop over all listeners and connections.
struct TargetLoop {
    private let bomb: [UInt8]
    private let slowNanoseconds: Int64
    private let output: String
    private var listeners: [(descriptor: Int32, manners: TargetManners)] = []
    private var connections: [Int32: TargetConnection] = [:]
    private var result = TargetsResult()

    private static let answer = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)
    private static let bigBytes = 100_000_000
    private static let dripNanoseconds: Int64 = 1_000_000_000
    private static let pollMilliseconds: Int32 = 20

    init(bomb: [UInt8], slowNanoseconds: Int64, output: String) {
        (self.bomb, self.slowNanoseconds, self.output) = (bomb, slowNanoseconds, output)
    }

    mutating func listen(port: UInt16, _ manners: TargetManners) throws {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(AF_INET, kind, 0)
        var one: Int32 = 1
        _ = unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, size) }
        }
        guard descriptor >= 0, bound == 0, Glibc.listen(descriptor, 4_096) == 0 else {
            throw BenchError("cannot listen on port \(port): errno \(errno)")
        }
        listeners.append((descriptor, manners))
    }

    /// Returns when somebody connects to the port for the end.
    mutating func run() throws {
        var entries: [pollfd] = []
        var isOpen = true
        while isOpen {
            let now = StampClock.monotonic.nanoseconds
            entries = listeners.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            for connection in connections.values {
                wake(connection, now)
                let events = Int16(POLLIN) | (connection.wantsToSend ? Int16(POLLOUT) : 0)
                entries.append(pollfd(fd: connection.descriptor, events: events, revents: 0))
            }
            guard unsafe poll(&entries, nfds_t(entries.count), Self.pollMilliseconds) >= 0 || errno == EINTR else {
                throw BenchError("poll: errno \(errno)")
            }
            for (index, listener) in listeners.enumerated() where entries[index].revents != 0 {
                if listener.manners == .end { isOpen = false }
                accept(listener.descriptor, listener.manners)
            }
            for entry in entries.dropFirst(listeners.count) where entry.revents != 0 { serve(entry) }
        }
        try JSONEncoder().encode(result).write(to: URL(fileURLWithPath: output))
    }

    private mutating func accept(_ listener: Int32, _ manners: TargetManners) {
        while true {
            // Sends and receives say themselves that they do not wait.
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { return }
            var one: Int32 = 1
            _ = unsafe setsockopt(
                descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
            connections[descriptor] = TargetConnection(descriptor: descriptor, manners: manners)
        }
    }

    private mutating func serve(_ entry: pollfd) {
        guard let connection = connections[entry.fd] else { return }
        if entry.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
            guard let requests = connection.receive() else {
                connections[entry.fd] = nil
                return
            }
            let now = StampClock.monotonic.nanoseconds
            for request in requests {
                result.arrivals.append(
                    TargetsResult.Arrival(
                        manners: connection.manners.rawValue, message: request.message,
                        stampNanoseconds: request.stampNanoseconds, receivedNanoseconds: now))
                guard begin(connection, now) else {
                    connection.reset()
                    connections[entry.fd] = nil
                    return
                }
            }
        }
        if connection.wantsToSend, !connection.send(most: connection.manners == .drip ? 1 : 65_536) {
            connections[entry.fd] = nil
            return
        }
        if connection.manners == .drip, !connection.outgoing.isEmpty {
            connection.wakeNanoseconds = StampClock.monotonic.nanoseconds + Self.dripNanoseconds
        }
    }

    /// Decides what is sent for a request; false for a reset.
    private func begin(_ connection: TargetConnection, _ now: Int64) -> Bool {
        switch connection.manners {
        case .good: connection.outgoing += Self.answer
        case .hang, .end: break
        case .drip: connection.outgoing = Self.answer[...]
        case .reset: return false
        case .big:
            let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: \(Self.bigBytes)\r\n\r\n"
            connection.outgoing = Array(head.utf8)[...]
            connection.fillerCount = Self.bigBytes
        case .bomb:
            let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: \(bomb.count)\r\n\r\n"
            connection.outgoing = (Array(head.utf8) + bomb)[...]
        case .slow:
            connection.outgoing = Self.answer[...]
            connection.wakeNanoseconds = now + slowNanoseconds
        }
        return true
    }

    private func wake(_ connection: TargetConnection, _ now: Int64) {
        if let time = connection.wakeNanoseconds, now >= time { connection.wakeNanoseconds = nil }
    }
}
