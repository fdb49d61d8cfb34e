/// Where the time of one transfer went, in microseconds. A phase that was not reached is 0, and the phase in which a
/// transfer failed holds the time until the failure, so the phases add up to ``total``.
public struct CurlTimings: Sendable, Hashable {
    /// Resolving the name. Near 0 on a reused connection.
    public var dns: Int64 = 0
    /// Opening the TCP connection. 0 on a reused connection.
    public var connect: Int64 = 0
    /// The TLS handshake. 0 without TLS and on a reused connection.
    public var tls: Int64 = 0
    /// Sending the request and waiting for the first byte of the response.
    public var firstByte: Int64 = 0
    /// Receiving the rest of the response.
    public var body: Int64 = 0
    /// All of it, from the moment the client's thread took the request.
    public var total: Int64 = 0

    public init() {}

    /// libcurl counts each moment from the start and leaves a moment that never came at 0.
    init(moments: TransferMoments, phase: CurlPhase) {
        total = max(moments.total, 0)
        var spent: Int64 = 0
        func take(_ moment: Int64, _ own: CurlPhase) -> Int64 {
            if own > phase { return 0 }
            let end = own == phase ? total : min(max(moment, spent), total)
            defer { spent = end }
            return end - spent
        }
        dns = take(moments.nameLookup, .dns)
        connect = take(moments.connect, .connect)
        tls = take(moments.appConnect, .tls)
        firstByte = take(moments.startTransfer, .firstByte)
        body = take(total, .body)
    }
}

/// libcurl's own marks, microseconds since the transfer's start.
struct TransferMoments: Sendable, Hashable {
    var nameLookup: Int64 = 0
    var connect: Int64 = 0
    var appConnect: Int64 = 0
    var startTransfer: Int64 = 0
    var total: Int64 = 0
}

/// The stages of a transfer, in order.
public enum CurlPhase: String, Sendable, Hashable, CaseIterable, Comparable, CustomStringConvertible {
    case dns, connect, tls, firstByte, body

    public var description: String { rawValue }

    public static func < (left: CurlPhase, right: CurlPhase) -> Bool { left.position < right.position }

    private var position: Int {
        switch self {
        case .dns: 0
        case .connect: 1
        case .tls: 2
        case .firstByte: 3
        case .body: 4
        }
    }
}
