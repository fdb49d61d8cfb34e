import Basics
import Crypto

/// A key of Standard Webhooks: what one token of `webhook-signature` is made with.
enum SigningKey: Sendable {
    /// `v1`
    case symmetric(SymmetricKey)
    /// `v1a`
    case ed25519(Curve25519.Signing.PrivateKey)

    static let privatePrefix = "whsk_"
    static let publicPrefix = "whpk_"
    /// Most bytes of an HMAC key; longer ones would be hashed first and are no stronger.
    static let maximumBytes = 128

    /// Reads a secret. Leniently where that harms nobody: the prefix may be missing, the key may be short.
    init(_ secret: EndpointSecret) throws(EndpointSecret.Fault) {
        let text = secret.revealed
        if text.hasPrefix(Self.privatePrefix) {
            self = .ed25519(try Self.privateKey(text.dropFirst(Self.privatePrefix.count)))
            return
        }
        let encoded = text.hasPrefix(EndpointSecret.prefix) ? text.dropFirst(EndpointSecret.prefix.count) : text[...]
        guard let bytes = Base64.decode(encoded), 1...Self.maximumBytes ~= bytes.count else {
            let allowed = "whsec_ and padded base64 of 1 to \(Self.maximumBytes) bytes (24 to 64 are advised)"
            throw EndpointSecret.Fault(description: "\(allowed) are expected.")
        }
        self = .symmetric(SymmetricKey(data: bytes))
    }

    private static func privateKey(
        _ encoded: Substring
    ) throws(EndpointSecret.Fault) -> Curve25519.Signing.PrivateKey {
        guard let bytes = Base64.decode(encoded), bytes.count == 32 || bytes.count == 64 else {
            throw EndpointSecret.Fault(
                description: "whsk_ and base64 of a seed (32 bytes) or of seed and public key (64 bytes) are expected.")
        }
        let key: Curve25519.Signing.PrivateKey
        do {
            key = try Curve25519.Signing.PrivateKey(rawRepresentation: bytes.prefix(32))
        } catch {
            throw EndpointSecret.Fault(description: "The seed is no Ed25519 key.")
        }
        guard bytes.count == 32 || Array(key.publicKey.rawRepresentation) == Array(bytes.suffix(32)) else {
            throw EndpointSecret.Fault(description: "The public half does not belong to the seed.")
        }
        return key
    }

    /// The version and the signature, such as `v1,…`.
    func token(for message: [UInt8]) throws(SigningError) -> String {
        switch self {
        case .symmetric(let key):
            return "v1," + Base64.encode(Array(HMAC<SHA256>.authenticationCode(for: message, using: key)))
        case .ed25519(let key):
            do {
                return "v1a," + Base64.encode(Array(try key.signature(for: message)))
            } catch {
                throw SigningError(.unusableSecret, "an Ed25519 key cannot sign")
            }
        }
    }

    /// `whpk_…`, what the owner of an Ed25519 endpoint verifies with; nil for a symmetric key.
    var publicText: String? {
        guard case .ed25519(let key) = self else { return nil }
        return Self.publicPrefix + Base64.encode(Array(key.publicKey.rawRepresentation))
    }
}
