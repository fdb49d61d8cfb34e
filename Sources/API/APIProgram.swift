import Basics
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

    /// Serves until a signal ends it.
    public static func run(_ configuration: APIConfiguration, logger: Logger) async throws {
        let redis = RedisClient(configuration: configuration.redis, name: "api", logger: logger)
        let pool = PostgresPool(configuration: configuration.postgres, size: 4)
        let server = HTTPServer.make(
            responder: routes(configuration, QueueClient(redis: redis), pool, logger).makeResponder(
                authenticator: Authenticator(tokens: configuration.tokens), logger: logger),
            address: configuration.listen,
            logger: logger,
            onListening: { port in
                logger.info("listening", metadata: ["host": "\(configuration.listen.host)", "port": "\(port)"])
            }
        )
        try await ProgramGroup.run(services: [server], logger: logger, graceSeconds: graceSeconds)
        await redis.shutdown()
        await pool.shutdown()
    }

    static func routes(
        _ configuration: APIConfiguration, _ queue: QueueClient, _ pool: PostgresPool, _ logger: Logger
    ) -> RouteTable {
        let clock = SystemWallClock()
        let targets = TargetDirectory(
            settings: configuration.targets, accounts: HubStore(pool: pool), clock: SystemMonotonicClock(),
            logger: logger)
        let intake = EventIntake(
            queue: queue, targets: targets, retry: configuration.retry, clock: clock)
        var table = RouteTable()
        table.addHealth(
            .servers(queue: queue, pool: pool))
        EventRoutes(intake: intake, maximumBodyBytes: configuration.maximumBodyBytes).add(to: &table)
        JobRoutes(
            desk: JobDesk(queue: queue, history: FinishedStore(pool: pool), clock: clock),
            submitter: JobSubmitter(queue: queue, clock: clock),
            catalogue: .standard(pushRetry: configuration.retry), clock: clock,
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        QueueRoutes(desk: QueueDesk(queue: queue, clock: clock)).add(to: &table)
        DeadRoutes(
            desk: DeadDesk(queue: queue, clock: clock), maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        ReceiverRoutes(
            queue: queue, secret: configuration.receiverSecret, clock: clock,
            maximumBodyBytes: configuration.maximumBodyBytes
        ).add(to: &table)
        return table
    }
}
