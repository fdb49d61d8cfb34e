import Basics

/// What an endpoint and we share. It never shows in descriptions, mirrors or errors.
///
/// For `standard` the text is read: `whsec_` and base64 of an HMAC key, or `whsk_` and base64 of an Ed25519 key. Every
/// other scheme takes the text as it stands, prefix and all.
public struct EndpointSecret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// Why a secret cannot be used. Never holds it.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong and what is allowed, in a sentence.
        public let description: String
    }

    /// Random bytes of a secret that we make.
    public static let madeBytes = 32
    /// Most bytes of a secret's text.
    public static let maximumBytes = WebhookSecret.maximumBytes

    static let prefix = "whsec_"

    /// The text: for the owner once, for the sender, and for nobody else.
    public let revealed: String

    /// A new one: `whsec_` and 32 bytes of the system's generator.
    public init() {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<Self.madeBytes).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        revealed = Self.prefix + Base64.encode(bytes)
    }

    /// Takes a secret that was made elsewhere, if the scheme can use it.
    public init(_ text: String, for scheme: SigningScheme) throws(Fault) {
        revealed = text
        try check(scheme)
    }

    /// One that was checked before.
    init(stored text: String) { revealed = text }

    /// Whether the scheme can use it.
    public func check(_ scheme: SigningScheme) throws(Fault) {
        guard WebhookSecret(revealed) != nil else {
            throw Fault(description: "1 to \(Self.maximumBytes) printable ASCII characters are expected.")
        }
        guard scheme == .standard else { return }
        _ = try SigningKey(self)
    }

    /// Hides the secret.
    public var description: String { "<secret>" }
    /// Hides the secret.
    public var debugDescription: String { "<secret>" }
    /// Hides the secret.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
