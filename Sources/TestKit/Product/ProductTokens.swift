import Command

/// The secrets of one product, made anew for each.
package struct ProductTokens: Sendable {
    /// Every scope.
    package let all = "all-" + SecretMaker.hex(byteCount: 16)
    /// `events` only.
    package let poster = "poster-" + SecretMaker.hex(byteCount: 16)
    /// `read` only.
    package let reader = "reader-" + SecretMaker.hex(byteCount: 16)
    /// `SECRETS_KEY`.
    package let secretsKey = SecretMaker.base64(byteCount: 32)
    /// What the receiver demands.
    package let receiver = "receiver-" + SecretMaker.hex(byteCount: 16)

    package init() {}

    /// The value of `API_TOKENS`.
    package var variable: String {
        "everyone:events+jobs+read+admin:\(all),poster:events:\(poster),reader:read:\(reader)"
    }
}
