/// What webhooks of Twenty have to show.
public struct InboundSettings: Sendable {
    /// Secrets that may be live at a time: one, and while it is changed another.
    public static let maximumSecrets = 2

    /// Of the webhooks in Twenty; none refuses everything.
    public var secrets: [WebhookSecret]
    /// Whether a signature of the body alone is good enough.
    public var allowsBodyOnly: Bool

    /// What a webhook has to show.
    public init(secrets: [WebhookSecret] = [], allowsBodyOnly: Bool = false) {
        self.secrets = secrets
        self.allowsBodyOnly = allowsBodyOnly
    }

    /// Judges requests by these settings.
    public var verifier: InboundVerifier { InboundVerifier(secrets: secrets, allowsBodyOnly: allowsBodyOnly) }
}
