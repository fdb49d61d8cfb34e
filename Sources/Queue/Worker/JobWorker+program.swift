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
    /// the worker, which is a `Service`, into their `ServiceGroup`.
    public func runUntilSignal() async throws {
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }
}
