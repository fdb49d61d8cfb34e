// A server of the tests' own: one thread that accepts, one for each connection, blocking sockets with time limits.

import Foundation
import Glibc
import Threads

/// Listens on a free port of a loopback address and runs `handler` for each connection on a thread of its own.
final class LocalServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let state = Locked(State())

    private struct State {
        var open: Set<Int32> = []
        var accepted = 0
        var isStopped = false
    }

    init(isIPv6: Bool = false, handler: @escaping @Sendable (Connection) -> Void) throws {
        (listener, port) = try Socket.listen(isIPv6: isIPv6, backlog: 2_048)
        let thread = Thread { [self] in accept(handler) }
        thread.start()
    }

    /// Answers each request of each connection with what `answer` returns, until the client closes.
    convenience init(
        isIPv6: Bool = false,
        answer: @escaping @Sendable (Recorded) -> String,
    ) throws {
        try self.init(isIPv6: isIPv6) { connection in
            while let request = connection.readRequest() { connection.write(answer(request)) }
        }
    }

    /// Connections accepted so far.
    var connectionCount: Int { state.withLock { $0.accepted } }

    func url(_ path: String = "/") -> String { "http://127.0.0.1:\(port)\(path)" }

    /// Closes the listener and every connection.
    func stop() {
        let open = state.withLock { state in
            defer { state.isStopped = true }
            return state.isStopped ? nil : state.open
        }
        guard let open else { return }
        Glibc.shutdown(listener, Int32(SHUT_RDWR))
        for descriptor in open { Glibc.shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    private func accept(_ handler: @escaping @Sendable (Connection) -> Void) {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            let isStopped = state.withLock { state in
                state.accepted += 1
                if !state.isStopped { state.open.insert(descriptor) }
                return state.isStopped
            }
            if isStopped {
                close(descriptor)
                break
            }
            let thread = Thread { [self] in
                let connection = Connection(descriptor)
                handler(connection)
                state.withLock { state in
                    state.open.remove(descriptor)
                    connection.close()
                }
            }
            thread.stackSize = 256 << 10
            thread.start()
        }
        close(listener)
    }
}

/// Runs `body` with a server that is stopped afterwards.
func withServer(
    isIPv6: Bool = false,
    handler: @escaping @Sendable (Connection) -> Void,
    body: (LocalServer) async throws -> Void,
) async throws {
    let server = try LocalServer(isIPv6: isIPv6, handler: handler)
    defer { server.stop() }
    try await body(server)
}

/// Runs `body` with a server that answers every request with `answer`.
func withServer(
    answering answer: @escaping @Sendable (Recorded) -> String,
    body: (LocalServer) async throws -> Void,
) async throws {
    let server = try LocalServer(answer: answer)
    defer { server.stop() }
    try await body(server)
}

/// A request as it was on the wire.
struct Recorded: Sendable {
    let head: String
    let body: [UInt8]

    var lines: [String] { head.components(separatedBy: "\r\n") }
    var requestLine: String { lines[0] }

    func values(_ name: String) -> [String] {
        lines.dropFirst().compactMap { line in
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else {
                return nil
            }
            return String(line[line.index(after: colon)...]).trimmingCharacters(in: .whitespaces)
        }
    }
}

/// One accepted connection, used by its handler's thread.
final class Connection {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isClosed = false

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        Socket.setTimeouts(descriptor, seconds: 20)
    }

    /// The next request with its body; nil when the client closed.
    func readRequest() -> Recorded? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = buffer.firstRange(of: end) {
                let head = String(decoding: buffer[..<range.lowerBound], as: UTF8.self)
                let length = Recorded(head: head, body: []).values("content-length").first.flatMap { Int($0) } ?? 0
                while buffer.count < range.upperBound + length { guard fill() else { return nil } }
                let body = Array(buffer[range.upperBound..<(range.upperBound + length)])
                buffer.removeFirst(range.upperBound + length)
                return Recorded(head: head, body: body)
            }
            guard fill() else { return nil }
        }
    }

    /// Some bytes, whatever they are; false when the client closed.
    func fill() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return false }
        buffer += chunk.prefix(count)
        return true
    }

    /// False once the client is gone.
    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes[sent...].withUnsafeBytes {
                unsafe send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Reads until the client closes or resets; false if it did not within the socket's time limit.
    func waitForClose() -> Bool {
        var byte: UInt8 = 0
        while true {
            let count = unsafe recv(descriptor, &byte, 1, 0)
            if count == 0 { return true }
            if count < 0 { return errno == ECONNRESET }
        }
    }

    /// Closes with a TCP reset.
    func reset() {
        Socket.setLingerZero(descriptor)
        close()
    }

    func close() {
        if !isClosed { Glibc.close(descriptor) }
        isClosed = true
    }
}
