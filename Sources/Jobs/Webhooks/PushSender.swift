public import Basics
public import Curl
import Queue

/// A fault of this process: the target was not asked, so no attempt is spent.
struct OwnFault: Error, CustomStringConvertible {
    let description: String
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
    ///
    /// - Throws: ``OwnFault`` or `CancellationError`, which say nothing of the target.
    func post(
        _ body: [UInt8], to endpoint: TargetSettings.Endpoint, webhookID: String
    ) async throws -> DeliveryResult {
        var request = CurlRequest(
            method: .post,
            url: endpoint.url.text,
            headers: PushHeaders.make(webhookID: webhookID, secret: endpoint.secret),
            body: body)
        request.connectTimeoutMilliseconds = timeoutMilliseconds
        request.totalTimeoutMilliseconds = timeoutMilliseconds
        // One attempt is one request: the client must not send again by itself.
        request.resendsOnStaleConnection = false
        do {
            let response = try await client.send(request)
            let hint = response.header("Retry-After").flatMap {
                RetryAfter.parse($0, nowMilliseconds: clock.nowMilliseconds())
            }
            return .response(
                status: response.status, retryAfterMilliseconds: hint, location: response.header("Location"))
        } catch {
            if Task.isCancelled || error.code == .cancelled || error.code == .closed { throw CancellationError() }
            if error.isOurs { throw OwnFault(description: error.message) }
            // The status line decides; a body that drips past the limit does not undo it.
            if let status = error.status { return .response(status: status) }
            return .failure(Self.failure(of: error), detail: error.message)
        }
    }

    static func failure(of error: CurlError) -> TransportFailure {
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
