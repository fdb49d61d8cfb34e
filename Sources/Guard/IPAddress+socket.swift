internal import Glibc

extension IPAddress {
    /// The address of a socket structure; nil for a family that is neither IPv4 nor IPv6.
    @unsafe init?(_ pointer: UnsafePointer<sockaddr>?) {
        guard let pointer = unsafe pointer else { return nil }
        let raw = unsafe UnsafeRawPointer(pointer)
        switch Int32(unsafe pointer.pointee.sa_family) {
        case AF_INET:
            let value = unsafe raw.loadUnaligned(as: sockaddr_in.self)
            self.init(ipv4: UInt32(bigEndian: value.sin_addr.s_addr))
        case AF_INET6:
            let value = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
            let bytes = unsafe withUnsafeBytes(of: value.sin6_addr) { unsafe Array($0) }
            self.init(bytes: bytes)
        default:
            return nil
        }
    }

    /// The addresses of this machine's interfaces, as they are now; empty if the system does not say.
    public static func ofThisMachine() -> Set<IPAddress> {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard unsafe getifaddrs(&list) == 0 else { return [] }
        defer { unsafe freeifaddrs(list) }
        var addresses: Set<IPAddress> = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe IPAddress(entry.pointee.ifa_addr) { addresses.insert(address) }
            unsafe next = entry.pointee.ifa_next
        }
        return addresses
    }
}
