/// An address that may be posted to: http or https, at most 2,048 bytes, plain ASCII, with a host and no user info.
///
/// Says nothing about where the host's name leads; that is decided when the connection is made.
public struct WebhookURL: Sendable, Hashable, CustomStringConvertible {
    /// Why an address is refused. Never holds the address, which may carry a token.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong, as the end of a sentence.
        public let description: String
    }

    /// Most bytes of an address.
    public static let maximumBytes = 2_048

    /// The address as given.
    public let text: String
    /// The host in lower case, with its brackets if it is an IPv6 address.
    public let host: String
    /// The port, the scheme's own if none is given.
    public let port: Int
    /// Whether the scheme is https.
    public let isSecure: Bool

    /// Scheme, host and port; path and query are left out because they may carry a token.
    public var description: String { "\(isSecure ? "https" : "http")://\(host):\(port)/…" }

    /// Checks an address.
    public init(_ text: String) throws(Fault) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw Fault(description: "it is longer than \(Self.maximumBytes) bytes")
        }
        guard text.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw Fault(description: "it holds a space, a control character or a character beyond ASCII")
        }
        guard !text.utf8.contains(UInt8(ascii: "\\")) else { throw Fault(description: "it holds a backslash") }
        let lower = text.lowercased()
        isSecure = lower.hasPrefix("https://")
        guard isSecure || lower.hasPrefix("http://") else {
            throw Fault(description: "it does not begin with http:// or https://")
        }
        let rest = text.dropFirst(isSecure ? 8 : 7)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { throw Fault(description: "it holds user information before the host") }
        let (host, portText) = try Self.split(authority)
        self.host = host.lowercased()
        if let portText {
            guard portText.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let port = Int(portText), 1...65_535 ~= port else {
                throw Fault(description: "its port is not a number from 1 to 65535")
            }
            self.port = port
        } else {
            port = isSecure ? 443 : 80
        }
        self.text = text
    }

    private init(host: String) {
        text = "http://\(host)/"
        self.host = host
        port = 80
        isSecure = false
    }

    /// An address that leads nowhere, by RFC 2606.
    static let placeholder = WebhookURL(host: "nowhere.invalid")

    private static func split(_ authority: Substring) throws(Fault) -> (host: String, port: Substring?) {
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw Fault(description: "its IPv6 host has no end") }
            let inside = authority[authority.index(after: authority.startIndex)..<end]
            let isAddress = !inside.isEmpty && inside.allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
            let rest = authority[authority.index(after: end)...]
            guard isAddress, rest.isEmpty || rest.hasPrefix(":") else {
                throw Fault(description: "its host is not an IPv6 address")
            }
            return ("[\(inside)]", rest.isEmpty ? nil : rest.dropFirst())
        }
        let parts = authority.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let host = parts.first, !host.isEmpty else { throw Fault(description: "it has no host") }
        let isName = host.utf8.allSatisfy { byte in
            0x61...0x7A ~= byte | 0x20 || 0x30...0x39 ~= byte || byte == 0x2D || byte == 0x2E || byte == 0x5F
        }
        guard isName, host.utf8.count <= 253 else { throw Fault(description: "its host is not a name or an address") }
        return (String(host), parts.count == 2 ? parts[1] : nil)
    }
}
