import Basics
import Crypto

/// Says whether a request that claims to be Twenty's was signed with one of our secrets, in any of the ways that Twenty and its
/// documents describe. Pure: headers, raw bytes and a time in, a verdict out.
///
/// | scheme | headers | signed |
/// |---|---|---|
/// | `twenty` | `X-Twenty-Webhook-Signature`, `…-Timestamp`, perhaps `…-Nonce` | `<timestamp>:<body>` |
/// | `twenty-documented` | `X-Twenty-Signature`, `X-Twenty-Timestamp` | `<timestamp>.<body>` |
/// | `body` | `X-Twenty-Signature` alone, if it is allowed | `<body>` |
///
/// The headers that are there decide the scheme, once; a scheme that fails is never followed by a weaker one. Afterwards the
/// caller parses the body, works for a JSON object only, and drops what it has seen before by ``Pass/name``.
public struct InboundVerifier: Sendable {
    /// How a request was signed. The raw value is the name of the same scheme in subscriptions.
    public enum Scheme: String, Sendable, Hashable, CaseIterable {
        /// As Twenty really does.
        case twenty
        /// As its page says.
        case documented = "twenty-documented"
        /// The body alone: whoever saw such a request can send it again at any time.
        case body
    }

    /// Why a request is refused, for our own eyes. Callers are told ``WebhookVerifier/publicDetail`` and nothing else.
    public enum Refusal: String, Error, Sendable, Hashable, CaseIterable {
        /// No secret is known, so nothing can be verified.
        case unconfigured
        /// The signature, or the timestamp that belongs to it, is not there.
        case missing
        /// Headers of both families: one of them was put there by somebody else.
        case mixed
        /// One of the headers is there twice.
        case repeated
        /// The signature is not 64 hexadecimal digits.
        case badSignature = "bad_signature"
        /// The timestamp is not 10 or 13 digits.
        case badTimestamp = "bad_timestamp"
        /// The timestamp is too old.
        case stale
        /// The timestamp is too far ahead.
        case future
        /// Signed without a time, which was not allowed.
        case bodyOnly = "body_only"
        /// No secret matches.
        case mismatch
    }

    /// A request that is genuine.
    public struct Pass: Sendable, Hashable {
        /// How it was signed.
        public let scheme: Scheme
        /// The 32 bytes that prove it.
        public let signature: [UInt8]
        /// Of its sending, in Unix ms; nil where the scheme has none.
        public let sentAtMilliseconds: Int64?

        /// What a copy of the request has too, whatever its other headers say; a nonce, which nothing protects, has no part
        /// in it.
        public var name: String { "\(scheme.rawValue):\(Hexadecimal.encode(signature))" }
    }

    /// How far the timestamp may be from now, both ways, in ms.
    public static let toleranceMilliseconds: Int64 = 300_000

    private let keys: [SymmetricKey]
    private let allowsBodyOnly: Bool

    /// - Parameters:
    ///   - secrets: any of them may have signed. Their text is the key, hexadecimal digits included.
    ///   - allowsBodyOnly: whether the scheme without a time is good enough.
    public init(secrets: [WebhookSecret], allowsBodyOnly: Bool) {
        keys = secrets.map { SymmetricKey(data: Array($0.revealed.utf8)) }
        self.allowsBodyOnly = allowsBodyOnly
    }

    /// - Parameters:
    ///   - headers: all of the request's, names in any case.
    ///   - body: as it came.
    public func verify(
        headers: [(name: String, value: String)], body: [UInt8], nowMilliseconds: Int64
    ) throws(Refusal) -> Pass {
        guard !keys.isEmpty else { throw .unconfigured }
        let claim = try claim(headers)
        guard let signature = Self.signature(claim.signature) else { throw .badSignature }
        var sentAt: Int64?
        if let timestamp = claim.timestamp {
            guard let milliseconds = Self.milliseconds(timestamp) else { throw .badTimestamp }
            if milliseconds < nowMilliseconds - Self.toleranceMilliseconds { throw .stale }
            if milliseconds > nowMilliseconds + Self.toleranceMilliseconds { throw .future }
            sentAt = milliseconds
        }
        // No early exit: how long it takes tells nothing of which secret matched.
        var isGood = false
        for key in keys where Self.isValid(signature, claim, body, key) { isGood = true }
        guard isGood else { throw .mismatch }
        return Pass(scheme: claim.scheme, signature: signature, sentAtMilliseconds: sentAt)
    }

    /// What a request says of itself.
    private struct Claim {
        let scheme: Scheme
        let signature: String
        /// As it stands in its header: the very text is signed.
        let timestamp: String?
    }

    private func claim(_ headers: [(name: String, value: String)]) throws(Refusal) -> Claim {
        var found: [String: String] = [:]
        for (name, value) in headers {
            let name = name.lowercased()
            guard Self.names.contains(name) else { continue }
            guard found.updateValue(value, forKey: name) == nil else { throw .repeated }
        }
        let isReal = Self.realNames.contains { found[$0] != nil }
        let isDocumented = Self.documentedNames.contains { found[$0] != nil }
        if isReal, isDocumented { throw .mixed }
        guard let signature = found[Self.realNames[0]] ?? found[Self.documentedNames[0]] else { throw .missing }
        let timestamp = found[Self.realNames[1]] ?? found[Self.documentedNames[1]]
        if isReal {
            guard let timestamp else { throw .missing }
            return Claim(scheme: .twenty, signature: signature, timestamp: timestamp)
        }
        if let timestamp { return Claim(scheme: .documented, signature: signature, timestamp: timestamp) }
        guard allowsBodyOnly else { throw .bodyOnly }
        return Claim(scheme: .body, signature: signature, timestamp: nil)
    }

    private static func isValid(_ signature: [UInt8], _ claim: Claim, _ body: [UInt8], _ key: SymmetricKey) -> Bool {
        var code = HMAC<SHA256>(key: key)
        if let timestamp = claim.timestamp {
            code.update(data: Array((timestamp + (claim.scheme == .twenty ? ":" : ".")).utf8))
        }
        code.update(data: body)
        // A code compares with bytes in constant time.
        return code.finalize() == signature
    }

    /// 64 digits of either case, perhaps behind `sha256=`.
    private static func signature(_ text: String) -> [UInt8]? {
        let digits = Array((text.hasPrefix(signaturePrefix) ? text.dropFirst(signaturePrefix.count) : text[...]).utf8)
        guard digits.count == 2 * SHA256.byteCount else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }

    /// 13 digits are ms, 10 are seconds. No sign, no point, no space: neither can overflow.
    private static func milliseconds(_ text: String) -> Int64? {
        guard text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int64(text) else { return nil }
        switch text.utf8.count {
        case 13: return number
        case 10: return number * 1_000
        default: return nil
        }
    }

    private static let signaturePrefix = "sha256="
    private static let realNames = [
        SignatureHeader.twentySignature, SignatureHeader.twentyTimestamp, SignatureHeader.twentyNonce,
    ].map { $0.lowercased() }
    private static let documentedNames = [SignatureHeader.documentedSignature, SignatureHeader.documentedTimestamp]
        .map { $0.lowercased() }
    private static let names = Set(realNames + documentedNames)
}
