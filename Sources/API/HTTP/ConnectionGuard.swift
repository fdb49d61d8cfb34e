// Runs on the connection's event loop only, like every channel handler. It sits between the HTTP codec and the server.

internal import HTTPTypes
internal import HummingbirdCore
internal import NIOCore
internal import NIOHTTP1
internal import NIOHTTPTypes

/// A request did not arrive within its time limit. The body's reader sees it.
struct RequestReadTimeout: Error {}

/// Does to a channel what `ConnectionState` decides.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let lingerMilliseconds: Int64
    private var state: ConnectionState
    private var timer: Scheduled<Void>?

    init(limits: HTTPLimits) {
        lingerMilliseconds = limits.lingerMilliseconds
        state = ConnectionState(readLimitMilliseconds: limits.requestReadLimitMilliseconds)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !state.isClosing else { return }
        switch unwrapInboundIn(data) {
        case .head: perform(state.requestBegan(atMilliseconds: now(context)), context: context)
        case .body: break
        case .end: state.requestEnded()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind == .informational:
            context.write(data, promise: promise)
        case .head(let head):
            state.responseBegan(closes: head.headerFields[.connection]?.lowercased() == "close")
            context.write(data, promise: promise)
        case .body:
            context.write(data, promise: promise)
        case .end:
            guard state.responseEnded() else { return context.write(data, promise: promise) }
            context.writeAndFlush(data, promise: promise)
            closeGently(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isConnectionLost = error is IOError || error is ChannelError
        switch state.errorCaught(isConnectionLost: isConnectionLost) {
        case .answer: answer(error, context: context)
        case .passOn: context.fireErrorCaught(error)
        case .nothing: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if state.isClosing, case ChannelEvent.inputClosed = event { return context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }

    /// The answer to a head that cannot be parsed; no handler has seen it.
    private func answer(_ error: any Error, context: ChannelHandlerContext) {
        var problem = Problem.malformedRequest()
        if case HTTPParserError.headerOverflow = error {
            problem = Problem(.requestHeaderFieldsTooLarge, detail: "the URI or the header fields are too large")
            problem.closesConnection = true
        }
        let body = ByteBuffer(bytes: problem.json())
        var head = problem.response().head
        head.headerFields[.contentLength] = String(body.readableBytes)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        closeGently(context)
    }

    /// Ends our side, then waits a moment for the client to end its own: closing while its bytes are still arriving
    /// resets the connection, and a reset can destroy the answer before the client has read it.
    private func closeGently(_ context: ChannelHandlerContext) {
        timer?.cancel()
        timer = nil
        context.close(mode: .output, promise: nil)
        schedule(afterMilliseconds: lingerMilliseconds, context: context) { _, context in context.close(promise: nil) }
    }

    private func perform(_ action: ConnectionState.TimerAction, context: ChannelHandlerContext) {
        switch action {
        case .schedule(let deadline):
            schedule(afterMilliseconds: deadline - now(context), context: context) { guardian, context in
                guardian.perform(guardian.state.timerFired(atMilliseconds: guardian.now(context)), context: context)
            }
        case .failReading:
            context.fireErrorCaught(RequestReadTimeout())
        case .closeNow:
            context.close(promise: nil)
        case .nothing:
            break
        }
    }

    private func schedule(
        afterMilliseconds delay: Int64,
        context: ChannelHandlerContext,
        _ work: @escaping (ConnectionGuard, ChannelHandlerContext) -> Void,
    ) {
        let loop = context.eventLoop.assumeIsolated()
        timer = loop.scheduleTask(in: .milliseconds(delay)) { work(self, context) }
    }

    private func now(_ context: ChannelHandlerContext) -> Int64 {
        Int64(context.eventLoop.now.uptimeNanoseconds / 1_000_000)
    }
}
