public import Logging
import Redis
import ServiceLifecycle
import UnixSignals

extension JobWorker {
    /// A worker of the Redis at a URL.
    ///
    /// - Parameters:
    ///   - url: `redis://[user][:password]@host[:port][/database]` or `unix:///path/to.sock[?db=database]`.
    ///   - registry: what it can run; it serves the queues of these handlers unless the options name others.
    /// - Throws: ``QueueError/Code/invalidAddress``, with what is allowed; the text shows nothing of the URL. That Redis
    ///   does not answer is no error: the worker says so in the log and goes on trying.
    public convenience init(
        url: String, registry: JobRegistry, options: WorkerOptions = WorkerOptions(),
        logger: Logger = Logger(label: "queue")
    ) throws(QueueError) {
        let configuration = try RedisConfiguration(address: url)
        self.init(configuration: configuration, options: options, registry: registry, logger: logger)
    }

    /// Works until SIGTERM or SIGINT, then as ``run()`` at its end: for a program that is nothing but a worker. Others put
    /// the worker, which is a `Service`, into their `ServiceGroup`, and a ``Ticker`` beside it.
    ///
    /// - Parameter schedules: whose ticks it fires too; every worker may be given them, and each tick fires once.
    public func runUntilSignal(schedules: [ScheduledJob] = []) async throws {
        let redis = RedisClient(configuration: configuration, name: "ticker-" + options.name)
        let ticker = Ticker(
            schedules: schedules, client: QueueClient(redis: redis, namespace: options.namespace), logger: logger)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: self, successTerminationBehavior: .gracefullyShutdownGroup),
                    .init(service: ticker, successTerminationBehavior: .gracefullyShutdownGroup),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        do { try await group.run() } catch {
            await redis.shutdown()
            throw error
        }
        await redis.shutdown()
    }
}
