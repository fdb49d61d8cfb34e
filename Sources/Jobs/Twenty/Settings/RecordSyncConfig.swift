/// The stored settings of record sync, which win over the variables.
public struct RecordSyncConfig: Sendable, Hashable {
    /// Where Twenty is.
    public var baseURL: WebhookURL
    /// Its key; nil: the variable's, as long as the address is the variable's too.
    public var key: SealedSecret?
    /// The switch.
    public var isEnabled: Bool
    /// Where to.
    public var mode: RecordSyncMode
    /// The names of the tokens that made and last changed it.
    public var createdBy: String
    public var updatedBy: String
    /// Unix ms; 0 before it is stored.
    public var createdAtMilliseconds: Int64 = 0
    public var updatedAtMilliseconds: Int64 = 0

    /// What the key is sealed for.
    static let owner = "crm_config"

    /// Whether there is a key for its address, which is not to say that it can be opened.
    public func hasKey(with variables: RecordSyncSettings) -> Bool {
        key != nil || (variables.key != nil && RecordSyncSettings.isSamePlace(baseURL, variables.baseURL))
    }

    /// What is in force with it.
    ///
    /// - Throws: when the key cannot be opened.
    public func settings(
        over variables: RecordSyncSettings, _ keyring: SecretsKeyring
    ) throws(SecretsError)
        -> RecordSyncSettings
    {
        let isVariables = RecordSyncSettings.isSamePlace(baseURL, variables.baseURL)
        var settings = RecordSyncSettings(
            baseURL: baseURL, key: isVariables ? variables.key : nil, isEnabled: isEnabled, mode: mode,
            isNamedByOperator: isVariables)
        if let key {
            guard let opened = WebhookSecret(try keyring.open(key, of: Self.owner)) else {
                throw SecretsError(.damaged, "the stored key cannot stand in a header")
            }
            settings.key = opened
        }
        return settings
    }
}
