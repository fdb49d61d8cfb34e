internal import HTTPTypes
internal import Hummingbird
public import Logging
internal import NIOCore
public import ServiceLifecycle

/// The small HTTP server of a worker or a scheduler: `/healthz`, `/readyz` and `/metrics`.
public struct HealthServer: Service {
    private let service: ListeningService<Application<RouterResponder<BasicRequestContext>>>

    /// - Parameters:
    ///   - address: where to listen. Nobody is authenticated, so keep it away from the public.
    ///   - variable: the variable that holds the address, shown when it cannot be listened on.
    ///   - checks: what `/readyz` asks.
    ///   - metrics: the body of `/metrics` in the text format 0.0.4 of Prometheus; nil: there is no such page.
    ///   - logger: for the server.
    ///   - onListening: told the port, once the server listens.
    public init(
        address: ListenAddress,
        variable: String = "METRICS_LISTEN",
        checks: HealthChecks,
        metrics: (@Sendable () async -> String)? = nil,
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in },
    ) {
        let server = Application(
            router: Self.router(checks: checks, metrics: metrics),
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(30),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 8_192,
                        maxHeaderListSize: 16_384,
                        maxHeaderFieldCount: 100,
                    ),
                )),
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port),
                serverName: "aventora",
                availableConnectionsDelegate: .maximum(256, logger: logger),
            ),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? address.port) },
            logger: logger,
        )
        service = ListeningService(server: server, address: address, variable: variable)
    }

    /// Serves until a graceful shutdown.
    ///
    /// - Throws: `ProgramError` when the address cannot be listened on.
    public func run() async throws {
        try await service.run()
    }

    private static func router(
        checks: HealthChecks,
        metrics: (@Sendable () async -> String)?,
    ) -> Router<BasicRequestContext> {
        let router = Router(options: .autoGenerateHeadEndpoints)
        router.get("/healthz") { _, _ in HealthResponse.alive() }
        router.get("/readyz") { _, _ in await HealthResponse.readiness(checks) }
        if let metrics {
            router.get("/metrics") { _, _ in
                Response(
                    status: .ok,
                    headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                    body: ResponseBody(byteBuffer: ByteBuffer(string: await metrics())),
                )
            }
        }
        return router
    }
}
