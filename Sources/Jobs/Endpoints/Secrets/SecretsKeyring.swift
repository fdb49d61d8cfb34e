import Basics
import Crypto

/// The keys of `SECRETS_KEY`: seals what is stored, and opens what any of them sealed.
///
/// AES-256-GCM with a random nonce. What a secret belongs to is part of what is authenticated, so that one row's bytes
/// are worthless in another. It never shows its keys.
public struct SecretsKeyring: Sendable, CustomStringConvertible, CustomReflectable {
    /// Why the variable's value cannot be used. Never holds it.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is allowed.
        public let description: String
    }

    /// Bytes of a key.
    public static let keyBytes = 32
    /// Most keys: one to seal with, the rest to open what is not re-keyed yet.
    public static let maximumKeys = 8

    private static let form: UInt8 = 1
    private static let nonceBytes = 12
    private static let tagBytes = 16

    private struct Key: Sendable {
        let id: String
        let key: SymmetricKey
    }

    /// Newest first.
    private let keys: [Key]

    /// Reads the variable: base64 of 32 bytes, or several of these with commas between, the newest first. An empty text
    /// is a keyring without keys, which seals and opens nothing.
    public init(_ text: String) throws(Fault) {
        var keys: [Key] = []
        let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        for part in parts where parts.count > 1 || !part.isEmpty {
            guard let bytes = Base64.decode(part), bytes.count == Self.keyBytes else {
                throw Fault(description: "expected 32 bytes in base64, or several of these with commas between")
            }
            let id = Self.id(of: bytes)
            if keys.contains(where: { $0.id == id }) { throw Fault(description: "one key stands there twice") }
            keys.append(Key(id: id, key: SymmetricKey(data: bytes)))
        }
        guard keys.count <= Self.maximumKeys else {
            throw Fault(description: "expected at most \(Self.maximumKeys) keys")
        }
        self.keys = keys
    }

    /// Whether there is a key to seal with.
    public var canSeal: Bool { !keys.isEmpty }
    /// The key that seals; nil without keys. Tells nothing of the key itself: the first half of a digest.
    public var newestKeyID: String? { keys.first?.id }
    /// How many keys there are, never what they are.
    public var description: String { "<\(keys.count) keys>" }
    /// Hides the keys.
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// Seals a text with the newest key. `owner`: what it belongs to, such as an endpoint's id.
    public func seal(_ text: String, of owner: String) throws(SecretsError) -> SealedSecret {
        guard let newest = keys.first else { throw SecretsError(.noKey, "SECRETS_KEY is not set") }
        do {
            let box = try AES.GCM.seal(Array(text.utf8), using: newest.key, authenticating: Self.binding(owner))
            let bytes = [Self.form] + Array(box.nonce) + Array(box.ciphertext) + Array(box.tag)
            return SealedSecret(keyID: newest.id, bytes: bytes)
        } catch {
            throw SecretsError(.damaged, "a secret could not be sealed")
        }
    }

    /// Opens what ``seal(_:of:)`` made for the same owner.
    public func open(_ sealed: SealedSecret, of owner: String) throws(SecretsError) -> String {
        guard canSeal else { throw SecretsError(.noKey, "SECRETS_KEY is not set") }
        guard let key = keys.first(where: { $0.id == sealed.keyID }) else {
            throw SecretsError(.unknownKey, "SECRETS_KEY does not hold the key \(sealed.keyID)")
        }
        guard sealed.bytes.count >= 1 + Self.nonceBytes + Self.tagBytes, sealed.bytes[0] == Self.form else {
            throw SecretsError(.damaged, "a stored secret has an unknown form")
        }
        let body = sealed.bytes.dropFirst(1 + Self.nonceBytes)
        do {
            let box = try AES.GCM.SealedBox(
                nonce: AES.GCM.Nonce(data: Array(sealed.bytes[1..<(1 + Self.nonceBytes)])),
                ciphertext: Array(body.dropLast(Self.tagBytes)), tag: Array(body.suffix(Self.tagBytes)))
            let bytes = try AES.GCM.open(box, using: key.key, authenticating: Self.binding(owner))
            return String(decoding: Array(bytes), as: UTF8.self)
        } catch {
            throw SecretsError(.damaged, "a stored secret was changed, or belongs to something else")
        }
    }

    private static func binding(_ owner: String) -> [UInt8] { Array("aventora-jobs secret\u{0}\(owner)".utf8) }

    private static func id(of key: [UInt8]) -> String {
        Hexadecimal.encode(Array(SHA256.hash(data: Array("aventora-jobs key\u{0}".utf8) + key)).prefix(8))
    }
}
