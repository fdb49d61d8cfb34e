import Basics
import Guard
import Jobs
public import Logging
import Program
import Queue
import ServiceLifecycle

/// `aventora-worker`: claims jobs, runs them, records the outcome.
public enum WorkerProgram {
    /// What a stop may take beyond the jobs' own grace: cancelling, settling, closing.
    private static let closingSeconds = 5

    /// Works until a signal ends it.
    public static func run(_ configuration: WorkerConfiguration, logger: Logger) async throws {
        let resources = WorkerResources(configuration, logger: logger)
        let worker = JobWorker(
            configuration: configuration.redis,
            options: WorkerOptions(
                name: configuration.name,
                queues: configuration.queues,
                concurrency: configuration.concurrency,
                graceMilliseconds: Int64(configuration.graceSeconds) * 1_000,
                description: description(configuration)),
            registry: registry(configuration, resources, logger),
            logger: logger)
        var services: [any Service] = []
        if let address = configuration.healthListen {
            services.append(
                HealthServer(
                    address: address,
                    checks: .servers(queue: resources.queue, pool: resources.pool),
                    logger: logger))
        }
        services.append(resources.endpoints)
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
        await resources.close()
        logger.info("worker stopped")
    }

    static func registry(
        _ configuration: WorkerConfiguration, _ resources: WorkerResources, _ logger: Logger
    ) -> JobRegistry {
        let clock = SystemWallClock()
        let (pool, endpoints) = (resources.pool, resources.endpoints)
        let hub = HubStore(pool: pool)
        let directory = TargetDirectory(
            settings: configuration.targets, accounts: hub, clock: SystemMonotonicClock(), logger: logger)
        let pushes = WebhookSender(
            client: resources.curl, clock: clock, outbound: configuration.outbound,
            timeoutMilliseconds: configuration.webhookTimeoutMilliseconds)
        let deliveries = WebhookSender(
            client: resources.curl, clock: clock, outbound: configuration.outbound,
            timeoutMilliseconds: EndpointSettings.timeLimitMilliseconds)
        let replays = ReplayStore(pool: pool)
        let gate = ReplayGate(store: replays, queue: resources.queue)
        let own: [JobHandler] = [
            gate.before(
                PushHandler(
                    directory: directory, hub: hub, sender: pushes,
                    echoes: EchoFilter(deliveries: DeliveryStore(pool: pool)), queue: resources.queue,
                    log: resources.log, clock: clock, logger: logger
                ).handler),
            RouteHandler(
                directory: directory, retry: configuration.retry, calls: configuration.calls, clock: clock
            ).handler,
            UpsertHandler(store: EngagementStore(pool: pool), logger: logger).handler,
            gate.before(
                EndpointHandler(
                    directory: endpoints, store: EndpointStore(pool: pool), keyring: configuration.secrets,
                    sender: deliveries, queue: resources.queue, log: resources.log, clock: clock, logger: logger
                ).handler),
            EndpointRouteHandler(directory: endpoints, clock: clock).handler,
            PruneHandler(
                finished: FinishedStore(pool: pool), ticks: TickStore(pool: pool), inbound: InboundStore(pool: pool),
                clock: clock
            ).handler,
            LogHandler(
                partitions: LogPartitions(pool: pool),
                replays: ReplayPruner(store: replays, queue: resources.queue),
                keepDays: Int64(configuration.deliveryLogDays), clock: clock
            ).handler,
            ReplayHandler(
                store: replays, queue: resources.queue, endpoints: endpoints, pushRetry: configuration.retry,
                clock: clock, logger: logger
            ).handler,
        ]
        return JobRegistry(
            own + hubHandlers(configuration, resources, clock, logger)
                + inboundHandlers(configuration, resources, logger)
                + engagements(configuration, resources, logger) + crmHandlers(configuration, resources, logger)
                + tipsHandlers(configuration, resources, logger))
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
