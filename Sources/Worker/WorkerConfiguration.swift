public import Guard
public import Jobs
public import Postgres
public import Program
public import Queue
public import Redis

/// What a worker is told by its environment.
public struct WorkerConfiguration: Sendable {
    public var name: String
    public var queues: [QueueName]
    public var concurrency: Int
    /// How long running jobs may go on after the signal to stop.
    public var graceSeconds: Int
    public var redis: RedisConfiguration
    public var postgres: PostgresConfiguration
    public var targets: TargetSettings
    public var retry: RetryPolicy
    /// How the pushes of a call wait for each other.
    public var calls: CallPushes
    /// How records are synced to Twenty while no settings are stored.
    public var recordSync: RecordSyncSettings
    /// How many calls a Twenty workspace gets.
    public var twentyLimits: TwentyLimits
    /// What TIPS sync works with.
    public var tips: TipsSettings
    /// What the secrets of endpoints were sealed with.
    public var secrets: SecretsKeyring
    public var webhookTimeoutMilliseconds: Int
    /// Whom the bootstrap of a call asks.
    public var bootstrap: BootstrapSettings
    /// What of Twenty is looked after.
    public var reconciliation: ReconciliationSettings
    /// What Twenty workspaces call the key that we write with.
    public var ownTwentyName: String?
    /// The Hub that engagements are begun at.
    public var engagements: EngagementConfiguration
    /// Where deliveries may go.
    public var outbound: AddressGuard
    /// Where the assistant is that sets Hubs up.
    public var hub: HubProvisioning
    /// The CRM's provisioning API; nil while nobody said where it is.
    public var crm: ServiceAddress?
    /// How long deliveries stay in the attempt log.
    public var deliveryLogDays: Int
    /// nil: no `/healthz` and `/readyz`.
    public var healthListen: ListenAddress?

    /// - Throws: exit 78 with the one variable that is wrong.
    public init(_ settings: Settings) throws(ProgramError) {
        name = try Self.name(settings)
        queues = try Self.queues(settings)
        concurrency = try settings.integer("WORKER_CONCURRENCY", default: 256, in: 1...Limits.maximumConcurrency)
        graceSeconds = try settings.integer("WORKER_SHUTDOWN_GRACE_SECONDS", default: 25, in: 0...3_600)
        redis = try ServerSettings.redis(settings)
        postgres = try ServerSettings.postgres(settings, applicationName: "aventora-worker")
        targets = try WebhookSettings.targets(settings)
        retry = try WebhookSettings.retry(settings)
        calls = try WebhookSettings.calls(settings)
        recordSync = try RecordSyncVariables.settings(settings)
        twentyLimits = try RecordSyncVariables.limits(settings)
        tips = try TipsVariables.settings(settings)
        secrets = try SecretsSettings.keyring(settings)
        webhookTimeoutMilliseconds = try WebhookSettings.timeoutMilliseconds(settings)
        engagements = try EngagementSettings.configuration(settings)
        outbound = try OutboundSettings.addressGuard(settings)
        bootstrap = try BootstrapVariables.settings(settings)
        reconciliation = try InboundVariables.reconciliation(settings)
        ownTwentyName = InboundVariables.ownName(settings)
        hub = try HubSettings.provisioning(settings)
        crm = try HubSettings.crm(settings)
        let days = LogHandler.keepDaysRange
        deliveryLogDays = try settings.integer(
            "DELIVERY_LOG_DAYS", default: Int(LogHandler.keepDays), in: Int(days.lowerBound)...Int(days.upperBound))
        healthListen = try settings.optionalListenAddress("METRICS_LISTEN", default: "127.0.0.1:9101")
    }

    /// The given name, or the host's, and a random part always: a name must never come twice, since claims hang on it.
    private static func name(_ settings: Settings) throws(ProgramError) -> String {
        let given = settings.optionalString("WORKER_NAME")
        guard given.map({ $0.utf8.count <= 100 && Envelope.isToken($0) }) ?? true else {
            throw Settings.invalid(
                "WORKER_NAME", value: given, "expected 1 to 100 printable ASCII characters without spaces")
        }
        return WorkerName.make(base: given)
    }

    private static func queues(_ settings: Settings) throws(ProgramError) -> [QueueName] {
        let names = settings.list("WORKER_QUEUES")
        if names.isEmpty || names == ["all"] { return JobQueue.all }
        var queues: [QueueName] = []
        for text in names {
            guard let name = QueueName(text), JobQueue.all.contains(name), !queues.contains(name) else {
                let known = JobQueue.all.map(\.description).joined(separator: ", ")
                throw Settings.invalid("WORKER_QUEUES", value: text, "expected all, or each of \(known) at most once")
            }
            queues.append(name)
        }
        return queues
    }
}
