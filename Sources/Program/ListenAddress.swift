/// Where a server listens: a host name or address, and a TCP port.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// A name, an IPv4 address, or an IPv6 address without brackets.
    public let host: String
    /// 0...65535; 0 lets the system choose a free port.
    public let port: Int

    /// - Precondition: `port` is within 0...65535 and `host` is not empty.
    public init(host: String, port: Int) {
        precondition((0...65_535).contains(port) && !host.isEmpty, "not a host and a port")
        self.host = host
        self.port = port
    }

    /// Reads `host:port` or `[address]:port`; nil for anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let portText = text[text.index(after: colon)...]
        guard !portText.isEmpty, portText.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }) else { return nil }
        guard let port = Int(portText), (0...65_535).contains(port) else { return nil }
        guard let host = Self.host(text[..<colon]) else { return nil }
        self.init(host: host, port: port)
    }

    private static func host(_ text: Substring) -> String? {
        if text.hasPrefix("["), text.hasSuffix("]") {
            let inner = text.dropFirst().dropLast()
            let isAddress = inner.contains(":") && inner.utf8.allSatisfy(isAddressByte)
            return isAddress ? String(inner) : nil
        }
        return !text.isEmpty && text.utf8.allSatisfy(isNameByte) ? String(text) : nil
    }

    private static func isAddressByte(_ byte: UInt8) -> Bool {
        isNameByte(byte) || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%")
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
    }

    /// `host:port`, with brackets around an IPv6 address.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
