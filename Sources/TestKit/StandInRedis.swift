// Threads: one that accepts and one for each connection, all with blocking sockets; they end when the server is stopped,
// since that shuts every socket down. Everything that is shared is in one lock.

import Command
import Foundation
import Glibc
package import Redis
import Threads

/// A server that speaks Redis's protocol and answers as a test says: for commands that the real server here lacks.
package final class StandInRedis: Sendable {
    /// What one command is answered.
    package indirect enum Answer: Sendable {
        case status(String)
        case text(String)
        case integer(Int)
        case null
        case array([Answer])
        case failure(String)
        /// Ends the connection.
        case hangUp
    }

    private struct State: Sendable {
        var commands: [[String]] = []
        var sockets: Set<Int32> = []
        var isStopped = false
    }

    package let port: UInt16
    private let listener: Int32
    private let state = Locked(State())

    /// - Parameter answer: called on a connection's thread, and may block it; the command's name is in capitals.
    package init(answer: @escaping @Sendable (_ command: [String]) -> Answer) throws {
        port = try LoopbackPort.free()
        listener = try TargetSocket.bind(port: port)
        guard Glibc.listen(listener, 64) == 0 else { throw SocketFailure(call: "listen", errno: errno) }
        let thread = Thread { [weak self, listener] in
            while let descriptor = TargetSocket.accept(listener) {
                guard let self, self.add(descriptor) else { break }
                let connection = Thread { [weak self] in
                    self?.serve(descriptor, answer)
                    self?.remove(descriptor)
                }
                connection.start()
            }
            Glibc.close(listener)
        }
        thread.start()
    }

    deinit { stop() }

    /// How to reach it.
    package var configuration: RedisConfiguration {
        RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: Int(port)))
    }

    /// Every command so far, in the order of arrival.
    package var commands: [[String]] { state.withLock { $0.commands } }

    /// Ends every connection, and takes no more.
    package func stop() {
        let sockets = state.withLock { state in
            defer { state.isStopped = true }
            return state.isStopped ? [] : state.sockets.union([listener])
        }
        for socket in sockets { shutdown(socket, Int32(SHUT_RDWR)) }
    }

    private func add(_ descriptor: Int32) -> Bool {
        state.withLock { state in
            if !state.isStopped { state.sockets.insert(descriptor) }
            return !state.isStopped
        }
    }

    private func remove(_ descriptor: Int32) {
        _ = state.withLock { $0.sockets.remove(descriptor) }
        Glibc.close(descriptor)
    }

    private func serve(_ descriptor: Int32, _ answer: (_ command: [String]) -> Answer) {
        var buffer: [UInt8] = []
        while true {
            let bytes = TargetSocket.receive(descriptor)
            if bytes.isEmpty { return }
            buffer += bytes
            while let (command, count) = Self.command(buffer) {
                buffer.removeFirst(count)
                state.withLock { $0.commands.append(command) }
                guard let reply = Self.encode(answer(command)), TargetSocket.send(descriptor, reply) else { return }
            }
        }
    }

    /// The first command in the buffer and its length; nil while it is not whole.
    private static func command(_ buffer: [UInt8]) -> (words: [String], count: Int)? {
        var position = 0
        func line() -> Int? {
            guard let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n")) else { return nil }
            defer { position = end + 1 }
            return Int(String(decoding: buffer[(position + 1)..<(end - 1)], as: UTF8.self))
        }
        guard let count = line() else { return nil }
        var words: [String] = []
        for _ in 0..<count {
            guard let length = line(), buffer.count >= position + length + 2 else { return nil }
            words.append(String(decoding: buffer[position..<(position + length)], as: UTF8.self))
            position += length + 2
        }
        if let name = words.first { words[0] = name.uppercased() }
        return (words, position)
    }

    private static func encode(_ answer: Answer) -> [UInt8]? {
        switch answer {
        case .status(let text): return Array("+\(text)\r\n".utf8)
        case .text(let text): return Array("$\(text.utf8.count)\r\n\(text)\r\n".utf8)
        case .integer(let number): return Array(":\(number)\r\n".utf8)
        case .null: return Array("$-1\r\n".utf8)
        case .failure(let text): return Array("-\(text)\r\n".utf8)
        case .array(let elements):
            var bytes = Array("*\(elements.count)\r\n".utf8)
            for element in elements { bytes += encode(element) ?? [] }
            return bytes
        case .hangUp: return nil
        }
    }
}
