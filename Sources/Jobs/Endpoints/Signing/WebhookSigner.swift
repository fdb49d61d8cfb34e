// A signature holds the time of its attempt, so it is made when the attempt is sent and never kept: one that was made
// more than five minutes ago verifies nowhere.

import Basics
import Crypto

/// Signs deliveries. Pure: time and nonce are given.
public enum WebhookSigner {
    /// One attempt's message.
    public struct Message: Sendable {
        /// Unique per message and endpoint, the same on every attempt and replay.
        public let id: String
        /// Exactly the bytes that are sent.
        public let body: [UInt8]
        /// When this attempt is sent, Unix ms.
        public let nowMilliseconds: Int64
        /// 16 random bytes, new for every attempt; none where the scheme does not send them.
        public let nonce: [UInt8]

        /// A message with a nonce of the system's generator.
        public init(id: String, body: [UInt8], nowMilliseconds: Int64) {
            var generator = SystemRandomNumberGenerator()
            // Two words, since each draw is a call of the system.
            let words = [
                UInt64.random(in: .min ... .max, using: &generator), .random(in: .min ... .max, using: &generator),
            ]
            let nonce = words.flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64($0 * 8)) } }
            self.init(id: id, body: body, nowMilliseconds: nowMilliseconds, nonce: nonce)
        }

        /// A message that is signed by `scheme`.
        init(id: String, body: [UInt8], nowMilliseconds: Int64, scheme: SigningScheme) {
            if scheme == .twenty {
                self.init(id: id, body: body, nowMilliseconds: nowMilliseconds)
            } else {
                self.init(id: id, body: body, nowMilliseconds: nowMilliseconds, nonce: [])
            }
        }

        init(id: String, body: [UInt8], nowMilliseconds: Int64, nonce: [UInt8]) {
            self.id = id
            self.body = body
            self.nowMilliseconds = nowMilliseconds
            self.nonce = nonce
        }
    }

    /// The headers of one attempt: `webhook-id` always, then what the scheme asks for, in the order they are sent.
    ///
    /// - Parameter secrets: the live ones, newest first. `standard` signs with each, the others with the first.
    /// - Throws: ``SigningError``; nothing may be sent then. Cost: about 2 us and 1 ns a byte for each secret.
    public static func headers(
        for message: Message, scheme: SigningScheme, secrets: [EndpointSecret]
    ) throws(SigningError) -> [(name: String, value: String)] {
        var signing: [SigningSecret] = []
        for secret in secrets { signing.append(try SigningSecret(secret, for: scheme)) }
        return try headers(for: message, scheme: scheme, secrets: signing)
    }

    /// The same with secrets that were read before.
    static func headers(
        for message: Message, scheme: SigningScheme, secrets: [SigningSecret]
    ) throws(SigningError) -> [(name: String, value: String)] {
        guard isIdentifier(message.id) else {
            throw SigningError(.badIdentifier, "a message's id is 1 to 200 printable characters without a dot")
        }
        var headers = [(name: SignatureHeader.id, value: message.id)]
        if scheme == .none { return headers }
        guard let newest = secrets.first else { throw SigningError(.missingSecret, "the scheme \(scheme) needs one") }
        let seconds = message.nowMilliseconds / 1_000
        switch scheme {
        case .standard:
            headers.append((SignatureHeader.timestamp, "\(seconds)"))
            let signed = signedBytes(id: message.id, timestamp: "\(seconds)", body: message.body)
            var tokens: [String] = []
            for secret in secrets {
                guard let key = secret.key else {
                    throw SigningError(.unusableSecret, "the secret was read for another scheme")
                }
                tokens.append(try key.token(for: signed))
            }
            headers.append((SignatureHeader.signature, tokens.joined(separator: " ")))
        case .twenty:
            let signed = Array("\(message.nowMilliseconds):".utf8) + message.body
            headers.append((SignatureHeader.twentySignature, code(of: signed, newest.secret)))
            headers.append((SignatureHeader.twentyTimestamp, "\(message.nowMilliseconds)"))
            headers.append((SignatureHeader.twentyNonce, Hexadecimal.encode(message.nonce)))
        case .twentyDocumented:
            let signed = Array("\(seconds).".utf8) + message.body
            headers.append((SignatureHeader.documentedSignature, "sha256=" + code(of: signed, newest.secret)))
            headers.append((SignatureHeader.documentedTimestamp, "\(seconds)"))
        case .body:
            headers.append((SignatureHeader.documentedSignature, "sha256=" + code(of: message.body, newest.secret)))
        case .secretHeader:
            headers.append((SignatureHeader.secret, newest.secret.revealed))
        case .none: break
        }
        return headers
    }

    /// What `standard` signs: id, dot, timestamp, dot, body.
    static func signedBytes(id: String, timestamp: String, body: [UInt8]) -> [UInt8] {
        Array("\(id).\(timestamp).".utf8) + body
    }

    private static func isIdentifier(_ id: String) -> Bool {
        1...200 ~= id.utf8.count && id.utf8.allSatisfy { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: ".") }
    }

    /// The secret's text is the key.
    private static func code(of bytes: [UInt8], _ secret: EndpointSecret) -> String {
        let key = SymmetricKey(data: Array(secret.revealed.utf8))
        return Hexadecimal.encode(Array(HMAC<SHA256>.authenticationCode(for: bytes, using: key)))
    }
}

/// A secret, and for `standard` the key that is read out of it: reading costs as much as signing.
struct SigningSecret: Sendable, CustomStringConvertible, CustomReflectable {
    let secret: EndpointSecret
    let key: SigningKey?

    init(_ secret: EndpointSecret, for scheme: SigningScheme) throws(SigningError) {
        self.secret = secret
        do {
            key = scheme == .standard ? try SigningKey(secret) : nil
        } catch {
            throw SigningError(.unusableSecret, error.description)
        }
    }

    /// Hides the secret.
    var description: String { "<secret>" }
    /// Hides the secret.
    var customMirror: Mirror { Mirror(self, children: []) }
}
