import Basics
import Logging
import Queue

/// One attempt that is ready to be sent. An object: ten thousand may wait for slow targets, each in several frames of its
/// task's stack.
final class EndpointParcel: Sendable {
    let job: RunningJob
    let endpoint: Endpoint
    let delivery: Delivery
    let request: WebhookRequest
    /// What later attempts are to send; nil where it is kept already.
    let built: EndpointArguments?
    private let startedAtMilliseconds: Int64
    private let prepareMilliseconds: Int64

    init(
        job: RunningJob, endpoint: Endpoint, delivery: Delivery, request: WebhookRequest, built: EndpointArguments?,
        startedAtMilliseconds: Int64, prepareMilliseconds: Int64
    ) {
        (self.job, self.endpoint, self.delivery) = (job, endpoint, delivery)
        (self.request, self.built) = (request, built)
        (self.startedAtMilliseconds, self.prepareMilliseconds) = (startedAtMilliseconds, prepareMilliseconds)
    }

    /// The attempt, once it is made.
    func trial(_ exchange: HTTPExchange) -> EndpointTrial {
        EndpointTrial(
            job: job, endpoint: endpoint, delivery: delivery,
            effort: Effort(
                exchange: exchange, startedAtMilliseconds: startedAtMilliseconds,
                prepareMilliseconds: prepareMilliseconds,
                arguments: { [built, job] in built?.encoded() ?? job.arguments }, secrets: request.allSecrets))
    }
}

extension EndpointHandler {
    enum Preparation {
        case ready(EndpointParcel)
        /// It can never be sent.
        case refused(String)
        /// It cannot be sent now, and that is our own fault.
        case faulty(String)
    }

    /// Builds the body, unless it is kept, and signs it for this attempt. Waits for nothing.
    func parcel(
        _ job: RunningJob, _ arguments: borrowing EndpointArguments, to endpoint: Endpoint
    ) -> Preparation {
        let claimedAt = job.clock.nowMilliseconds
        let body: [UInt8]
        var built: EndpointArguments?
        switch arguments.content {
        case .body(let kept): body = kept
        case .event(let event):
            body = endpoint.settings.format.body(of: event, endpointID: endpoint.id)
            let most = EndpointSettings.maximumPayloadBytes
            guard body.count <= most else {
                return .refused("the body has \(body.count) bytes; at most \(most) are delivered")
            }
            built = arguments.with(body: body)
        }
        do {
            return .ready(
                EndpointParcel(
                    job: job, endpoint: endpoint, delivery: Self.delivery(job, arguments, endpoint),
                    request: try request(body, arguments.messageID, endpoint), built: built,
                    startedAtMilliseconds: clock.nowMilliseconds(),
                    prepareMilliseconds: job.clock.nowMilliseconds - claimedAt))
        } catch let error as SecretsError {
            logger.warning(
                "a delivery cannot be signed", metadata: ["endpoint": "\(endpoint.id)", "error": "\(error)"])
            return .faulty("it cannot be signed: \(error)")
        } catch {
            return .refused("it cannot be signed: \(error)")
        }
    }

    /// One attempt's request: the body, signed now, and the endpoint's own headers.
    ///
    /// - Throws: `SecretsError` when our own keys cannot open what is stored; what else is thrown no repetition mends.
    private func request(_ body: [UInt8], _ messageID: String, _ endpoint: Endpoint) throws -> WebhookRequest {
        let now = clock.nowMilliseconds()
        let opened = try opened.secrets(of: endpoint, with: keyring, nowMilliseconds: now)
        let secrets = opened.signing(nowMilliseconds: now)
        let own = opened.extras.headers
        let scheme = endpoint.settings.signing
        let message = WebhookSigner.Message(id: messageID, body: body, nowMilliseconds: now, scheme: scheme)
        let signature = try WebhookSigner.headers(for: message, scheme: scheme, secrets: secrets)
        return WebhookRequest(
            url: endpoint.settings.url,
            headers: [(name: "Content-Type", value: "application/json")] + signature
                + own.map { (name: $0.name, value: $0.revealedValue) },
            body: body, secrets: secrets.map(\.secret.revealed) + own.map(\.revealedValue), tls: opened.extras.tls)
    }
}
