/// The IPv4 addresses that an IPv6 address carries, and the way of writing each into one.
public enum EmbeddedIPv4 {
    /// The host that NAT64 translates `address` to; nil if it is none of `64:ff9b::/96`.
    ///
    /// The one form that is judged by what it carries: where IPv4 hosts are reached through NAT64, every public one has
    /// such an address. All other forms are refused whole.
    static func behindNAT64(_ address: IPAddress) -> IPAddress? {
        guard address.isIPv6, address.high == 0x0064_FF9B_0000_0000, address.low >> 32 == 0 else { return nil }
        return IPAddress(ipv4: UInt32(truncatingIfNeeded: address.low))
    }

    /// What an address of this kind carries, for people; nil if it carries nothing.
    static func carried(by address: IPAddress, _ kind: AddressKind) -> IPAddress? {
        switch kind {
        case .mapped, .translated, .compatible, .nat64: IPAddress(ipv4: UInt32(truncatingIfNeeded: address.low))
        case .tunnel6to4: IPAddress(ipv4: UInt32(truncatingIfNeeded: address.high >> 16))
        // The client stands in the last 32 bits, inverted.
        case .teredo: IPAddress(ipv4: ~UInt32(truncatingIfNeeded: address.low))
        default: nil
        }
    }
}
