public import Guard
public import Jobs
public import Postgres
public import Program
public import Queue
public import Redis

/// What the API is told by its environment.
public struct APIConfiguration: Sendable {
    public var listen: ListenAddress
    /// Of any request's body.
    public var maximumBodyBytes: Int
    public var redis: RedisConfiguration
    public var postgres: PostgresConfiguration
    public var tokens: TokenStore
    /// What the built-in receiver demands; nil demands nothing.
    public var receiverSecret: WebhookSecret?
    /// Whom the bootstrap of a call asks.
    public var bootstrap: BootstrapSettings
    /// What webhooks of Twenty have to show.
    public var inbound: InboundSettings
    /// Where every account's engagements go unless it says otherwise.
    public var targets: TargetSettings
    /// Where deliveries may go; read here too, so that a bad value shows in every program, and targets are judged at
    /// save as they are at send.
    public var outbound: AddressGuard
    /// What the secrets of endpoints are sealed with.
    public var secrets: SecretsKeyring
    /// m attempts, n apart, for every CRM target.
    public var retry: RetryPolicy
    /// How the pushes of a call wait for each other.
    public var calls: CallPushes
    /// Whether workspaces' events have Hubs set up, and when.
    public var hub: HubProvisioning
    /// Whether and where engagements can be begun.
    public var engagements: EngagementConfiguration
    /// How records are synced to Twenty while no settings are stored.
    public var recordSync: RecordSyncSettings
    /// How many calls a Twenty workspace gets.
    public var twentyLimits: TwentyLimits
    /// Whether and when TIPS is synced.
    public var tips: TipsSettings
    /// What an accepted request gets unless it prefers another: see `docs/durability.md`.
    public var durability: Durability

    /// - Throws: exit 78 with the one variable that is wrong.
    public init(_ settings: Settings) throws(ProgramError) {
        listen = try settings.listenAddress("API_LISTEN", default: "127.0.0.1:8080")
        maximumBodyBytes = try settings.integer("API_MAX_BODY_BYTES", default: 1_048_576, in: 1_024...1_048_576)
        redis = try ServerSettings.redis(settings)
        postgres = try ServerSettings.postgres(settings, applicationName: "aventora-api")
        tokens = try TokenStore(settings)
        receiverSecret = try WebhookSettings.receiverSecret(settings)
        bootstrap = try BootstrapVariables.settings(settings)
        inbound = try InboundVariables.settings(settings)
        targets = try WebhookSettings.targets(settings)
        outbound = try OutboundSettings.addressGuard(settings)
        retry = try WebhookSettings.retry(settings)
        calls = try WebhookSettings.calls(settings)
        engagements = try EngagementSettings.configuration(settings)
        recordSync = try RecordSyncVariables.settings(settings)
        twentyLimits = try RecordSyncVariables.limits(settings)
        secrets = try SecretsSettings.keyring(settings)
        hub = try HubSettings.provisioning(settings)
        tips = try TipsVariables.settings(settings)
        durability = try Self.durability(settings)
    }

    private static func durability(_ settings: Settings) throws(ProgramError) -> Durability {
        let text = settings.string("API_DURABILITY", default: Durability.queued.rawValue)
        guard let durability = Durability(rawValue: text) else {
            let names = Durability.allCases.map(\.rawValue).joined(separator: ", ")
            throw Settings.invalid("API_DURABILITY", value: text, "expected one of \(names)")
        }
        return durability
    }
}
