public import Basics
public import Curl
import Queue

/// Posts one delivery to one endpoint: one attempt, one request. The one way out of this part.
public struct EndpointSender: Sendable {
    /// For one attempt, from its start to the end of the response, in ms.
    public static let timeLimitMilliseconds = 30_000
    /// Of the response's body, for the log.
    public static let keptResponseBytes = 8_192

    private let client: CurlClient
    private let clock: any WallClock
    private let addressPolicy: (any CurlAddressPolicy)?
    private let timeLimitMilliseconds: Int

    /// - Parameters:
    ///   - addressPolicy: judges every address before anything is sent to it; nil allows all.
    ///   - timeLimitMilliseconds: of one attempt.
    public init(
        client: CurlClient, clock: any WallClock, addressPolicy: (any CurlAddressPolicy)? = nil,
        timeLimitMilliseconds: Int = timeLimitMilliseconds
    ) {
        self.client = client
        self.clock = clock
        self.addressPolicy = addressPolicy
        self.timeLimitMilliseconds = timeLimitMilliseconds
    }

    /// Posts; what came back, whatever it was.
    ///
    /// - Parameters:
    ///   - headers: what is added to the content's type: the signature, then the owner's own.
    ///   - secretNames: of headers whose values the attempt must not hold, in lower case.
    /// - Throws: ``OwnFault`` or `CancellationError`, which say nothing of the target.
    func post(
        _ body: [UInt8], to url: WebhookURL, headers: [(name: String, value: String)], secretNames: Set<String>,
        identity: EndpointAttempt.Identity
    ) async throws -> EndpointAttempt {
        let all = [(name: "Content-Type", value: "application/json")] + headers
        var request = CurlRequest(method: .post, url: url.text, headers: all, body: body)
        request.connectTimeoutMilliseconds = timeLimitMilliseconds
        request.totalTimeoutMilliseconds = timeLimitMilliseconds
        request.addressPolicy = addressPolicy
        // One attempt is one request: the client must not send again by itself.
        request.resendsOnStaleConnection = false
        let started = clock.nowMilliseconds()
        func attempt(_ result: DeliveryResult, _ timings: CurlTimings, _ response: CurlResponse?) -> EndpointAttempt {
            EndpointAttempt(
                identity: identity, startedAtMilliseconds: started, result: result, timings: timings,
                requestHeaders: HeaderMask.masked(all, secret: secretNames), requestBytes: body.count,
                responseHeaders: HeaderMask.masked(response?.headers ?? []),
                responseBody: Array((response?.body ?? []).prefix(Self.keptResponseBytes)),
                remoteAddress: response?.remoteAddress.map { "\($0)" },
                connectionWasReused: response?.connectionWasReused ?? false)
        }
        do {
            let response = try await client.send(request)
            let hint = response.header("Retry-After").flatMap {
                RetryAfter.parse($0, nowMilliseconds: clock.nowMilliseconds())
            }
            let result = DeliveryResult.response(
                status: response.status, retryAfterMilliseconds: hint, location: response.header("Location"))
            return attempt(result, response.timings, response)
        } catch {
            if Task.isCancelled || error.code == .cancelled || error.code == .closed { throw CancellationError() }
            if error.isOurs { throw OwnFault(description: error.message) }
            // The status line decides; a body that drips past the limit does not undo it.
            if let status = error.status { return attempt(.response(status: status), error.timings, nil) }
            return attempt(.failure(PushSender.failure(of: error), detail: error.message), error.timings, nil)
        }
    }
}
