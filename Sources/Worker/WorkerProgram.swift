import Basics
import Curl
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

    /// Works until a signal ends it.
    public static func run(_ configuration: WorkerConfiguration, logger: Logger) async throws {
        let pool = PostgresPool(configuration: configuration.postgres, size: poolSize)
        let curl = CurlClient(configuration: curlConfiguration(configuration))
        let redis = RedisClient(configuration: configuration.redis, name: "probe-" + configuration.name)
        let queue = QueueClient(redis: redis)
        // Of its own, lest looks at the endpoints wait behind deliveries.
        let lookPool = PostgresPool(configuration: configuration.postgres, size: 1)
        let listener = EndpointDirectory.listener(configuration.postgres, logger: logger)
        let endpoints = EndpointDirectory(store: EndpointStore(pool: lookPool), listener: listener, logger: logger)
        let worker = JobWorker(
            configuration: configuration.redis,
            options: WorkerOptions(
                name: configuration.name,
                queues: configuration.queues,
                concurrency: configuration.concurrency,
                graceMilliseconds: Int64(configuration.graceSeconds) * 1_000,
                description: description(configuration)),
            registry: registry(configuration, pool, curl, queue, endpoints, logger),
            logger: logger)
        var services: [any Service] = []
        if let address = configuration.healthListen {
            services.append(
                HealthServer(
                    address: address,
                    checks: .servers(queue: queue, pool: pool),
                    logger: logger))
        }
        services.append(endpoints)
        services.append(worker)
        logger.info(
            "worker starts",
            metadata: [
                "name": "\(configuration.name)", "concurrency": "\(configuration.concurrency)",
                "queues": "\(configuration.queues.map(\.description).joined(separator: ","))",
            ])
        try await ProgramGroup.run(
            services: services, logger: logger, graceSeconds: configuration.graceSeconds + closingSeconds)
        await curl.shutdown()
        await listener.shutdown()
        await lookPool.shutdown()
        await pool.shutdown()
        await redis.shutdown()
        logger.info("worker stopped")
    }

    static func registry(
        _ configuration: WorkerConfiguration, _ pool: PostgresPool, _ curl: CurlClient,
        _ queue: QueueClient, _ endpoints: EndpointDirectory, _ logger: Logger
    ) -> JobRegistry {
        let clock = SystemWallClock()
        let hub = HubStore(pool: pool)
        let directory = TargetDirectory(
            settings: configuration.targets, accounts: hub, clock: SystemMonotonicClock(), logger: logger)
        let sender = PushSender(
            client: curl, clock: clock, timeoutMilliseconds: configuration.webhookTimeoutMilliseconds)
        let deliveries = EndpointHandler(
            directory: endpoints, store: EndpointStore(pool: pool), keyring: configuration.secrets,
            sender: EndpointSender(client: curl, clock: clock), queue: queue, clock: clock, logger: logger)
        return JobRegistry([
            PushHandler(directory: directory, hub: hub, sender: sender, clock: clock, logger: logger).handler,
            RouteHandler(directory: directory, retry: configuration.retry, clock: clock).handler,
            UpsertHandler(store: EngagementStore(pool: pool), logger: logger).handler,
            deliveries.handler,
            EndpointRouteHandler(directory: endpoints, clock: clock).handler,
            PruneHandler(finished: FinishedStore(pool: pool), ticks: TickStore(pool: pool), clock: clock).handler,
        ])
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
