// Requests run on Swift's shared pool. A fault that waits sleeps there without holding a thread, bounded by the life of
// the connection; resets and broken bytes go past the HTTP codec, on the connection's event loop.

internal import Basics
internal import Glibc
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import ServiceLifecycle

/// One peer on its port: its own routes, its faults, its log and, under `/_peer`, how a test steers it.
struct PeerServer: Sendable {
    let peer: any Peer
    let clock: PeerClock
    private let faults = PeerFaults()
    private let log = PeerLog()

    init(_ peer: any Peer, clock: PeerClock) {
        (self.peer, self.clock) = (peer, clock)
    }

    /// A server on a port of 127.0.0.1; 0 takes a free one.
    ///
    /// - Parameter onListening: told the port.
    func service(port: Int, logger: Logger, onListening: @escaping @Sendable (Int) async -> Void) -> some Service {
        Application(
            responder: CallbackResponder<PeerContext> { request, context in
                try await respond(to: request, context)
            },
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    httpDecoderConfiguration: .init(maxHeaderFieldSize: 128 << 10, maxHeaderListSize: 256 << 10))),
            configuration: ApplicationConfiguration(
                address: .hostname("127.0.0.1", port: port), serverName: nil, backlog: 512),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? port) },
            logger: logger
        )
    }

    private func respond(to request: Request, _ context: PeerContext) async throws -> Response {
        var request = request
        let body = try await request.collectBody(upTo: 64 << 20)
        let asked = PeerRequest(
            method: request.method.rawValue, target: request.uri.string,
            headers: request.headers.map { ($0.name.rawName, $0.value) }, body: Array(body.readableBytesView))
        if asked.segments.first == "_peer" { return Self.response(control(asked)) }
        guard let fault = faults.take(asked) else { return Self.response(answer(asked)) }
        return try await fail(asked, fault, context.channel)
    }

    private func answer(_ request: PeerRequest) -> PeerAnswer {
        let answer = peer.answer(request)
        note(request, answer.status)
        return answer
    }

    private func note(_ request: PeerRequest, _ status: Int) {
        log.add(PeerLog.Call(request: request, status: status, atMilliseconds: clock.now))
    }

    private func fail(
        _ request: PeerRequest, _ fault: PeerFault, _ channel: any Channel
    ) async throws -> Response {
        if fault.delayMilliseconds > 0 { try await Task.sleep(for: .milliseconds(fault.delayMilliseconds)) }
        if fault.mode == .delay { return Self.response(answer(request)) }
        if fault.performs { _ = peer.answer(request) }
        let instead = fault.answer
        note(request, instead?.status ?? 0)
        if let instead { return Self.response(instead) }
        switch fault.mode {
        case .garbage: try await WireFault.writeGarbage(channel)
        case .hang:
            // Longer than any client waits, and bounded where one never leaves.
            try await Task.sleep(for: .seconds(120))
            try await WireFault.reset(channel)
        default: try await WireFault.reset(channel)
        }
        throw WireFault.NoAnswer()
    }

    private static func response(_ answer: PeerAnswer) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = answer.contentType
        for field in answer.headers {
            if let name = HTTPField.Name(field.name) { headers[name] = field.value }
        }
        return Response(
            status: HTTPResponse.Status(code: answer.status), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
    }

    private func control(_ request: PeerRequest) -> PeerAnswer {
        let done = PeerAnswer.json(200, ["ok": .bool(true)])
        do throws(InputError) {
            switch (request.method, request.segments.dropFirst().first ?? "") {
            case ("GET", "calls"):
                let limit = request.parameter("limit").flatMap { Int($0) } ?? .max
                return .json(200, log.list(prefix: request.parameter("path_prefix") ?? "/", limit: limit))
            case ("DELETE", "calls"): log.clear()
            case ("PUT", "faults"): try faults.replace(try Self.object(request))
            case ("DELETE", "faults"): faults.clear()
            case ("GET", "state"): return .json(200, peer.state())
            case ("PUT", "state"): try peer.replace(try Self.object(request))
            case ("PATCH", "clock"):
                clock.advance(milliseconds: (try Self.object(request)["advance_seconds"]?.integer ?? 0) * 1_000)
            default: return .unknownRoute
            }
            return done
        } catch {
            return .error(422, error.description)
        }
    }

    private static func object(_ request: PeerRequest) throws(InputError) -> JSONObject {
        guard let object = request.json?.object else {
            throw InputError(kind: .malformed, message: "A JSON object is needed.")
        }
        return object
    }
}

/// Keeps the connection, which faults need.
struct PeerContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}

/// What no HTTP server does by itself.
enum WireFault {
    /// There is nothing to answer any more: the connection is gone.
    struct NoAnswer: Error {}

    static func reset(_ channel: any Channel) async throws {
        if let options = channel as? any SocketOptionProvider {
            try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        }
        try await close(channel)
    }

    /// Behind the HTTP encoder, whose context hands on to what comes before it.
    static func writeGarbage(_ channel: any Channel) async throws {
        try await channel.eventLoop.flatSubmit {
            do {
                let encoder = try channel.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
                let promise = channel.eventLoop.makePromise(of: Void.self)
                let bytes = ByteBuffer(string: "\u{16}\u{3}\u{1}SSH-2.0-none of your HTTP\r\n")
                encoder.writeAndFlush(NIOAny(bytes), promise: promise)
                return promise.futureResult
            } catch {
                return channel.eventLoop.makeFailedFuture(error)
            }
        }.get()
        try await close(channel)
    }

    private static func close(_ channel: any Channel) async throws {
        do {
            try await channel.close().get()
        } catch ChannelError.alreadyClosed {
            return
        }
    }
}
