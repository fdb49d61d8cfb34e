/// An IPv4 or IPv6 address and a port. An IPv4-mapped address (`::ffff:a.b.c.d`) is IPv6 here, as the socket has it:
/// see ``mappedIPv4``.
public struct CurlAddress: Sendable, Hashable, CustomStringConvertible {
    /// The first 64 bits of an IPv6 address; 0 for IPv4.
    package let high: UInt64

    /// The last 64 bits of an IPv6 address; the 32 bits of an IPv4 one.
    package let low: UInt64

    /// Whether ``bytes`` are 16, not 4.
    public let isIPv6: Bool

    public let port: UInt16

    /// From words as they are in ``high`` and ``low``.
    package init(high: UInt64, low: UInt64, isIPv6: Bool, port: UInt16) {
        self.high = high
        self.low = low
        self.isIPv6 = isIPv6
        self.port = port
    }

    /// From 4 or 16 bytes in network order; nil for any other count.
    public init?(bytes: some Collection<UInt8>, port: UInt16) {
        func word(_ bytes: some Collection<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(high: 0, low: word(bytes), isIPv6: false, port: port)
        case 16: self.init(high: word(bytes.prefix(8)), low: word(bytes.dropFirst(8)), isIPv6: true, port: port)
        default: return nil
        }
    }

    /// From `192.0.2.1` or `2001:db8::1`, without brackets or zone; nil for anything else. Shortened forms such as
    /// `127.1` are refused.
    public init?(text: String, port: UInt16) {
        guard let words = AddressText.words(of: text) else { return nil }
        self.init(high: words.high, low: words.low, isIPv6: words.isIPv6, port: port)
    }

    /// 4 or 16 bytes in network order.
    public var bytes: [UInt8] {
        func split(_ word: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: word >> UInt64((count - 1 - $0) * 8)) }
        }
        return isIPv6 ? split(high, 8) + split(low, 8) : split(low, 4)
    }

    /// The IPv4 address inside an IPv4-mapped IPv6 one; nil for every other.
    public var mappedIPv4: CurlAddress? {
        guard isIPv6, high == 0, low >> 32 == 0xFFFF else { return nil }
        return CurlAddress(high: 0, low: low & 0xFFFF_FFFF, isIPv6: false, port: port)
    }

    /// The address without its port.
    public var text: String { AddressText.text(of: bytes) }

    /// `192.0.2.1:443` or `[2001:db8::1]:443`.
    public var description: String { isIPv6 ? "[\(text)]:\(port)" : "\(text):\(port)" }
}
