/// A secret as it is stored: useless without the key that it names and the endpoint that it belongs to.
public struct SealedSecret: Sendable, Hashable {
    /// Which key of `SECRETS_KEY` opens it: see ``SecretsKeyring/Key/id``.
    public let keyID: String
    /// A byte for the form (1), 12 of nonce, the ciphertext, 16 of tag.
    public let bytes: [UInt8]

    /// As it was stored.
    public init(keyID: String, bytes: [UInt8]) {
        self.keyID = keyID
        self.bytes = bytes
    }
}
