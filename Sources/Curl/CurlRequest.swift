/// One HTTP request. Redirects are never followed, proxies from the environment never used, certificates always
/// verified.
public struct CurlRequest: Sendable {
    /// The request's method.
    public enum Method: String, Sendable, Hashable, CaseIterable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    public var method: Method

    /// Absolute, `http` or `https`, without user info, at most 8 192 bytes of printable ASCII.
    public var url: String

    /// Sent in this order after the library's own (`Host`, `User-Agent`, `Accept`, `Content-Length`). An empty value is
    /// sent as an empty field. Names that steer the connection or the framing (`Host`, `Content-Length`,
    /// `Transfer-Encoding`, `Connection`, `Expect`, ...) are refused. At most 100, of 64 KiB together.
    public var headers: [(name: String, value: String)]

    /// Sent byte for byte with its length; no `Content-Type` is added. Empty with `.get` and `.delete`: no body at all.
    public var body: [UInt8]

    /// Time for name, TCP and TLS together, 1...86 400 000.
    public var connectTimeoutMilliseconds: Int

    /// Time for all of it, the response's body included, 1...86 400 000.
    public var totalTimeoutMilliseconds: Int

    /// Bytes kept of the response's body; at this size the transfer stops and the response says that it is cut.
    public var responseLimitBytes: Int

    /// Bytes of status lines and headers accepted, interim responses and trailers included; above it the transfer fails
    /// with ``CurlError/Code/badResponse``. 1...262 144.
    public var responseHeaderLimitBytes: Int

    /// PEM certificates to trust instead of the system's, for a target with a private authority.
    public var certificateAuthorityPEM: [UInt8]?

    /// PEM certificate (and chain) to present, with ``clientKeyPEM``.
    public var clientCertificatePEM: [UInt8]?

    /// The unencrypted PEM key of ``clientCertificatePEM``. Never part of a message or description.
    public var clientKeyPEM: [UInt8]?

    /// Judges the addresses that the transfer uses; nil allows all.
    public var addressPolicy: (any CurlAddressPolicy)?

    /// What to do when a kept connection breaks before any byte of the response: the target may have read the request,
    /// or may have closed the connection before it came. `true` (libcurl's way) sends it once more on a fresh
    /// connection, whatever the method, so a target that answers nothing may see it twice; `false` fails with
    /// ``CurlError/Code/connectionReset`` and never sends it twice.
    public var resendsOnStaleConnection: Bool

    /// Takes everything as it is: `send` validates.
    public init(
        method: Method,
        url: String,
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        connectTimeoutMilliseconds: Int = 5_000,
        totalTimeoutMilliseconds: Int = 30_000,
        responseLimitBytes: Int = 64 << 10,
        responseHeaderLimitBytes: Int = 16 << 10,
        certificateAuthorityPEM: [UInt8]? = nil,
        clientCertificatePEM: [UInt8]? = nil,
        clientKeyPEM: [UInt8]? = nil,
        addressPolicy: (any CurlAddressPolicy)? = nil,
        resendsOnStaleConnection: Bool = true,
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.connectTimeoutMilliseconds = connectTimeoutMilliseconds
        self.totalTimeoutMilliseconds = totalTimeoutMilliseconds
        self.responseLimitBytes = responseLimitBytes
        self.responseHeaderLimitBytes = responseHeaderLimitBytes
        self.certificateAuthorityPEM = certificateAuthorityPEM
        self.clientCertificatePEM = clientCertificatePEM
        self.clientKeyPEM = clientKeyPEM
        self.addressPolicy = addressPolicy
        self.resendsOnStaleConnection = resendsOnStaleConnection
    }
}

extension CurlRequest {
    /// Whether it sets no options but those that every POST sets.
    var isPlainPost: Bool {
        method == .post && certificateAuthorityPEM == nil && clientCertificatePEM == nil && clientKeyPEM == nil
    }
}

extension CurlRequest: CustomStringConvertible, CustomReflectable {
    /// Method, scheme and host only: paths, headers and bodies carry secrets.
    public var description: String { "\(method.rawValue) \(CurlRequest.origin(of: url))" }

    /// The same, so that `dump` and test failures print no header, body or key.
    public var customMirror: Mirror { Mirror(self, children: ["summary": description]) }

    private static func origin(of url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count > 2, parts[1].isEmpty else { return "(no origin)" }
        let authority = parts[2].prefix { $0 != "?" && $0 != "#" && $0 != "\\" }
        guard !authority.contains("@") else { return "(origin with user info)" }
        return "\(parts[0])//\(authority)"
    }
}
