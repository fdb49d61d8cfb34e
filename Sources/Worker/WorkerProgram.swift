import Basics
import Curl
import Guard
import Jobs
public import Logging
import Postgres
import Program
import Queue
import Redis
import ServiceLifecycle

/// `aventora-worker`: claims jobs, runs them, records the outcome.
public enum WorkerProgram {
    /// What a stop may take beyond the jobs' own grace: cancelling, settling, closing.
    private static let closingSeconds = 5
    private static let poolSize = 4
    /// One writes while the other commits.
    private static let logPoolSize = 2
    /// How long the log's Postgres may take to be reached, and a statement that was given up to end.
    private static let logPatience = Duration.seconds(2)

    /// Works until a signal ends it.
    public static func run(_ configuration: WorkerConfiguration, logger: Logger) async throws {
        let pool = PostgresPool(configuration: configuration.postgres, size: poolSize)
        let curl = CurlClient(configuration: curlConfiguration(configuration))
        let redis = RedisClient(configuration: configuration.redis, name: "probe-" + configuration.name)
        let queue = QueueClient(redis: redis)
        let logPool = PostgresPool(
            configuration: logConfiguration(configuration), size: logPoolSize, acquireTimeout: logPatience)
        let log = AttemptLog(
            store: DeliveryStore(pool: logPool), queue: queue, worker: configuration.name, logger: logger)
        let worker = JobWorker(
            configuration: configuration.redis,
            options: WorkerOptions(
                name: configuration.name,
                queues: configuration.queues,
                concurrency: configuration.concurrency,
                graceMilliseconds: Int64(configuration.graceSeconds) * 1_000,
                description: description(configuration)),
            registry: registry(configuration, pool, curl, log, logger),
            logger: logger)
        var services: [any Service] = []
        if let address = configuration.healthListen {
            services.append(
                HealthServer(
                    address: address,
                    checks: .servers(queue: queue, pool: pool),
                    logger: logger))
        }
        services.append(worker)
        logger.info(
            "worker starts",
            metadata: [
                "name": "\(configuration.name)", "concurrency": "\(configuration.concurrency)",
                "queues": "\(configuration.queues.map(\.description).joined(separator: ","))",
            ])
        warnOfRefusedTargets(configuration, logger)
        try await ProgramGroup.run(
            services: services, logger: logger, graceSeconds: configuration.graceSeconds + closingSeconds)
        await curl.shutdown()
        await log.close()
        await logPool.shutdown()
        await pool.shutdown()
        await redis.shutdown()
        logger.info("worker stopped")
    }

    static func registry(
        _ configuration: WorkerConfiguration, _ pool: PostgresPool, _ curl: CurlClient, _ log: AttemptLog,
        _ logger: Logger
    ) -> JobRegistry {
        let clock = SystemWallClock()
        let hub = HubStore(pool: pool)
        let directory = TargetDirectory(
            settings: configuration.targets, accounts: hub, clock: SystemMonotonicClock(), logger: logger)
        let sender = PushSender(
            client: curl, clock: clock, outbound: configuration.outbound,
            timeoutMilliseconds: configuration.webhookTimeoutMilliseconds)
        return JobRegistry([
            PushHandler(directory: directory, hub: hub, sender: sender, log: log, clock: clock, logger: logger).handler,
            RouteHandler(directory: directory, retry: configuration.retry, clock: clock).handler,
            UpsertHandler(store: EngagementStore(pool: pool), logger: logger).handler,
            PruneHandler(finished: FinishedStore(pool: pool), ticks: TickStore(pool: pool), clock: clock).handler,
            LogHandler(
                partitions: LogPartitions(pool: pool), keepDays: Int64(configuration.deliveryLogDays), clock: clock
            ).handler,
        ])
    }

    /// Says at the start what would otherwise show with the first push. Names are not looked up.
    private static func warnOfRefusedTargets(_ configuration: WorkerConfiguration, _ logger: Logger) {
        for target in CRMTarget.allCases {
            guard let url = configuration.targets.defaults[target]?.url,
                let refusal = configuration.outbound.verdict(
                    of: url.target, port: UInt16(truncatingIfNeeded: url.port))?.refusal
            else { continue }
            logger.warning(
                "pushes to this target will be refused",
                metadata: ["variable": "\(target.urlVariable)", "reason": "\(refusal)"])
        }
    }

    private static func logConfiguration(_ configuration: WorkerConfiguration) -> PostgresConfiguration {
        var postgres = configuration.postgres
        postgres.connectTimeout = min(postgres.connectTimeout, logPatience)
        postgres.statementTimeout = min(postgres.statementTimeout, logPatience)
        return postgres
    }

    /// As many connections as jobs may run, so that a request never waits for one with its clock ticking.
    private static func curlConfiguration(_ configuration: WorkerConfiguration) -> CurlConfiguration {
        var curl = CurlConfiguration()
        curl.userAgent = "aventora-jobs/\(Version.current)"
        curl.maximumInFlight = max(configuration.concurrency, 1)
        return curl
    }

    private static func description(_ configuration: WorkerConfiguration) -> String {
        var writer = JSONWriter(capacity: 256)
        writer.beginObject()
        writer.key("version")
        writer.string(Version.current)
        writer.key("concurrency")
        writer.integer(Int64(configuration.concurrency))
        writer.key("queues")
        writer.beginArray()
        for queue in configuration.queues { writer.string(queue.description) }
        writer.endArray()
        writer.endObject()
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
