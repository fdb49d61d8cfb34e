public import Logging
public import ServiceLifecycle

/// Runs the services of a program until a signal or a failure ends them.
public enum ProgramGroup {
    /// Runs all services at once and shuts them down in reverse order.
    ///
    /// - The first SIGTERM or SIGINT begins the graceful shutdown; when all services have ended, this returns.
    /// - A second one ends the process at once with 128 + its number (143, 130), as if it had not been caught.
    /// - A service that throws shuts the others down gracefully; then this throws that service's error.
    /// - A service that returns before a shutdown is a fault: exit 70.
    /// - Services that still run after `graceSeconds` are cancelled: exit 70. Five seconds later the process ends.
    ///
    /// - Parameters:
    ///   - services: in the order in which they depend on each other, the most basic first.
    ///   - logger: for the group itself; the steps of a shutdown are logged at debug and info.
    ///   - graceSeconds: time that all services together get to finish; 1...3600.
    /// - Throws: what a service threw, or a `ProgramError`. Call it once a process.
    public static func run(services: [any Service], logger: Logger, graceSeconds: Int) async throws {
        try await run(services: services, logger: logger, graceSeconds: graceSeconds, cancellationSeconds: 5)
    }

    /// The same, with the time that cancelled services get before the process is ended.
    package static func run(
        services: [any Service],
        logger: Logger,
        graceSeconds: Int,
        cancellationSeconds: Int,
    ) async throws {
        let watch = ShutdownWatch(limitSeconds: graceSeconds + cancellationSeconds, logger: logger)
        var configuration = ServiceGroupConfiguration(
            services: services.map { service in
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: WatchedService(service: service, watch: watch),
                    successTerminationBehavior: .cancelGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup,
                    serviceName: "\(type(of: service))",
                )
            },
            logger: logger,
        )
        let grace = Duration.seconds(graceSeconds)
        configuration.maximumGracefulShutdownDuration = grace
        do {
            try await watch.run(ServiceGroup(configuration: configuration))
        } catch let error as ServiceGroupError {
            throw ProgramError(.internal, "a service ended before it was asked to", underlying: error)
        } catch is CancellationError {
            throw stillRunning(afterSeconds: graceSeconds)
        }
        if watch.drainTook(longerThan: grace) { throw stillRunning(afterSeconds: graceSeconds) }
    }

    static func stillRunning(afterSeconds seconds: Int) -> ProgramError {
        ProgramError(.internal, "shutdown: services were still running after \(seconds) s and were stopped")
    }
}

/// Tells the watch when its service has failed.
private struct WatchedService: Service {
    let service: any Service
    let watch: ShutdownWatch

    func run() async throws {
        do {
            try await service.run()
        } catch {
            watch.serviceFailed()
            throw error
        }
    }
}
