public import Queue

/// What the variables say of TIPS sync.
public struct TipsSettings: Sendable {
    /// TIPS's API, without a token: tokens are fetched.
    public var tips: ServiceAddress?
    /// OAuth client credentials.
    public var clientID: String?
    /// Its secret.
    public var clientSecret: WebhookSecret?
    /// The CRM's provisioning, which makes users.
    public var provisioning: ServiceAddress?
    /// Twenty, with a key of the workspace.
    public var twenty: ServiceAddress?
    /// The one workspace that everything goes into.
    public var workspaceID: String?
    /// Whether the schedule runs.
    public var isEnabled = false
    /// When it runs.
    public var pattern: CronPattern?
    /// By which clock.
    public var zone = TimeZoneRules.utc

    /// Nothing is set.
    public init() {}

    /// The schedule; none while it is switched off.
    public var schedules: [ScheduledJob] {
        guard isEnabled, let pattern else { return [] }
        return [
            ScheduledJob(
                schedule: CronSchedule(name: JobKind.tipsSync, pattern: pattern, zone: zone, misfire: .once),
                queue: JobQueue.tips, kind: JobKind.tipsSync, policy: TipsPolicy.sync, key: .unique(TipsPolicy.key))
        ]
    }

    /// The variables without which nothing can be synced, as far as they are missing.
    public var missing: [String] {
        [
            tips == nil ? "TIPS_API_BASE_URL" : nil, clientID == nil ? "TIPS_CLIENT_ID" : nil,
            clientSecret == nil ? "TIPS_CLIENT_SECRET" : nil, workspaceID == nil ? "TIPS_SYNC_WORKSPACE_ID" : nil,
            provisioning == nil ? "CRM_API_URL" : nil, provisioning?.token == nil ? "CRM_PROVISIONING_SECRET" : nil,
            twenty?.token == nil ? "CRM_WORKSPACE_API_KEY" : nil,
        ].compactMap { $0 }
    }
}

/// How TIPS jobs repeat and exclude each other.
enum TipsPolicy {
    /// Of all `tips.sync` jobs: never two at once.
    static let key = "tips.sync"
    /// Of the sync as a whole: it fails where TIPS cannot list its agents.
    static let sync = RetryPolicy(attempts: 10, delayMilliseconds: 10_000)
    /// Of one agent, alone.
    static let agent = RetryPolicy(attempts: 6, delayMilliseconds: 10_000)
}
