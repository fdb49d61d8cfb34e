// Addresses between C and Swift: socket structures in, text both ways.

internal import CCurl
internal import Glibc

/// Conversions that need the C library.
enum AddressText {
    private static let longestTextBytes = 64

    /// Network-order bytes of an address literal; nil if it is none.
    static func bytes(of text: String) -> [UInt8]? {
        guard text.utf8.count < longestTextBytes, !text.utf8.contains(0) else { return nil }
        let isIPv6 = text.utf8.contains(UInt8(ascii: ":"))
        var bytes = [UInt8](repeating: 0, count: isIPv6 ? 16 : 4)
        let result = unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe inet_pton(isIPv6 ? AF_INET6 : AF_INET, text, buffer.baseAddress)
        }
        return result == 1 ? bytes : nil
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
            let bytes = unsafe withUnsafeBytes(of: value.sin_addr) { unsafe Array($0) }
            self.init(bytes: bytes, port: UInt16(bigEndian: value.sin_port))
        case AF_INET6:
            let value = unsafe address.loadUnaligned(as: sockaddr_in6.self)
            let bytes = unsafe withUnsafeBytes(of: value.sin6_addr) { unsafe Array($0) }
            self.init(bytes: bytes, port: UInt16(bigEndian: value.sin6_port))
        default:
            return nil
        }
    }
}
