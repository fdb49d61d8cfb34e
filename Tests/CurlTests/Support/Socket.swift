import Glibc

struct SocketFailure: Error { let errno: Int32 }

/// Socket calls of the tests' servers.
enum Socket {
    /// A listening socket on a free loopback port.
    static func listen(isIPv6: Bool = false, backlog: Int32) throws -> (descriptor: Int32, port: UInt16) {
        let family = isIPv6 ? AF_INET6 : AF_INET
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw SocketFailure(errno: errno) }
        let isBound = isIPv6 ? bindIPv6(descriptor) : bindIPv4(descriptor)
        guard isBound, Glibc.listen(descriptor, backlog) == 0 else { throw SocketFailure(errno: errno) }
        return (descriptor, port(descriptor, isPeer: false))
    }

    /// A port on which nothing listens (for as long as nobody takes it).
    static func closedPort() throws -> UInt16 {
        let (descriptor, port) = try listen(backlog: 1)
        close(descriptor)
        return port
    }

    static func connect(port: UInt16) -> Int32 {
        let descriptor = socket(
            AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port)
        _ = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return descriptor
    }

    static func setTimeouts(_ descriptor: Int32, seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    }

    static func setLingerZero(_ descriptor: Int32) {
        var option = linger(l_onoff: 1, l_linger: 0)
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// For each of this process's sockets that is connected to `port`, whether a child process would inherit it.
    static func inheritedFlags(peerPort: UInt16) -> [Bool] {
        (0..<Int32(4_096)).filter { port($0, isPeer: true) == peerPort }
            .map { fcntl($0, F_GETFD) & FD_CLOEXEC == 0 }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func bindIPv4(_ descriptor: Int32) -> Bool {
        var address = loopback(0)
        return unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func bindIPv6(_ descriptor: Int32) -> Bool {
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_addr = in6addr_loopback
        return unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size)) == 0
            }
        }
    }

    private static func port(_ descriptor: Int32, isPeer: Bool) -> UInt16 {
        var storage = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = unsafe withUnsafeMutablePointer(to: &storage) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                isPeer ? unsafe getpeername(descriptor, $0, &size) : unsafe getsockname(descriptor, $0, &size)
            }
        }
        // The port sits at the same place for both families.
        return result == 0 ? UInt16(bigEndian: storage.sin6_port) : 0
    }
}
