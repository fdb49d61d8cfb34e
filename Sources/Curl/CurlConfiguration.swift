/// What a ``CurlClient`` is set up with. Every value is brought into its range when the client starts.
public struct CurlConfiguration: Sendable {
    /// Sent as `User-Agent` unless the request names its own. CR, LF and NUL are dropped.
    public var userAgent: String

    /// Idle connections kept open for reuse while everything else is in use, 1...10 000. After a burst up to
    /// ``maximumInFlight`` more stay; beyond that the oldest is closed.
    public var maximumConnections: Int

    /// A connection that was idle for longer is not used again, 1...3 600 s.
    public var connectionMaximumIdleSeconds: Int

    /// A connection that is older is not used again, 1...86 400 s. Bounds how long a connection outlives a change of
    /// the address policy's rules or of a certificate.
    public var connectionMaximumLifetimeSeconds: Int

    /// How long a resolved name is remembered, 0...3 600 s.
    public var dnsCacheSeconds: Int

    /// Requests accepted and not yet answered, 1...100 000. Beyond it `send` throws ``CurlError/Code/overloaded`` at
    /// once.
    public var maximumInFlight: Int

    /// Whether TLS targets that offer HTTP/2 are spoken to in it. Off by default: libcurl 7.88.1 (Debian 12) loops at
    /// full load until the total time limit when such a target answers before it has read the body, and that slows
    /// every other transfer of the client.
    public var allowsHTTP2: Bool

    /// The longest request body in bytes; longer ones are refused with ``CurlError/Code/invalidRequest``.
    public var requestBodyLimitBytes: Int

    /// Defaults suit a webhook sender: 256 warm connections, 60 s idle, 300 s of life, 30 s of DNS cache, 1 024 in
    /// flight, HTTP/1.1, 16 MiB of body.
    public init(
        userAgent: String = "Aventora-Jobs/1",
        maximumConnections: Int = 256,
        connectionMaximumIdleSeconds: Int = 60,
        connectionMaximumLifetimeSeconds: Int = 300,
        dnsCacheSeconds: Int = 30,
        maximumInFlight: Int = 1_024,
        allowsHTTP2: Bool = false,
        requestBodyLimitBytes: Int = 16 << 20,
    ) {
        self.userAgent = userAgent
        self.maximumConnections = maximumConnections
        self.connectionMaximumIdleSeconds = connectionMaximumIdleSeconds
        self.connectionMaximumLifetimeSeconds = connectionMaximumLifetimeSeconds
        self.dnsCacheSeconds = dnsCacheSeconds
        self.maximumInFlight = maximumInFlight
        self.allowsHTTP2 = allowsHTTP2
        self.requestBodyLimitBytes = requestBodyLimitBytes
    }

    /// The same with every value inside its range.
    func clamped() -> CurlConfiguration {
        var copy = self
        let agent = userAgent.utf8.filter { $0 >= 0x20 && $0 != 0x7F }
        copy.userAgent = String(decoding: agent, as: UTF8.self)
        copy.maximumConnections = min(max(maximumConnections, 1), 10_000)
        copy.connectionMaximumIdleSeconds = min(max(connectionMaximumIdleSeconds, 1), 3_600)
        copy.connectionMaximumLifetimeSeconds = min(max(connectionMaximumLifetimeSeconds, 1), 86_400)
        copy.dnsCacheSeconds = min(max(dnsCacheSeconds, 0), 3_600)
        copy.maximumInFlight = min(max(maximumInFlight, 1), 100_000)
        copy.requestBodyLimitBytes = max(requestBodyLimitBytes, 0)
        return copy
    }
}
