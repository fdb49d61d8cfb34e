import Jobs
public import Logging
import Postgres
import Program
import Queue
import Redis
import ServiceLifecycle

/// `aventora-scheduler`: sweeps. It gives dead workers' jobs back, so that they run again even when no worker is left
/// to notice, fires the schedules, moves the traces of finished jobs and of ticks into the history and what waits of the
/// attempt log into the log, relays the outbox, keeps samples of how fast the queues move, and counts anew what runs in each lane. Any number may run.
public enum SchedulerProgram {
    private static let graceSeconds = 10

    /// Sweeps until a signal ends it.
    public static func run(_ configuration: SchedulerConfiguration, logger: Logger) async throws {
        let redis = RedisClient(configuration: configuration.redis, name: "scheduler", logger: logger)
        let queue = QueueClient(redis: redis)
        let pool = PostgresPool(configuration: configuration.postgres, size: 2)
        let name = "scheduler-" + String(UInt64.random(in: 0...(.max)), radix: 36)
        let heartbeat = Heartbeat(
            configuration: configuration.redis,
            identity: .init(name: name, description: "", isWorker: false),
            queues: JobQueue.all,
            logger: logger)
        var services: [any Service] = []
        if let address = configuration.healthListen {
            services.append(
                HealthServer(
                    address: address,
                    checks: .servers(queue: queue, pool: pool),
                    logger: logger))
        }
        services.append(HeartbeatService(heartbeat: heartbeat))
        services.append(
            HistoryRecorder(
                queue: queue, store: FinishedStore(pool: pool), deliveries: DeliveryStore(pool: pool),
                queues: JobQueue.all, clock: SystemMonotonicClock(), logger: logger))
        services.append(
            AttemptRecorder(
                queue: queue, store: DeliveryStore(pool: pool), queues: JobQueue.all, clock: SystemMonotonicClock(),
                logger: logger))
        services.append(
            PaceKeeper(queue: queue, queues: JobQueue.all, clock: SystemMonotonicClock(), logger: logger))
        services.append(
            Ticker(schedules: JobSchedule.all + configuration.tips.schedules, client: queue, logger: logger))
        services.append(
            TickRecorder(
                schedules: ScheduleClient(queue), store: TickStore(pool: pool), queues: JobQueue.all,
                clock: SystemMonotonicClock(), logger: logger))
        services.append(
            QueueKeeper(
                doctor: QueueDoctor(queue), queues: JobQueue.all, clock: SystemMonotonicClock(), logger: logger))
        let relayPool = PostgresPool(configuration: configuration.postgres, size: 2)
        let listener = PostgresListener(
            configuration: configuration.postgres, channels: [OutboxStore.channel],
            onFailure: { logger.debug("the outbox is not listened to", metadata: ["error": "\($0)"]) })
        services.append(
            OutboxRelay(queue: queue, store: OutboxStore(pool: relayPool), listener: listener, logger: logger))
        let endpointListener = EndpointDirectory.listener(configuration.postgres, logger: logger)
        let endpoints = EndpointDirectory(
            store: EndpointStore(pool: pool), listener: endpointListener, logger: logger)
        services.append(endpoints)
        services.append(
            EndpointLanes(queue: queue, directory: endpoints, store: EndpointStore(pool: pool), logger: logger))
        services.append(ReplayKeeper(store: ReplayStore(pool: pool), queue: queue, logger: logger))
        logger.info("scheduler starts", metadata: ["name": "\(name)"])
        try await ProgramGroup.run(services: services, logger: logger, graceSeconds: graceSeconds)
        await redis.shutdown()
        await listener.shutdown()
        await endpointListener.shutdown()
        await relayPool.shutdown()
        await pool.shutdown()
        logger.info("scheduler stopped")
    }
}

/// The heartbeat as a service of a process that claims nothing.
struct HeartbeatService: Service {
    let heartbeat: Heartbeat

    func run() async throws {
        await withGracefulShutdownHandler {
            await withTaskCancellationHandler {
                await heartbeat.run()
            } onCancel: {
                heartbeat.stop()
            }
        } onGracefulShutdown: {
            heartbeat.stop()
        }
    }
}
