public import Postgres
public import Redis

/// The variables that say where the servers are.
public enum ServerSettings {
    /// `REDIS_URL`.
    public static func redis(_ settings: Settings) throws(ProgramError) -> RedisConfiguration {
        let url = settings.string("REDIS_URL", default: "redis://127.0.0.1:6379/0")
        do {
            return try RedisConfiguration(url: url)
        } catch {
            // The address may hold a password, so it is not shown.
            throw Settings.invalid("REDIS_URL", value: nil, error.message)
        }
    }

    /// `DATABASE_URL`.
    public static func postgres(
        _ settings: Settings, applicationName: String
    ) throws(ProgramError) -> PostgresConfiguration {
        let url = settings.string("DATABASE_URL", default: "postgresql:///aventora")
        do {
            var configuration = try PostgresConfiguration(url: url)
            configuration.applicationName = applicationName
            return configuration
        } catch {
            throw Settings.invalid("DATABASE_URL", value: nil, error.message)
        }
    }
}
