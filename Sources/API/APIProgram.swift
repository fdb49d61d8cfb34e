import Basics
import Guard
import Jobs
public import Logging
import Operator
import Postgres
import Program
import Queue
import Redis
import ServiceLifecycle

/// `aventora-api`: authenticates, validates, enqueues, answers. It holds no business logic.
public enum APIProgram {
    /// How long requests in flight may take after the signal to stop.
    private static let graceSeconds = 20

    /// What a caller may wait for a Redis that hangs before his jobs go to the outbox; and then for Postgres.
    private static let patience = Duration.seconds(1)

    /// Serves until a signal ends it.
    ///
    /// - Throws: exit 78 when it is to promise `fsynced` and Redis says that it cannot.
    public static func run(_ configuration: APIConfiguration, logger: Logger) async throws {
        // Who looks may wait longer than who submits; and a wait for the disk holds its connection.
        let redis = RedisClient(configuration: configuration.redis, name: "api", logger: logger)
        let fsync = RedisClient(configuration: configuration.redis, name: "api-fsync", logger: logger)
        var hasty = configuration.redis
        (hasty.connectTimeout, hasty.commandTimeout) = (patience, patience)
        let submit = RedisClient(configuration: hasty, name: "api-submit", logger: logger)
        let pool = PostgresPool(configuration: configuration.postgres, size: 4)
        var brief = configuration.postgres
        (brief.connectTimeout, brief.statementTimeout) = (patience * 2, patience * 5)
        let outbox = PostgresPool(configuration: brief, size: 4, acquireTimeout: patience * 3)
        let durable = DurableQueue(
            queue: QueueClient(redis: submit), fsynced: FsyncedQueue(redis: fsync), outbox: OutboxStore(pool: outbox),
            logger: logger)
        let listener = EndpointDirectory.listener(configuration.postgres, logger: logger)
        let endpoints = EndpointDirectory(store: EndpointStore(pool: pool), listener: listener, logger: logger)
        let result: Result<Void, any Error>
        do {
            if configuration.durability == .fsynced { try await requireProof(durable) }
            try await serve(configuration, QueueClient(redis: redis), durable, pool, endpoints, logger)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        durable.shutDown()
        await listener.shutdown()
        for client in [redis, fsync, submit] { await client.shutdown() }
        await pool.shutdown()
        await outbox.shutdown()
        try result.get()
    }

    private static func requireProof(_ queue: DurableQueue) async throws(ProgramError) {
        guard case .none(let reason)? = await queue.proof() else { return }
        throw Settings.invalid(
            "API_DURABILITY", value: Durability.fsynced.rawValue, "this Redis cannot give that: \(reason)")
    }

    private static func serve(
        _ configuration: APIConfiguration, _ queue: QueueClient, _ durable: DurableQueue, _ pool: PostgresPool,
        _ endpoints: EndpointDirectory, _ logger: Logger
    ) async throws {
        let counts = InboundCounts(
            store: InboundStore(pool: pool), wallClock: SystemWallClock(), clock: SystemMonotonicClock(),
            logger: logger)
        var table = routes(configuration, queue, durable, pool, endpoints, logger)
        TwentyRoutes(
            queue: durable, durability: configuration.durability, verifier: configuration.inbound.verifier,
            store: InboundStore(pool: pool), counts: counts, clock: SystemWallClock(),
            maximumBodyBytes: configuration.maximumBodyBytes, logger: logger
        ).add(to: &table)
        let server = HTTPServer.make(
            responder: table.makeResponder(
                authenticator: Authenticator(tokens: configuration.tokens), logger: logger),
            address: configuration.listen,
            logger: logger,
            onListening: { port in
                logger.info("listening", metadata: ["host": "\(configuration.listen.host)", "port": "\(port)"])
            }
        )
        try await ProgramGroup.run(services: [endpoints, counts, server], logger: logger, graceSeconds: graceSeconds)
    }

    static func routes(
        _ configuration: APIConfiguration, _ queue: QueueClient, _ durable: DurableQueue, _ pool: PostgresPool,
        _ endpoints: EndpointDirectory, _ logger: Logger
    ) -> RouteTable {
        let clock = SystemWallClock()
        let targets = TargetDirectory(
            settings: configuration.targets, accounts: HubStore(pool: pool), clock: SystemMonotonicClock(),
            logger: logger)
        let intake = EventIntake(
            queue: durable, targets: targets, endpoints: endpoints, retry: configuration.retry,
            calls: configuration.calls, bootstraps: configuration.bootstrap.planner(pool: pool), clock: clock)
        var table = RouteTable()
        table.addHealth(
            .servers(queue: queue, pool: pool))
        EventRoutes(
            intake: intake, durability: configuration.durability, maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        JobRoutes(
            desk: JobDesk(
                queue: queue, history: FinishedStore(pool: pool), outbox: OutboxStore(pool: pool), clock: clock),
            submitter: JobSubmitter(queue: durable, receipts: queue, clock: clock),
            catalogue: .standard(pushRetry: configuration.retry), durability: configuration.durability, clock: clock,
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        EndpointRoutes(
            desk: EndpointDesk(
                store: EndpointStore(pool: pool), keyring: configuration.secrets, queue: queue, submit: durable,
                clock: clock, judge: { url in await judge(url, configuration.outbound) }),
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        QueueRoutes(desk: QueueDesk(queue: queue, clock: clock)).add(to: &table)
        ScheduleRoutes(desk: ScheduleDesk(queue: queue, ledger: TickStore(pool: pool))).add(to: &table)
        DeadRoutes(
            desk: DeadDesk(queue: queue, clock: clock), maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        let log = DeliveryStore(pool: pool)
        let deliveries = DeliveryDesk(queue: queue, log: log, history: FinishedStore(pool: pool))
        DeliveryRoutes(desk: deliveries).add(to: &table)
        ReplayRoutes(
            desk: ReplayDesk(
                queue: queue, submit: durable, deliveries: deliveries, log: log, endpoints: EndpointStore(pool: pool),
                store: ReplayStore(pool: pool), pushRetry: configuration.retry, clock: clock),
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        ReceiverRoutes(
            queue: durable, durability: configuration.durability, secret: configuration.receiverSecret, clock: clock,
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        return table
    }

    /// The answer tells nothing of our networks. A name that leads nowhere just now may be saved.
    private static func judge(_ url: WebhookURL, _ outbound: AddressGuard) async -> String? {
        let port = UInt16(truncatingIfNeeded: url.port)
        guard await outbound.judge(url.target, port: port).firstRefusal != nil else { return nil }
        return "Deliveries may not go there: \(Refusal.outwardText). `aventora endpoints explain` says why."
    }
}
