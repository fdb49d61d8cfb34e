public import Curl

/// An IPv4 or IPv6 address, as two words: no allocation, compared and masked in nanoseconds.
///
/// An IPv4 address inside an IPv6 one is IPv6 here, as the socket has it: see ``EmbeddedIPv4``.
public struct IPAddress: Sendable, Hashable, CustomStringConvertible {
    /// The first 64 bits of an IPv6 address; 0 for IPv4.
    let high: UInt64

    /// The last 64 bits of an IPv6 address; the 32 bits of an IPv4 one.
    let low: UInt64

    /// Whether it has 128 bits, not 32.
    public let isIPv6: Bool

    init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
        isIPv6 = true
    }

    /// An IPv4 address from its 32 bits, `127.0.0.1` being `0x7F00_0001`.
    public init(ipv4 bits: UInt32) {
        high = 0
        low = UInt64(bits)
        isIPv6 = false
    }

    /// From 4 or 16 bytes in network order; nil for any other count.
    public init?(bytes: some Collection<UInt8>) {
        func word(_ bytes: some Collection<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        switch bytes.count {
        case 4: self.init(ipv4: UInt32(truncatingIfNeeded: word(bytes)))
        case 16: self.init(high: word(bytes.prefix(8)), low: word(bytes.dropFirst(8)))
        default: return nil
        }
    }

    /// From the one usual spelling, `192.0.2.1`, or any of an IPv6 address, without brackets, zone or port; nil for
    /// anything else. For the other spellings of IPv4 see ``TargetHost``.
    public init?(text: some StringProtocol) {
        guard let address = CurlAddress(text: String(text), port: 0) else { return nil }
        self.init(address)
    }

    /// The address of a connection, without its port.
    public init(_ address: CurlAddress) {
        high = address.high
        low = address.low
        isIPv6 = address.isIPv6
    }

    /// The 32 bits of an IPv4 address; nil for IPv6.
    public var ipv4Bits: UInt32? { isIPv6 ? nil : UInt32(truncatingIfNeeded: low) }

    /// 4 or 16 bytes in network order.
    public var bytes: [UInt8] { curlAddress(port: 0).bytes }

    /// `192.0.2.1` or `2001:db8::1`.
    public var description: String { curlAddress(port: 0).text }

    /// `192.0.2.1:443` or `[2001:db8::1]:443`.
    public func text(port: UInt16) -> String { curlAddress(port: port).description }

    private func curlAddress(port: UInt16) -> CurlAddress {
        CurlAddress(high: high, low: low, isIPv6: isIPv6, port: port)
    }
}
