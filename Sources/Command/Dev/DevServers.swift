import Glibc

/// The servers behind a run: private ones, or those that the environment names.
struct DevServers: Sendable {
    let redis: PrivateRedis?
    let postgres: PrivatePostgres?
    let redisURL: String
    let databaseURL: String

    /// Starts the missing ones side by side and hands each to the supervisor as soon as it runs, so that a stop in the
    /// middle leaves none behind.
    static func start(
        _ options: DevOptions, directory: String, supervisor: Supervisor
    ) async throws(CommandError) -> DevServers {
        async let redis = startRedis(options, "\(directory)/redis", supervisor)
        async let postgres = startPostgres(options, "\(directory)/postgres", supervisor)
        let (redisResult, postgresResult) = await (redis, postgres)
        let (ownRedis, ownPostgres) = (try redisResult.get(), try postgresResult.get())
        return DevServers(
            redis: ownRedis, postgres: ownPostgres,
            redisURL: ownRedis?.url ?? options.variable("REDIS_URL") ?? "",
            databaseURL: ownPostgres?.url ?? options.variable("DATABASE_URL") ?? ""
        )
    }

    private static func startRedis(
        _ options: DevOptions, _ directory: String, _ supervisor: Supervisor
    ) async -> Result<PrivateRedis?, CommandError> {
        guard options.variable("REDIS_URL") == nil else { return .success(nil) }
        do throws(CommandError) {
            let redis = try await PrivateRedis.start(PrivateRedis.Options(directory: directory))
            let steps = [StopStep(signal: SIGTERM, limitMilliseconds: 10_000)]
            let child = SupervisorMachine.Child(name: "redis", stage: DevStage.redis, stopSteps: steps)
            supervisor.add(
                SupervisedChild(child) { () async throws(CommandError) in
                    try await redis.start()
                    return try running(redis.process, "redis-server")
                },
                process: redis.process
            )
            return .success(redis)
        } catch {
            return .failure(error)
        }
    }

    private static func startPostgres(
        _ options: DevOptions, _ directory: String, _ supervisor: Supervisor
    ) async -> Result<PrivatePostgres?, CommandError> {
        guard options.variable("DATABASE_URL") == nil else { return .success(nil) }
        do throws(CommandError) {
            let postgres = try await PrivatePostgres.start(PrivatePostgres.Options(directory: directory))
            let child = SupervisorMachine.Child(
                name: "postgres", stage: DevStage.postgres, stopSteps: PrivatePostgres.stopSteps
            )
            supervisor.add(
                SupervisedChild(child) { () async throws(CommandError) in
                    try await postgres.start()
                    return try running(postgres.process, "postgres")
                },
                process: postgres.process
            )
            return .success(postgres)
        } catch {
            return .failure(error)
        }
    }

    private static func running(_ process: ChildProcess?, _ name: String) throws(CommandError) -> ChildProcess {
        guard let process else { throw CommandError(.serverAway, "\(name) was stopped while it started") }
        return process
    }
}

/// The stop order: programs that make work first, then those that do it, then the stores.
enum DevStage {
    static let scheduler = 0
    static let api = 1
    static let worker = 2
    static let peers = 3
    static let postgres = 4
    static let redis = 5
}
