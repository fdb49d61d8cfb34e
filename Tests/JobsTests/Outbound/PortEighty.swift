import Foundation
import Glibc
import Threads

/// A server on port 80 of every address of its network; answers each request with 200.
final class PortEighty: Sendable {
    private let listener: Int32
    private let accepted = Locked<[String]>([])

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0 else { throw NetworkFailure("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(80).bigEndian
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0, listen(listener, 64) == 0 else { throw NetworkFailure("bind 80") }
        let thread = Thread { [self] in accept() }
        thread.start()
    }

    /// The own address of each connection so far.
    var connections: [String] { accepted.withLock { $0 } }

    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func accept() {
        while true {
            let descriptor = Glibc.accept(listener, nil, nil)
            guard descriptor >= 0 else { break }
            let place = Self.ownAddress(descriptor)
            accepted.withLock { $0.append(place) }
            let thread = Thread { Self.answer(descriptor) }
            thread.start()
        }
        close(listener)
    }

    private static func ownAddress(_ descriptor: Int32) -> String {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe getsockname(descriptor, $0, &size)
            }
        }
        let bits = UInt32(bigEndian: address.sin_addr.s_addr)
        return (0..<4).map { String(bits >> (24 - 8 * UInt32($0)) & 255) }.joined(separator: ".")
    }

    /// Each request comes in one piece here: it is small and local.
    private static func answer(_ descriptor: Int32) {
        let reply = Array("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".utf8)
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while unsafe recv(descriptor, &buffer, buffer.count, 0) > 0 {
            guard unsafe send(descriptor, reply, reply.count, Int32(MSG_NOSIGNAL)) == reply.count else { break }
        }
        close(descriptor)
    }
}
