/// How a delivery shows that it is ours. The raw value is the name on the wire.
public enum SigningScheme: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature` with one token for each live secret.
    case standard
    /// As Twenty really does: hex HMAC-SHA256 of `<ms>:<body>`, with the time and a nonce beside it.
    case twenty
    /// As Twenty's page says: `sha256=<hex>` of `<seconds>.<body>`, with the time beside it.
    case twentyDocumented = "twenty-documented"
    /// `sha256=<hex>` of the body alone: an answer can be sent again by whoever saw it.
    case body
    /// The secret itself in `X-Aventora-Webhook-Secret`, as engagement pushes have it.
    case secretHeader = "secret-header"
    /// Nothing.
    case none

    /// The raw value.
    public var description: String { rawValue }

    /// Whether it needs a secret.
    public var needsSecret: Bool { self != .none }

    /// Whether one delivery carries a signature of every live secret. The others carry the newest one's only.
    public var carriesSeveral: Bool { self == .standard }

    /// Every header that a scheme may set, in lower case, so that nobody else sets it.
    static let headerNames: Set<String> = Set(SignatureHeader.all.map { $0.lowercased() })
}

/// The names of the headers that signatures and what belongs to them stand in.
enum SignatureHeader {
    static let id = "webhook-id"
    static let timestamp = "webhook-timestamp"
    static let signature = "webhook-signature"
    static let twentySignature = "X-Twenty-Webhook-Signature"
    static let twentyTimestamp = "X-Twenty-Webhook-Timestamp"
    static let twentyNonce = "X-Twenty-Webhook-Nonce"
    static let documentedSignature = "X-Twenty-Signature"
    static let documentedTimestamp = "X-Twenty-Timestamp"
    static let secret = PushHeaders.secretName

    static let all = [
        id, timestamp, signature, twentySignature, twentyTimestamp, twentyNonce, documentedSignature,
        documentedTimestamp, secret,
    ]
}
