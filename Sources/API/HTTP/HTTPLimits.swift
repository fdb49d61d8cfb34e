/// What a server accepts, and the answer beyond it.
public struct HTTPLimits: Sendable {
    /// Bytes of a URI; beyond: 414.
    public var maximumURIBytes = 8_192
    /// Bytes of one header field, and of the URI while it is parsed; beyond: 431 and the connection is closed.
    public var maximumHeaderFieldBytes = 16_384
    /// Bytes of the URI and all header fields; beyond: 431 and the connection is closed.
    public var maximumHeaderListBytes = 32_768
    /// Number of header fields; beyond: 431 and the connection is closed.
    public var maximumHeaderFields = 128
    /// Time from a request's head to its last byte; beyond: 408 and the connection is closed.
    public var requestReadLimitMilliseconds: Int64 = 30_000
    /// Time that a connection may be without a request, or take for the head of one; beyond: closed without an answer.
    public var idleLimitMilliseconds: Int64 = 60_000
    /// Time that a client gets to read the last answer before its connection is closed.
    public var lingerMilliseconds: Int64 = 1_000
    /// Connections that wait in the kernel to be accepted; the kernel's own limit applies too.
    public var backlog = 1_024
    /// Connections at once; beyond: they wait in the backlog.
    public var maximumConnections = 16_384

    /// The default limits.
    public init() {}
}
