import Glibc
import Redis
import Threads

/// A listening socket on the loopback address.
@safe struct LocalSocket: ~Copyable {
    let descriptor: Int32
    let port: Int

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr = in_addr(s_addr: UInt32(0x7f00_0001).bigEndian)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor, address, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, address, &length) == 0
            }
        }
        port = Int(UInt16(bigEndian: address.sin_port))
        if !isListening { throw FixtureError(text: "cannot listen: errno \(errno)") }
    }

    deinit { close(descriptor) }

    /// A port that nobody listens on.
    static func freePort() throws -> Int { try LocalSocket().port }
}

/// A fake server: takes one connection after the other and plays the answers, one for each time that data arrives.
/// With no answer left, it closes the connection or stays silent.
actor FakeServer {
    enum Ending { case close, silence }

    private nonisolated let executor = ThreadExecutor(name: "fake-server")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    private let listener: LocalSocket
    nonisolated let port: Int

    init() throws {
        listener = try LocalSocket()
        port = listener.port
    }

    nonisolated var configuration: RedisConfiguration {
        RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: port))
    }

    /// Serves one connection until the peer has closed it, or the answers are used up and the ending is `close`.
    func serve(_ answers: [[UInt8]], ending: Ending) {
        let peer = accept(listener.descriptor, nil, nil)
        defer { close(peer) }
        var buffer = [UInt8](repeating: 0, count: 65_536)
        for answer in answers {
            guard unsafe recv(peer, &buffer, buffer.count, 0) > 0 else { return }
            var sent = 0
            while sent < answer.count {
                let rest = Array(answer[sent...])
                let count = unsafe send(peer, rest, rest.count, Int32(MSG_NOSIGNAL))
                if count <= 0 { return }
                sent += count
            }
        }
        if ending == .silence { while unsafe recv(peer, &buffer, buffer.count, 0) > 0 {} }
    }
}
