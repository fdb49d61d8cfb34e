/// A block of addresses, like `10.0.0.0/8`.
public struct AddressBlock: Sendable, Hashable, CustomStringConvertible {
    /// The first address.
    public let first: IPAddress

    /// How many leading bits all addresses share: 0...32 or 0...128.
    public let prefixBits: Int

    private let highMask: UInt64
    private let lowMask: UInt64

    /// Nil if the length does not fit the family, or `first` has bits beyond it.
    public init?(first: IPAddress, prefixBits: Int) {
        guard prefixBits >= 0, prefixBits <= (first.isIPv6 ? 128 : 32) else { return nil }
        self.first = first
        self.prefixBits = prefixBits
        if first.isIPv6 {
            highMask = Self.mask(leading: min(prefixBits, 64))
            lowMask = Self.mask(leading: max(prefixBits - 64, 0))
        } else {
            highMask = 0
            lowMask = Self.mask(leading: prefixBits + 32) & 0xFFFF_FFFF
        }
        guard first.high & ~highMask == 0, first.low & ~lowMask == 0 else { return nil }
    }

    /// Reads `10.0.0.0/8` or `fd00::/8`; nil for anything else, bits beyond the length included.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let first = IPAddress(text: parts[0]) else { return nil }
        let digits = parts[1].utf8
        guard 1...3 ~= digits.count, digits.allSatisfy({ 0x30...0x39 ~= $0 }), let bits = Int(parts[1]) else {
            return nil
        }
        guard digits.count == 1 || digits.first != 0x30 else { return nil }
        self.init(first: first, prefixBits: bits)
    }

    /// The block that `address` begins, or lies in, with this length; nil if the length does not fit the family.
    static func around(_ address: IPAddress, prefixBits: Int) -> AddressBlock? {
        let bits = address.isIPv6 ? prefixBits : prefixBits + 32
        guard prefixBits >= 0, bits <= (address.isIPv6 ? 128 : 64) else { return nil }
        let high = address.high & mask(leading: min(bits, 64))
        let low = address.low & mask(leading: address.isIPv6 ? max(bits - 64, 0) : bits)
        let first =
            address.isIPv6
            ? IPAddress(high: high, low: low) : IPAddress(ipv4: UInt32(truncatingIfNeeded: low))
        return AddressBlock(first: first, prefixBits: prefixBits)
    }

    /// Whether `address` is in it. A few nanoseconds.
    public func contains(_ address: IPAddress) -> Bool {
        address.isIPv6 == first.isIPv6 && address.high & highMask == first.high && address.low & lowMask == first.low
    }

    /// Whether all of `other` is in it.
    public func contains(_ other: AddressBlock) -> Bool { other.prefixBits >= prefixBits && contains(other.first) }

    /// The last address.
    public var last: IPAddress {
        guard first.isIPv6 else { return IPAddress(ipv4: UInt32(truncatingIfNeeded: first.low | ~lowMask)) }
        return IPAddress(high: first.high | ~highMask, low: first.low | ~lowMask)
    }

    /// `10.0.0.0/8`.
    public var description: String { "\(first)/\(prefixBits)" }

    private static func mask(leading bits: Int) -> UInt64 { bits == 0 ? 0 : ~0 << UInt64(64 - bits) }
}
