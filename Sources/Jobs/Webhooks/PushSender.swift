public import Basics
public import Curl
public import Guard
import Queue

/// What one attempt came to, and what went over the wire.
struct PushReply: Sendable {
    let result: Result<DeliveryResult, OwnFault>
    let exchange: HTTPExchange
}

/// A fault of this process, or a stop: the target has not had its say, so no attempt is spent.
struct OwnFault: Error, CustomStringConvertible {
    let description: String
    var isStop = false
}

/// Posts one engagement to one CRM target: one attempt.
public struct PushSender: Sendable {
    private let client: CurlClient
    private let clock: any WallClock
    private let outbound: AddressGuard
    private let timeoutMilliseconds: Int

    /// - Parameters:
    ///   - outbound: where pushes may go.
    ///   - timeoutMilliseconds: for one attempt, from its start to the end of the response.
    public init(client: CurlClient, clock: any WallClock, outbound: AddressGuard, timeoutMilliseconds: Int) {
        self.client = client
        self.clock = clock
        self.outbound = outbound
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Posts; what came back, whatever it was. A target that the guard refuses is not connected to, and one that is
    /// known to be refused is not even looked up.
    func post(_ body: [UInt8], to endpoint: TargetSettings.Endpoint, webhookID: String) async -> PushReply {
        var request = CurlRequest(
            method: .post,
            url: endpoint.url.text,
            headers: PushHeaders.make(webhookID: webhookID, secret: endpoint.secret),
            body: body)
        request.connectTimeoutMilliseconds = timeoutMilliseconds
        request.totalTimeoutMilliseconds = timeoutMilliseconds
        // One attempt is one request: the client must not send again by itself.
        request.resendsOnStaleConnection = false
        let secrets = endpoint.secrets
        var exchange = HTTPExchange(request, secrets: secrets)
        let port = UInt16(truncatingIfNeeded: endpoint.url.port)
        if let refusal = outbound.verdict(of: endpoint.url.target, port: port)?.refusal {
            let result = DeliveryResult.failure(.addressRefused, detail: refusal.description)
            return PushReply(result: .success(result), exchange: exchange)
        }
        let target = outbound.target(endpoint.url.target, port: port)
        request.addressPolicy = target
        do {
            let response = try await client.send(request)
            exchange.take(response, secrets: secrets)
            let hint = response.header("Retry-After").flatMap {
                RetryAfter.parse($0, nowMilliseconds: clock.nowMilliseconds())
            }
            let result = DeliveryResult.response(
                status: response.status, retryAfterMilliseconds: hint, location: response.header("Location"))
            return PushReply(result: .success(result), exchange: exchange)
        } catch {
            exchange.take(error)
            if Task.isCancelled || error.code == .cancelled || error.code == .closed {
                let fault = OwnFault(description: "the attempt was stopped", isStop: true)
                return PushReply(result: .failure(fault), exchange: exchange)
            }
            if error.isOurs {
                return PushReply(result: .failure(OwnFault(description: error.message)), exchange: exchange)
            }
            // The status line decides; a body that drips past the limit does not undo it.
            if let status = error.status {
                return PushReply(result: .success(.response(status: status)), exchange: exchange)
            }
            let refusal = error.refusedAddress.flatMap { target.verdict(of: IPAddress($0), port: $0.port).refusal }
            let result = DeliveryResult.failure(
                Self.failure(of: error), detail: refusal?.description ?? error.message)
            return PushReply(result: .success(result), exchange: exchange)
        }
    }

    private static func failure(of error: CurlError) -> TransportFailure {
        switch error.code {
        case .resolveFailed: .dns
        case .tlsFailed: .tls
        case .timedOut: .timeout
        case .connectionReset: .reset
        case .badResponse: .garbage
        case .addressRefused: .addressRefused
        case .invalidRequest: .invalidRequest
        default: .connection
        }
    }
}
