internal import Curl
public import Guard

/// An address that may be posted to: http or https, at most 2,048 bytes, plain ASCII, with a host and no user info.
///
/// It is read here and by libcurl, and refused where the two see different hosts or ports. Says nothing about where the
/// host's name leads; that is the guard's to judge.
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
    /// The host in lower case as given, with its brackets if it is an IPv6 address.
    public let host: String
    /// What the host names, whatever its spelling.
    public let target: TargetHost
    /// The port, the scheme's own if none is given.
    public let port: Int
    /// Whether the scheme is https.
    public let isSecure: Bool

    /// Scheme, host and port; path and query are left out because they may carry a token.
    public var description: String { "\(isSecure ? "https" : "http")://\(host):\(port)/…" }

    /// The parts of path and query that are long enough to be a token, to be kept out of whatever is kept.
    let tokens: [String]

    private static func tokens(in text: String, isSecure: Bool) -> [String] {
        let rest = text.dropFirst(isSecure ? 8 : 7).drop { $0 != "/" && $0 != "?" && $0 != "#" }
        return rest.split { "/?&=#".contains($0) }.filter { $0.utf8.count >= shortestTokenBytes }.map(String.init)
    }

    private static let shortestTokenBytes = 16

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
        do throws(TargetHost.Fault) {
            target = try TargetHost(host)
        } catch {
            throw Fault(description: error.description)
        }
        if let portText {
            guard portText.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let port = Int(portText), 1...65_535 ~= port else {
                throw Fault(description: "its port is not a number from 1 to 65535")
            }
            self.port = port
        } else {
            port = isSecure ? 443 : 80
        }
        self.text = text
        tokens = Self.tokens(in: text, isSecure: isSecure)
        try checkOtherReader()
    }

    private init(name: String) {
        (text, host, target) = ("http://\(name)/", name, .name(name))
        (port, isSecure, tokens) = (80, false, [])
    }

    /// An address that leads nowhere, by RFC 2606.
    static let placeholder = WebhookURL(name: "nowhere.invalid")

    /// Refuses what libcurl would send elsewhere.
    private func checkOtherReader() throws(Fault) {
        let fault = Fault(description: "its host or port can be read in two ways")
        guard let other = CurlURL(text), other.scheme == (isSecure ? "https" : "http"), other.port == port,
            !other.hasUserInfo
        else { throw fault }
        let otherTarget: TargetHost?
        do { otherTarget = try TargetHost(other.host) } catch { otherTarget = nil }
        guard otherTarget == target else { throw fault }
    }

    /// Cuts at the colon before the port.
    private static func split(_ authority: Substring) throws(Fault) -> (host: Substring, port: Substring?) {
        var colon = authority.firstIndex(of: ":")
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { throw Fault(description: "its IPv6 host has no end") }
            let next = authority.index(after: end)
            colon = next == authority.endIndex ? nil : next
            guard colon.map({ authority[$0] == ":" }) ?? true else {
                throw Fault(description: "its host is not an IPv6 address")
            }
        }
        guard let colon else { return try (named(authority), nil) }
        return try (named(authority[..<colon]), authority[authority.index(after: colon)...])
    }

    private static func named(_ host: Substring) throws(Fault) -> Substring {
        guard !host.isEmpty else { throw Fault(description: "it has no host") }
        return host
    }
}
