import Foundation
import Glibc
import Threads

/// A DNS server on 127.0.0.1:53 that answers the questions for IPv4 addresses as a closure says, for nobody to remember;
/// and has no IPv6 addresses. Its thread ends with ``stop()``.
final class NameServer: Sendable {
    private let descriptor: Int32
    private let asked = Locked<[String]>([])

    /// - Parameter answer: the addresses of a name, by how many times it was asked for before.
    init(_ answer: @escaping @Sendable (_ name: String, _ before: Int) -> [[UInt8]]) throws {
        descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw NetworkFailure("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(53).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw NetworkFailure("bind 53") }
        let thread = Thread { [self] in serve(answer) }
        thread.start()
    }

    /// The names whose IPv4 addresses were asked for.
    var questions: [String] { asked.withLock { $0 } }

    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    private func serve(_ answer: (String, Int) -> [[UInt8]]) {
        var buffer = [UInt8](repeating: 0, count: 1_500)
        while true {
            var peer = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = unsafe withUnsafeMutablePointer(to: &peer) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                    unsafe recvfrom(descriptor, &buffer, buffer.count, 0, peer, &size)
                }
            }
            guard count > 12 else { break }
            guard let reply = reply(to: Array(buffer[..<count]), answer) else { continue }
            _ = unsafe withUnsafePointer(to: &peer) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
                    unsafe sendto(descriptor, reply, reply.count, 0, peer, size)
                }
            }
        }
        close(descriptor)
    }

    private func reply(to query: [UInt8], _ answer: (String, Int) -> [[UInt8]]) -> [UInt8]? {
        var labels: [String] = []
        var index = 12
        while index < query.count, query[index] != 0 {
            let end = index + 1 + Int(query[index])
            guard end < query.count else { return nil }
            labels.append(String(decoding: query[(index + 1)..<end], as: UTF8.self))
            index = end
        }
        guard index + 5 <= query.count else { return nil }
        let isForIPv4 = query[index + 1] == 0 && query[index + 2] == 1
        var addresses: [[UInt8]] = []
        if isForIPv4 {
            let name = labels.joined(separator: ".").lowercased()
            let before = asked.withLock { asked in
                defer { asked.append(name) }
                return asked.count { $0 == name }
            }
            addresses = answer(name, before)
        }
        // An authoritative answer without an error; each record points to the name in the question, lives 0 s.
        var reply: [UInt8] = [query[0], query[1], 0x85, 0x80, 0, 1, 0, UInt8(addresses.count), 0, 0, 0, 0]
        reply += query[12..<(index + 5)]
        for address in addresses { reply += [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4] + address }
        return reply
    }
}
