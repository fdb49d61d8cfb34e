// The one way out: every delivery is posted here, so every one is judged by the guard and leaves the same account of itself.

public import Basics
public import Curl
public import Guard
import Queue

/// What is posted where: one attempt's request.
struct WebhookRequest: Sendable {
    let url: WebhookURL
    let headers: [(name: String, value: String)]
    let body: [UInt8]
    /// What is in it and must not be kept of the exchange, the address's own tokens among it.
    let allSecrets: [String]
    /// Whom to trust and what to show there; nil for the system's authorities and nothing.
    let tls: EndpointTLS?

    init(
        url: WebhookURL, headers: [(name: String, value: String)], body: [UInt8], secrets: [String],
        tls: EndpointTLS? = nil
    ) {
        (self.url, self.headers, self.body, self.tls) = (url, headers, body, tls)
        allSecrets = secrets + url.tokens
    }
}

/// What one attempt came to, and what went over the wire.
struct WebhookReply: Sendable {
    let result: Result<DeliveryResult, OwnFault>
    let exchange: HTTPExchange
}

/// A fault of this process, or a stop: the target has not had its say, so no attempt is spent.
struct OwnFault: Error, CustomStringConvertible {
    let description: String
    var isStop = false
}

/// Posts one body to one address: one attempt, one request.
public struct WebhookSender: Sendable {
    private let client: CurlClient
    private let clock: any WallClock
    private let outbound: AddressGuard
    private let timeoutMilliseconds: Int

    /// - Parameters:
    ///   - outbound: where deliveries may go.
    ///   - timeoutMilliseconds: for one attempt, from its start to the end of the response.
    public init(client: CurlClient, clock: any WallClock, outbound: AddressGuard, timeoutMilliseconds: Int) {
        self.client = client
        self.clock = clock
        self.outbound = outbound
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Posts; what came back, whatever it was. A target that the guard refuses is not connected to, and one that is
    /// known to be refused is not even looked up.
    func post(_ message: WebhookRequest) async -> WebhookReply {
        let port = UInt16(truncatingIfNeeded: message.url.port)
        if let refusal = outbound.verdict(of: message.url.target, port: port)?.refusal {
            let result = DeliveryResult.failure(.addressRefused, detail: refusal.description)
            return WebhookReply(result: .success(result), exchange: exchange(message, nil))
        }
        let target = outbound.target(message.url.target, port: port)
        do {
            let response = try await client.send(request(message, target))
            return WebhookReply(result: .success(result(of: response)), exchange: exchange(message, .success(response)))
        } catch {
            return WebhookReply(result: Self.result(of: error, target), exchange: exchange(message, .failure(error)))
        }
    }

    private func request(_ message: WebhookRequest, _ target: GuardedTarget?) -> CurlRequest {
        var request = CurlRequest(
            method: .post, url: message.url.text, headers: message.headers, body: message.body)
        request.certificateAuthorityPEM = message.tls?.authority.map { Array($0.utf8) }
        request.clientCertificatePEM = (message.tls?.identity?.certificate).map { Array($0.utf8) }
        request.clientKeyPEM = (message.tls?.identity?.key).map { Array($0.utf8) }
        // The time limit is one for the whole attempt, whatever part of it takes long.
        request.connectTimeoutMilliseconds = timeoutMilliseconds
        request.totalTimeoutMilliseconds = timeoutMilliseconds
        // One attempt is one request: the client must not send again by itself.
        request.resendsOnStaleConnection = false
        request.addressPolicy = target
        return request
    }

    /// What the log keeps, made only when all is over, so that requests that hang hold none of it.
    private func exchange(_ message: WebhookRequest, _ answer: Result<CurlResponse, CurlError>?) -> HTTPExchange {
        let mask = SecretMask(message.allSecrets)
        var exchange = HTTPExchange(request(message, nil), mask: mask)
        switch answer {
        case nil: break
        case .success(let response): exchange.take(response, mask: mask)
        case .failure(let error): exchange.take(error)
        }
        return exchange
    }

    private func result(of response: CurlResponse) -> DeliveryResult {
        let hint = response.header("Retry-After").flatMap {
            RetryAfter.parse($0, nowMilliseconds: clock.nowMilliseconds())
        }
        return .response(
            status: response.status, retryAfterMilliseconds: hint, location: response.header("Location"))
    }

    private static func result(
        of error: CurlError, _ target: GuardedTarget
    ) -> Result<DeliveryResult, OwnFault> {
        if Task.isCancelled || error.code == .cancelled || error.code == .closed {
            return .failure(OwnFault(description: "the attempt was stopped", isStop: true))
        }
        if error.isOurs { return .failure(OwnFault(description: error.message)) }
        // The status line decides; a body that drips past the limit does not undo it.
        if let status = error.status { return .success(.response(status: status)) }
        let refusal = error.refusedAddress.flatMap { target.verdict(of: IPAddress($0), port: $0.port).refusal }
        return .success(.failure(failure(of: error), detail: refusal?.description ?? error.message))
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
