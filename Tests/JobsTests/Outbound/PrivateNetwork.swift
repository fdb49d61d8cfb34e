// A network of the test's own: a thread leaves the network and the mounts of the process for new ones, brings the
// loopback interface up, gives it more addresses and puts another resolv.conf over the machine's. Threads that are made
// on it, and the sockets that those make, stay in that network; nothing outside of it changes, and all of it goes with
// its last thread. Only root may do that, in a container with that right.

import Foundation
import Glibc
import Threads

/// What went wrong while a network was made.
struct NetworkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ call: String) { description = "\(call): \(unsafe String(cString: strerror(errno)))" }
}

/// Makes things inside a network of their own.
enum PrivateNetwork {
    /// Whether this process may make one.
    static let isPossible: Bool = {
        let answer = Locked(false)
        let done = DispatchSemaphore(value: 0)
        Thread {
            answer.withLock { $0 = geteuid() == 0 && enterNamespaces() == 0 }
            done.signal()
        }.start()
        done.wait()
        return answer.withLock { $0 }
    }()

    /// Runs `make` on a thread of a new network whose loopback interface has `addresses` and whose resolver asks
    /// 127.0.0.1. Blocks until it is done, which takes no longer than `make` does.
    static func make<Value: Sendable>(
        addresses: [String], _ make: @escaping @Sendable () throws -> Value
    ) throws -> Value {
        let result = Locked<Result<Value, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        Thread {
            let made = Result {
                try enter(addresses)
                return try make()
            }
            result.withLock { $0 = made }
            done.signal()
        }.start()
        done.wait()
        guard let value = try result.withLock({ $0 })?.get() else { throw NetworkFailure("thread") }
        return value
    }

    private static func enter(_ addresses: [String]) throws {
        guard enterNamespaces() == 0 else { throw NetworkFailure("unshare") }
        let path = NSTemporaryDirectory() + "resolv-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        try "nameserver 127.0.0.1\noptions timeout:2 attempts:2\n".write(
            toFile: path, atomically: true, encoding: .utf8)
        defer { unsafe unlink(path) }
        // Without this the bind would show in the machine's own mounts.
        guard mount("none", "/", recursiveAndPrivate) == 0 else { throw NetworkFailure("mount /") }
        guard mount(path, "/etc/resolv.conf", bind) == 0 else { throw NetworkFailure("mount resolv.conf") }
        try unsafe configure("lo", setFlags) { request in
            unsafe request.storeBytes(of: Int16(1 | 0x40), toByteOffset: nameBytes, as: Int16.self)
        }
        for (index, text) in addresses.enumerated() {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            guard unsafe inet_pton(AF_INET, text, &address.sin_addr) == 1 else { throw NetworkFailure("address") }
            try unsafe configure("lo:\(index + 1)", setAddress) { request in
                unsafe request.storeBytes(of: address, toByteOffset: nameBytes, as: sockaddr_in.self)
            }
        }
    }

    // Figures of the kernel's interface that Swift's module of the C library leaves out.
    private static let nameBytes = 16
    private static let setFlags: UInt = 0x8914
    private static let setAddress: UInt = 0x8916
    private static let newMountsAndNetwork: Int32 = 0x2_0000 | 0x4000_0000
    private static let bind: UInt = 4_096
    private static let recursiveAndPrivate: UInt = 16_384 | 0x4_0000

    /// An `ifreq` is 40 bytes: a name, then what is asked.
    private static func configure(
        _ interface: String, _ command: UInt, _ fill: (UnsafeMutableRawBufferPointer) -> Void
    ) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { throw NetworkFailure("socket") }
        defer { close(descriptor) }
        var request = [UInt8](repeating: 0, count: 40)
        request.replaceSubrange(0..<interface.utf8.count, with: interface.utf8)
        let code = unsafe request.withUnsafeMutableBytes { buffer -> Int32 in
            unsafe fill(buffer)
            guard let base = buffer.baseAddress else { return -1 }
            return unsafe ioctl(descriptor, command, base)
        }
        guard code == 0 else { throw NetworkFailure("ioctl \(interface)") }
    }

    private static func enterNamespaces() -> Int32 {
        typealias Unshare = @convention(c) (Int32) -> Int32
        guard let symbol = unsafe dlsym(nil, "unshare") else { return -1 }
        return unsafe unsafeBitCast(symbol, to: Unshare.self)(newMountsAndNetwork)
    }

    private static func mount(_ source: String, _ target: String, _ flags: UInt) -> Int32 {
        typealias Mount =
            @convention(c) (
                UnsafePointer<CChar>?, UnsafePointer<CChar>?, UnsafePointer<CChar>?, UInt, UnsafeRawPointer?
            ) -> Int32
        guard let symbol = unsafe dlsym(nil, "mount") else { return -1 }
        let call = unsafe unsafeBitCast(symbol, to: Mount.self)
        return unsafe source.withCString { source in
            unsafe target.withCString { target in unsafe call(source, target, nil, flags, nil) }
        }
    }
}
