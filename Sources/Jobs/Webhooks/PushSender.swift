public import Basics
public import Curl
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
    private let timeoutMilliseconds: Int

    /// - Parameter timeoutMilliseconds: for one attempt, from its start to the end of the response.
    public init(client: CurlClient, clock: any WallClock, timeoutMilliseconds: Int) {
        self.client = client
        self.clock = clock
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Posts; what came back, whatever it was.
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
            let result: DeliveryResult =
                if let status = error.status { .response(status: status) } else {
                    .failure(Self.failure(of: error), detail: error.message)
                }
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
