// Addresses between C and Swift: socket structures in, text both ways.

internal import CCurl
internal import Glibc

/// Conversions that need the C library.
enum AddressText {
    private static let longestTextBytes = 64

    /// The words of an address literal; nil if it is none.
    static func words(of text: String) -> (high: UInt64, low: UInt64, isIPv6: Bool)? {
        guard text.utf8.count < longestTextBytes, !text.utf8.contains(0) else { return nil }
        if text.utf8.contains(UInt8(ascii: ":")) {
            var address = in6_addr()
            guard unsafe inet_pton(AF_INET6, text, &address) == 1 else { return nil }
            let (high, low) = words(address)
            return (high, low, true)
        }
        var address = in_addr()
        guard unsafe inet_pton(AF_INET, text, &address) == 1 else { return nil }
        return (0, UInt64(UInt32(bigEndian: address.s_addr)), false)
    }

    /// The two halves of an IPv6 address.
    static func words(_ address: in6_addr) -> (high: UInt64, low: UInt64) {
        unsafe withUnsafeBytes(of: address) { bytes in
            let high = unsafe bytes.loadUnaligned(as: UInt64.self)
            let low = unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            return (UInt64(bigEndian: high), UInt64(bigEndian: low))
        }
    }

    /// The usual text of 4 or 16 bytes.
    static func text(of bytes: [UInt8]) -> String {
        var buffer = [CChar](repeating: 0, count: longestTextBytes)
        let family = bytes.count == 16 ? AF_INET6 : AF_INET
        let isWritten = unsafe bytes.withUnsafeBytes { source in
            unsafe buffer.withUnsafeMutableBufferPointer { target in
                unsafe inet_ntop(family, source.baseAddress, target.baseAddress, socklen_t(target.count)) != nil
            }
        }
        guard isWritten else { return "?" }
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

extension CurlAddress {
    /// From the address that libcurl is about to connect to; nil for a family that is neither IPv4 nor IPv6.
    @unsafe init?(_ target: UnsafePointer<curl_sockaddr>) {
        let raw = unsafe UnsafeRawPointer(target)
        guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) else { return nil }
        let address = unsafe raw + offset
        switch unsafe target.pointee.family {
        case AF_INET:
            let value = unsafe address.loadUnaligned(as: sockaddr_in.self)
            let low = UInt64(UInt32(bigEndian: value.sin_addr.s_addr))
            self.init(high: 0, low: low, isIPv6: false, port: UInt16(bigEndian: value.sin_port))
        case AF_INET6:
            let value = unsafe address.loadUnaligned(as: sockaddr_in6.self)
            let (high, low) = AddressText.words(value.sin6_addr)
            self.init(high: high, low: low, isIPv6: true, port: UInt16(bigEndian: value.sin6_port))
        default:
            return nil
        }
    }
}
