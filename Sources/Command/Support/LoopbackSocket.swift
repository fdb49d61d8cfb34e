import Glibc
import SystemPackage

/// One TCP socket of 127.0.0.1, closed with the value. Its calls wait, each within the socket's time limit, so they are
/// made on a thread that may wait.
@safe struct LoopbackSocket: ~Copyable {
    private let descriptor: Int32

    init() throws(CommandError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else {
            throw CommandError(.system, "cannot make a socket", underlying: Errno(rawValue: errno))
        }
    }

    deinit { _ = Glibc.close(descriptor) }

    func allowAddressReuse() throws(Errno) {
        var one: Int32 = 1
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard unsafe setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, size) == 0 else {
            throw Errno(rawValue: errno)
        }
    }

    /// The time limit of each following connect, send and receive.
    func limitWaits(milliseconds: Int) throws(Errno) {
        var limit = timeval(tv_sec: milliseconds / 1_000, tv_usec: (milliseconds % 1_000) * 1_000)
        let size = socklen_t(MemoryLayout<timeval>.size)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            guard unsafe setsockopt(descriptor, SOL_SOCKET, option, &limit, size) == 0 else {
                throw Errno(rawValue: errno)
            }
        }
    }

    /// Binds to a port, 0 for any, and answers the port.
    func bind(port: UInt16) throws(Errno) -> UInt16 {
        var address = Self.address(port)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                let outcome = unsafe Glibc.bind(descriptor, generic, size)
                return outcome == 0 ? unsafe getsockname(descriptor, generic, &size) : outcome
            }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
        return UInt16(bigEndian: address.sin_port)
    }

    func connect(port: UInt16) throws(Errno) {
        var address = Self.address(port)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe Glibc.connect(descriptor, generic, size)
            }
        }
        guard result == 0 else { throw Errno(rawValue: errno) }
    }

    func send(_ bytes: [UInt8]) throws(Errno) {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                unsafe Glibc.send(
                    descriptor, buffer.baseAddress?.advanced(by: sent), buffer.count - sent, Int32(MSG_NOSIGNAL)
                )
            }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw Errno(rawValue: errno)
            }
            sent += count
        }
    }

    /// Up to 16 KiB, or nothing when the other side has ended.
    func receive() throws(Errno) -> [UInt8] {
        while true {
            var count = 0
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 16_384) { buffer, initializedCount in
                count = unsafe recv(descriptor, buffer.baseAddress, buffer.count, 0)
                initializedCount = max(count, 0)
            }
            if count >= 0 { return bytes }
            guard errno == EINTR else { throw Errno(rawValue: errno) }
        }
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }
}
