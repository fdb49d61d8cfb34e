public import Jobs
public import Postgres
public import Program
public import Redis

/// What a scheduler is told by its environment.
public struct SchedulerConfiguration: Sendable {
    public var redis: RedisConfiguration
    public var postgres: PostgresConfiguration
    /// Whether and when TIPS is synced.
    public var tips: TipsSettings
    /// nil: no `/healthz` and `/readyz`.
    public var healthListen: ListenAddress?

    /// - Throws: exit 78 with the one variable that is wrong.
    public init(_ settings: Settings) throws(ProgramError) {
        redis = try ServerSettings.redis(settings)
        postgres = try ServerSettings.postgres(settings, applicationName: "aventora-scheduler")
        tips = try TipsVariables.settings(settings)
        healthListen = try settings.optionalListenAddress("METRICS_LISTEN", default: "127.0.0.1:9102")
    }
}
