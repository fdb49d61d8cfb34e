public import Curl

/// One attempt at one endpoint, with all that a log of attempts keeps. Holds no secret: header values that may be one are
/// masked.
public struct EndpointAttempt: Sendable {
    /// Which attempt of which delivery.
    public struct Identity: Sendable, Hashable {
        /// The delivery: the job's id.
        public let deliveryID: String
        /// `webhook-id`: the same on every attempt and replay.
        public let messageID: String
        /// Where it went.
        public let endpointID: String
        /// Such as `person.created`.
        public let eventType: String
        /// From 1.
        public let number: Int
    }

    /// Which.
    public let identity: Identity
    /// When the request was handed to the client, Unix ms.
    public let startedAtMilliseconds: Int64
    /// What came of it.
    public let result: DeliveryResult
    /// Where the time went.
    public let timings: CurlTimings
    /// As they were sent, in order; masked.
    public let requestHeaders: [(name: String, value: String)]
    /// Bytes of the body.
    public let requestBytes: Int
    /// As they came, in order; masked.
    public let responseHeaders: [(name: String, value: String)]
    /// The first ``EndpointSender/keptResponseBytes`` of the body.
    public let responseBody: [UInt8]
    /// Where it went in the end; nil when no connection was made.
    public let remoteAddress: String?
    /// Whether a kept connection served it.
    public let connectionWasReused: Bool
}

/// Header values that no log may hold.
enum HeaderMask {
    static let mask = "[secret]"

    /// - Parameter secret: names whose values are secrets whatever they are called, in lower case.
    static func masked(
        _ headers: [(name: String, value: String)], secret: Set<String> = []
    ) -> [(name: String, value: String)] {
        headers.map { header in
            let name = header.name.lowercased()
            let isSecret = secret.contains(name) || always.contains(name)
            return isSecret ? (header.name, mask) : header
        }
    }

    private static let always: Set<String> = [
        "authorization", "proxy-authorization", "cookie", "set-cookie", SignatureHeader.secret.lowercased(),
        SignatureHeader.signature, SignatureHeader.twentySignature.lowercased(),
        SignatureHeader.documentedSignature.lowercased(),
    ]
}
