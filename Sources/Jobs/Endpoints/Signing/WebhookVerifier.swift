import Basics
import Crypto

/// Verifies what was signed by the `standard` scheme, ours or another's. Pure.
///
/// Afterwards the caller drops what it has seen before, by `webhook-id`, for longer than the tolerance.
public struct WebhookVerifier: Sendable {
    /// Why a request is refused, for our own eyes: logs and counters. Callers are told ``publicDetail`` and nothing else.
    public enum Refusal: String, Error, Sendable, Hashable, CaseIterable {
        /// One of the three headers is missing, empty, or there twice.
        case missing
        /// The timestamp is not a number of seconds in plain digits.
        case badTimestamp = "bad_timestamp"
        /// The timestamp is too old.
        case stale
        /// The timestamp is too far ahead.
        case future
        /// No token matches.
        case mismatch
    }

    /// What a caller is told, whatever was wrong.
    public static let publicDetail = "the signature is missing or wrong"
    /// How far the timestamp may be from now unless told otherwise, in seconds.
    public static let standardToleranceSeconds: Int64 = 300
    /// Tokens that are looked at; nobody has more secrets than that.
    static let maximumTokens = 32

    private let keys: [Key]
    private let toleranceSeconds: Int64

    private enum Key: Sendable {
        case symmetric(SymmetricKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    /// - Parameters:
    ///   - secrets: any of them may have signed: `whsec_…`, `whsk_…`, or `whpk_…` for the public half alone.
    ///   - toleranceSeconds: both ways.
    public init(
        secrets: [EndpointSecret], toleranceSeconds: Int64 = standardToleranceSeconds
    ) throws(EndpointSecret.Fault) {
        var keys: [Key] = []
        for secret in secrets { keys.append(try Self.key(secret)) }
        self.keys = keys
        self.toleranceSeconds = toleranceSeconds
    }

    /// Returns the message's id when one of the secrets signed these very bytes about now. Only then may the body be
    /// parsed.
    ///
    /// - Parameters:
    ///   - headers: all of the request's, names in any case.
    ///   - body: as it came.
    public func verify(
        headers: [(name: String, value: String)], body: [UInt8], nowMilliseconds: Int64
    ) throws(Refusal) -> String {
        let id = try Self.value(of: SignatureHeader.id, headers)
        let timestamp = try Self.value(of: SignatureHeader.timestamp, headers)
        let signatures = try Self.value(of: SignatureHeader.signature, headers)
        guard let seconds = Self.seconds(timestamp) else { throw .badTimestamp }
        let now = nowMilliseconds / 1_000
        if seconds < now - toleranceSeconds { throw .stale }
        if seconds > now + toleranceSeconds { throw .future }
        let signed = WebhookSigner.signedBytes(id: id, timestamp: timestamp, body: body)
        // No early exit: how long it takes tells nothing of which secret or token matched.
        var isGood = false
        for token in signatures.split(separator: " ").prefix(Self.maximumTokens) {
            let parts = token.split(separator: ",", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let signature = Base64.decode(parts[1]) else { continue }
            for key in keys where Self.isValid(signature, version: parts[0], of: signed, key) { isGood = true }
        }
        guard isGood else { throw .mismatch }
        return id
    }

    private static func isValid(_ signature: [UInt8], version: Substring, of signed: [UInt8], _ key: Key) -> Bool {
        switch key {
        case .symmetric(let key):
            // Compares in constant time over the decoded bytes.
            version == "v1" && signature.count == SHA256.byteCount
                && HMAC<SHA256>.isValidAuthenticationCode(signature, authenticating: signed, using: key)
        case .ed25519(let key):
            version == "v1a" && signature.count == 64 && key.isValidSignature(signature, for: signed)
        }
    }

    private static func value(
        of name: String, _ headers: [(name: String, value: String)]
    ) throws(Refusal) -> String {
        let values = headers.filter { $0.name.lowercased() == name }.map(\.value)
        guard values.count == 1, let value = values.first, !value.isEmpty else { throw .missing }
        return value
    }

    /// Digits and nothing else: no sign, no point, no space, no exponent.
    private static func seconds(_ text: String) -> Int64? {
        guard 1...15 ~= text.utf8.count, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        return Int64(text)
    }

    private static func key(_ secret: EndpointSecret) throws(EndpointSecret.Fault) -> Key {
        let text = secret.revealed
        guard text.hasPrefix(SigningKey.publicPrefix) else {
            switch try SigningKey(secret) {
            case .symmetric(let key): return .symmetric(key)
            case .ed25519(let key): return .ed25519(key.publicKey)
            }
        }
        let encoded = text.dropFirst(SigningKey.publicPrefix.count)
        guard let bytes = Base64.decode(encoded), bytes.count == 32 else {
            throw EndpointSecret.Fault(description: "whpk_ and base64 of 32 bytes are expected.")
        }
        do {
            return .ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: bytes))
        } catch {
            throw EndpointSecret.Fault(description: "The bytes are no Ed25519 public key.")
        }
    }
}
