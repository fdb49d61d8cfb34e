// What a URL's host names. Everything that some resolver or client reads as an IPv4 address is read as one here, the
// way that the C library and libcurl do it (decimal, octal, hexadecimal, one to four parts), so that a target is judged
// when it is saved as it will be when it is dialled. The address that is dialled is judged again all the same.

/// The host of a target: a name or an address.
public enum TargetHost: Sendable, Hashable, CustomStringConvertible {
    /// In lower case, without a dot at its end.
    case name(String)
    /// However it was spelled.
    case address(IPAddress)

    /// Why a text is no host. Never holds the text.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong, as the end of a sentence.
        public let description: String
    }

    /// Most bytes of a name.
    public static let maximumNameBytes = 253
    private static let maximumLabelBytes = 63

    /// Reads the host of a URL: a name, any spelling of an IPv4 address, or an IPv6 address in brackets.
    public init(_ text: some StringProtocol) throws(Fault) {
        if text.hasPrefix("[") {
            guard text.hasSuffix("]"), text.contains(":"), let address = IPAddress(text: text.dropFirst().dropLast())
            else { throw Fault(description: "its host is not an IPv6 address") }
            self = .address(address)
            return
        }
        let isName = text.utf8.allSatisfy { byte in
            0x61...0x7A ~= byte | 0x20 || 0x30...0x39 ~= byte || byte == 0x2D || byte == 0x2E || byte == 0x5F
        }
        guard isName else { throw Fault(description: "its host is not a name or an address") }
        let name = text.hasSuffix(".") ? String(text.dropLast()) : String(text)
        guard !name.isEmpty else { throw Fault(description: "it has no host") }
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        if let last = labels.last, Self.isNumber(last) {
            guard name.utf8.count == text.utf8.count, let bits = Self.ipv4Bits(labels) else {
                throw Fault(description: "its host ends in a number and is not an IPv4 address")
            }
            self = .address(IPAddress(ipv4: bits))
            return
        }
        guard name.utf8.count <= Self.maximumNameBytes,
            labels.allSatisfy({ 1...Self.maximumLabelBytes ~= $0.utf8.count })
        else { throw Fault(description: "its host has a label or a length that names do not have") }
        self = .name(name.lowercased())
    }

    /// The address, if it is one.
    public var address: IPAddress? {
        guard case .address(let address) = self else { return nil }
        return address
    }

    /// The name, the address, or the IPv6 address in brackets.
    public var description: String {
        switch self {
        case .name(let name): name
        case .address(let address): address.isIPv6 ? "[\(address)]" : "\(address)"
        }
    }

    /// Whether resolvers take a name with this last label for an address.
    private static func isNumber(_ label: Substring) -> Bool {
        if label.hasPrefix("0x") || label.hasPrefix("0X") { return label.dropFirst(2).allSatisfy(\.isHexDigit) }
        return !label.isEmpty && label.utf8.allSatisfy { 0x30...0x39 ~= $0 }
    }

    /// The address of one to four numbers, the last of which fills what the others leave; nil if one does not fit.
    private static func ipv4Bits(_ labels: [Substring]) -> UInt32? {
        guard 1...4 ~= labels.count else { return nil }
        var bits: UInt64 = 0
        for (index, label) in labels.enumerated() {
            guard let value = number(label) else { return nil }
            let isLast = index == labels.count - 1
            let width = isLast ? UInt64(8 * (5 - labels.count)) : 8
            guard value < 1 << width else { return nil }
            bits = bits << width | value
        }
        return UInt32(truncatingIfNeeded: bits)
    }

    /// `10`, `012` (octal) or `0xA`; nil for anything else and above 32 bits.
    private static func number(_ label: Substring) -> UInt64? {
        let (digits, radix): (Substring, Int) =
            if label.hasPrefix("0x") || label.hasPrefix("0X") {
                (label.dropFirst(2), 16)
            } else if label.hasPrefix("0"), label.utf8.count > 1 {
                (label.dropFirst(), 8)
            } else {
                (label, 10)
            }
        // A sign is a digit to the number reader below, and not to resolvers.
        guard digits.utf8.first != UInt8(ascii: "-"), digits.utf8.first != UInt8(ascii: "+") else { return nil }
        // The C library reads "0x" alone as 0.
        if digits.isEmpty { return radix == 16 ? 0 : nil }
        guard let value = UInt64(digits, radix: radix), value <= 0xFFFF_FFFF else { return nil }
        return value
    }
}
