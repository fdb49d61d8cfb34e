import Foundation
import Glibc

/// One accepted connection, used by its own thread only.
final class TargetConnection {
    private let descriptor: Int32
    private let number: Int
    private let state: TargetState
    private var buffer: [UInt8] = []

    init(descriptor: Int32, number: Int, state: TargetState) {
        self.descriptor = descriptor
        self.number = number
        self.state = state
    }

    /// Serves until either side has had enough.
    func run() {
        while let request = readRequest() {
            let (index, answer) = state.record(request)
            guard perform(answer, index) else { return }
        }
    }

    /// Whether the connection can go on.
    private func perform(_ answer: TargetAnswer, _ index: Int) -> Bool {
        switch answer {
        case .reply(let status, let headers, let body):
            return write(status, headers, body, index)
        case .late(let status, let milliseconds):
            // As in a drip, the pause is the answer.
            Thread.sleep(forTimeInterval: Double(milliseconds) / 1_000)
            return write(status, [], Array("{}".utf8), index)
        case .held(let status):
            return state.waitForRelease() && write(status, [], Array("{}".utf8), index)
        case .hang:
            while !TargetSocket.receive(descriptor).isEmpty {}
            return false
        case .reset:
            TargetSocket.resetAtClose(descriptor)
            return false
        case .close:
            return false
        case .garbage:
            _ = TargetSocket.send(descriptor, [0x16, 0x03, 0x01] + Array("SSH-2.0-none of your HTTP\r\n".utf8))
            return false
        case .drip(let status):
            let head = Array(Self.head(status, [], 1_000_000).utf8)
            guard send(head, status, index) else { return false }
            drip(repeatElement(UInt8(ascii: "x"), count: 1_000_000))
            return false
        case .dripHead:
            drip(Array("HTTP/1.1 200 OK\r\nX-Slow: \(String(repeating: "x", count: 10_000))".utf8))
            return false
        }
    }

    private func write(
        _ status: Int, _ headers: [(name: String, value: String)], _ body: [UInt8], _ index: Int
    ) -> Bool {
        send(Array(Self.head(status, headers, body.count).utf8) + body, status, index)
    }

    /// Noted before it is sent: whoever sees the client's reaction sees the note, too.
    private func send(_ bytes: [UInt8], _ status: Int, _ index: Int) -> Bool {
        if 200...299 ~= status {
            state.change { content in
                content.delivered.append(index)
                content.deliveredAt[index] = .now
            }
        }
        let isSent = TargetSocket.send(descriptor, bytes)
        if !isSent {
            state.change { content in
                content.delivered.removeAll { $0 == index }
                content.deliveredAt[index] = nil
            }
        }
        return isSent
    }

    /// The pause is what this answer is about; it waits for nothing.
    private func drip(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            guard TargetSocket.send(descriptor, [byte]), !state.read({ $0.isStopped }) else { return }
            Thread.sleep(forTimeInterval: 0.1)
        }
    }

    private static func head(_ status: Int, _ headers: [(name: String, value: String)], _ length: Int) -> String {
        let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
        return "HTTP/1.1 \(status) Status\r\n\(lines)Content-Length: \(length)\r\n\r\n"
    }

    /// The next request with its body; nil when the client is gone or sends something else.
    private func readRequest() -> TargetRequest? {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let range = buffer.firstRange(of: end) {
                let head = String(decoding: buffer[..<range.lowerBound], as: UTF8.self)
                let length = Self.contentLength(head)
                while buffer.count < range.upperBound + length { guard fill() else { return nil } }
                let body = Array(buffer[range.upperBound..<(range.upperBound + length)])
                buffer.removeFirst(range.upperBound + length)
                return TargetRequest(head: head, body: body, arrival: .now, connection: number)
            }
            guard fill() else { return nil }
        }
    }

    private func fill() -> Bool {
        let bytes = TargetSocket.receive(descriptor)
        buffer += bytes
        return !bytes.isEmpty
    }

    private static func contentLength(_ head: String) -> Int {
        for line in head.lowercased().split(separator: "\r\n") where line.hasPrefix("content-length:") {
            return Int(line.dropFirst(15).drop { $0 == " " }) ?? 0
        }
        return 0
    }
}
