// One worker process's engine: the claim loop, its job tasks, the doorbell and the heartbeat.
//
// Order: the loop is the only one to talk to the work script, one trip at a time; job tasks run on Swift's pool and
// leave their results in the inbox. Delivery is at least once: a settlement is sent again when the answer to it was lost,
// and the fence makes the second one stale.

public import Logging
public import Redis
public import ServiceLifecycle

/// How a worker process works.
public struct WorkerOptions: Sendable {
    /// Unique per start: no other process, past or present, may have had it.
    public var name: String
    /// Empty: those that the handlers name.
    public var queues: [QueueName]
    /// Jobs at a time, 1 to ``Limits/maximumConcurrency``.
    public var concurrency: Int
    /// How long running jobs may go on after the signal to stop, in ms; then they are cancelled and go back unspent.
    public var graceMilliseconds: Int64
    /// What every key begins with.
    public var namespace: String
    /// JSON about the process, for the list of workers.
    public var description: String
    public var heartbeatMilliseconds: Int64
    public var leaseMilliseconds: Int64

    /// - Parameters:
    ///   - name: as ``name``; one that is made up of the host's name unless given.
    public init(
        name: String = WorkerName.make(),
        queues: [QueueName] = [],
        concurrency: Int = 256,
        graceMilliseconds: Int64 = 25_000,
        namespace: String = "aj",
        description: String = "{}",
        heartbeatMilliseconds: Int64 = Heartbeat.intervalMilliseconds,
        leaseMilliseconds: Int64 = Heartbeat.leaseMilliseconds
    ) {
        self.name = name
        self.queues = queues
        self.concurrency = min(max(concurrency, 1), Limits.maximumConcurrency)
        self.graceMilliseconds = graceMilliseconds
        self.namespace = namespace
        self.description = description
        self.heartbeatMilliseconds = heartbeatMilliseconds
        self.leaseMilliseconds = leaseMilliseconds
    }
}

/// Claims jobs, runs them and settles them until the task is cancelled or a graceful shutdown is asked for.
public final class JobWorker: Service {
    let options: WorkerOptions
    private let registry: JobRegistry
    let configuration: RedisConfiguration
    private let clock: any MonotonicClock
    let logger: Logger
    private let inbox: Inbox

    /// - Parameters:
    ///   - configuration: of the three connections that the worker makes: for trips, for the doorbell, for the beat.
    ///   - registry: what it can run; a job of another kind stays in the queue for a worker that knows it.
    /// - Precondition: the options or the registry name a queue.
    public init(
        configuration: RedisConfiguration,
        options: WorkerOptions = WorkerOptions(),
        registry: JobRegistry,
        clock: any MonotonicClock = SystemMonotonicClock(),
        logger: Logger = Logger(label: "queue")
    ) {
        var options = options
        if options.queues.isEmpty { options.queues = registry.queues }
        precondition(
            !options.queues.isEmpty, "a worker needs a queue: name one, or register handlers that name theirs")
        self.options = options
        self.registry = registry
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        inbox = Inbox(clock: clock)
    }

    /// Returns when everything that it claimed is settled, or when the grace and two more seconds are over.
    public func run() async throws {
        let redis = RedisClient(configuration: configuration, name: "worker-" + options.name)
        let waiter = RedisWaiter(configuration: configuration, name: "bell-" + options.name)
        let keys = options.queues.map { Keys(namespace: options.namespace, queue: $0) }
        let doorbell = Doorbell(waiter: waiter, keys: keys.map(\.doorbell), inbox: inbox, clock: clock)
        let heartbeat = Heartbeat(
            configuration: configuration,
            identity: .init(name: options.name, description: options.description, isWorker: true),
            queues: options.queues,
            namespace: options.namespace,
            intervalMilliseconds: options.heartbeatMilliseconds,
            leaseMilliseconds: options.leaseMilliseconds,
            logger: logger,
            onNotice: { [inbox] notice in
                if notice.isQuiet { inbox.post(.quiet) }
                if notice.wasSilent { inbox.post(.wasSilent) }
                for (queue, ids) in notice.cancels.enumerated() where !ids.isEmpty {
                    inbox.post(.cancel(queue: queue, ids))
                }
            })
        let trips = WorkTrips(redis: redis, keys: keys, queues: options.queues, worker: options.name)
        let loop = WorkLoop(
            options: options, registry: registry, trips: trips, doorbell: doorbell, inbox: inbox, clock: clock,
            logger: logger)

        await withTaskGroup(of: Void.self) { group in
            // Apart from this task's cancellation: a call to Redis fails at once in a cancelled task, and the claims are yet
            // to be settled.
            let beating = Task { await heartbeat.run() }
            // Detached: each job would get a copy of the task locals, a kilobyte of memory.
            let working = Task.detached { await loop.run() }
            group.addTask { await doorbell.run() }
            await withGracefulShutdownHandler {
                await withTaskCancellationHandler {
                    await working.value
                } onCancel: { [inbox] in
                    inbox.post(.stop)
                    inbox.post(.graceIsOver)
                }
            } onGracefulShutdown: { [inbox] in
                inbox.post(.stop)
            }
            group.cancelAll()
            heartbeat.stop()
            await beating.value
        }
        await waiter.shutdown()
        await redis.shutdown()
    }
}
