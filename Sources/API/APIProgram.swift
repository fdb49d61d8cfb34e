import Basics
import Guard
import Jobs
public import Logging
import Program
import Queue
import ServiceLifecycle

/// `aventora-api`: authenticates, validates, enqueues, answers. It holds no business logic.
public enum APIProgram {
    /// How long requests in flight may take after the signal to stop.
    private static let graceSeconds = 20

    /// Serves until a signal ends it.
    ///
    /// - Throws: exit 78 when it is to promise `fsynced` and Redis says that it cannot.
    public static func run(_ configuration: APIConfiguration, logger: Logger) async throws {
        let resources = APIResources(configuration, logger: logger)
        let result: Result<Void, any Error>
        do {
            if configuration.durability == .fsynced { try await requireProof(resources.durable) }
            try await serve(configuration, resources, logger)
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await resources.close()
        try result.get()
    }

    private static func requireProof(_ queue: DurableQueue) async throws(ProgramError) {
        guard case .none(let reason)? = await queue.proof() else { return }
        throw Settings.invalid(
            "API_DURABILITY", value: Durability.fsynced.rawValue, "this Redis cannot give that: \(reason)")
    }

    private static func serve(
        _ configuration: APIConfiguration, _ resources: APIResources, _ logger: Logger
    ) async throws {
        let counts = InboundCounts(
            store: InboundStore(pool: resources.pool), wallClock: SystemWallClock(), clock: SystemMonotonicClock(),
            logger: logger)
        let server = HTTPServer.make(
            responder: routes(configuration, resources, counts, logger).makeResponder(
                authenticator: Authenticator(tokens: configuration.tokens), logger: logger),
            address: configuration.listen,
            logger: logger,
            onListening: { port in
                logger.info("listening", metadata: ["host": "\(configuration.listen.host)", "port": "\(port)"])
            }
        )
        try await ProgramGroup.run(
            services: [resources.endpoints, counts, server], logger: logger, graceSeconds: graceSeconds)
    }
}
