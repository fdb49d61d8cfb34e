// A name that never resolves needs a name server that never answers. The worker gets one of its own: a private view of
// /etc/resolv.conf, which takes root, and a socket that swallows what is asked.

import Command
import Foundation
import Glibc

/// A name server that never answers, for one program. Ends with the object.
final class SilentNames: Sendable {
    /// The command that runs a program with this name server.
    let wrapper: [String]
    private let descriptor: Int32

    private static let address: UInt32 = 0x7F58_0035
    private static let addressText = "127.88.0.53"

    /// Whether this machine allows it: root, and mounts of one's own.
    static let isPossible: Bool = geteuid() == 0 && ProgramRun.find("unshare") != nil && canMount()

    init(_ options: BenchOptions) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(53).bigEndian
        address.sin_addr.s_addr = Self.address.bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(descriptor, $0, size) }
        }
        guard bound == 0 else {
            close(descriptor)
            throw BenchError("port 53 of \(Self.addressText) cannot be had: errno \(errno)")
        }
        let file = "\(options.directory)/resolv.conf"
        do { try PrivateFile.write("nameserver \(Self.addressText)\n", to: file) } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        wrapper = Self.command(file)
    }

    deinit { close(descriptor) }

    private static func command(_ file: String) -> [String] {
        ["unshare", "-m", "sh", "-c", #"mount --bind "$0" /etc/resolv.conf && exec "$@""#, file]
    }

    private static func canMount() -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command("/etc/resolv.conf") + ["true"]
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
