/// The CRMs that engagements are pushed to. The raw value is the name in arguments, logs and settings.
public enum CRMTarget: String, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// Salesforce
    case salesforce
    /// Microsoft Dynamics
    case dynamics
    /// HubSpot
    case hubspot
    /// Zoho
    case zoho
    /// Twenty
    case twenty

    /// The raw value.
    public var description: String { rawValue }
    /// The variable with the address for every account, like `TWENTY_WEBHOOK_URL`.
    public var urlVariable: String { rawValue.uppercased() + "_WEBHOOK_URL" }
    /// The variable with the secret that goes with it.
    public var secretVariable: String { rawValue.uppercased() + "_WEBHOOK_SECRET" }
    /// The account setting with the address, like `twenty_webhook_url`.
    public var urlSetting: String { rawValue + "_webhook_url" }
    /// The account setting with the secret.
    public var secretSetting: String { rawValue + "_webhook_secret" }
}
