/// How records are synced: what the variables say, or what the stored settings make of it.
public struct RecordSyncSettings: Sendable, Hashable {
    /// Where Twenty is; nil where nobody has said.
    public var baseURL: WebhookURL?
    /// Its API key.
    public var key: WebhookSecret?
    /// The switch beside the mode: both have to say yes.
    public var isEnabled: Bool
    /// Where to.
    public var mode: RecordSyncMode
    /// Whether the address is the one of the variable: see ``ServiceAddress``.
    public var isNamedByOperator: Bool

    /// Settings. Without anything said nothing is synced.
    public init(
        baseURL: WebhookURL? = nil, key: WebhookSecret? = nil, isEnabled: Bool = false,
        mode: RecordSyncMode = .disabled, isNamedByOperator: Bool = true
    ) {
        (self.baseURL, self.key, self.isEnabled) = (baseURL, key, isEnabled)
        (self.mode, self.isNamedByOperator) = (mode, isNamedByOperator)
    }

    /// Twenty as a service; nil while its address or its key is not known.
    public var address: ServiceAddress? {
        get throws(ServiceAddress.Fault) {
            guard let baseURL, let key else { return nil }
            return try ServiceAddress(
                name: "twenty", url: baseURL.text, token: key, isNamedByOperator: isNamedByOperator)
        }
    }

    /// Whether two addresses are the same place below which the same paths stand.
    static func isSamePlace(_ one: WebhookURL?, _ other: WebhookURL?) -> Bool {
        guard let one, let other else { return false }
        func path(_ url: WebhookURL) -> Substring {
            var rest = url.text.dropFirst(url.isSecure ? 8 : 7).drop { $0 != "/" }
            while rest.last == "/" { rest.removeLast() }
            return rest
        }
        return one.isSecure == other.isSecure && one.host == other.host && one.port == other.port
            && path(one) == path(other)
    }
}
