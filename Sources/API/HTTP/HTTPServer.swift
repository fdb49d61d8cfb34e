public import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
public import Program
public import ServiceLifecycle

/// Puts a responder, the limits and an address together into a server.
public enum HTTPServer {
    /// A server for one address.
    ///
    /// A graceful shutdown stops accepting, closes idle connections, finishes the requests in flight, and returns.
    ///
    /// - Parameters:
    ///   - responder: usually from `RouteTable.makeResponder`.
    ///   - address: where to listen.
    ///   - variable: the variable that holds the address, shown when it cannot be listened on.
    ///   - limits: the same as the responder's.
    ///   - serverName: the `Server` header.
    ///   - logger: for the server.
    ///   - onListening: told the port, once the server listens.
    /// - Returns: a service whose `run` throws `ProgramError` when the address cannot be listened on.
    public static func make(
        responder: RouterResponder<APIContext>,
        address: ListenAddress,
        variable: String = "API_LISTEN",
        limits: HTTPLimits = HTTPLimits(),
        serverName: String = "aventora",
        logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in },
    ) -> some Service {
        let server = Application(
            responder: responder,
            server: HTTPServerBuilder { responder in
                LoopBoundChannel(base: HTTP1Channel(responder: responder, configuration: channelConfiguration(limits)))
            },
            configuration: ApplicationConfiguration(
                address: .hostname(address.host, port: address.port),
                serverName: serverName,
                backlog: limits.backlog,
                availableConnectionsDelegate: .maximum(limits.maximumConnections, logger: logger),
            ),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? address.port) },
            logger: logger,
        )
        return ListeningService(server: server, address: address, variable: variable)
    }

    private static func channelConfiguration(_ limits: HTTPLimits) -> HTTP1Channel.Configuration {
        HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(limits: limits)],
            idleTimeout: .milliseconds(limits.idleLimitMilliseconds),
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: limits.maximumHeaderFieldBytes,
                maxHeaderListSize: limits.maximumHeaderListBytes,
                maxHeaderFieldCount: limits.maximumHeaderFields,
            ),
        )
    }
}
