import Basics
import Queue

extension EndpointHandler {
    /// One attempt's request: the body, signed now, and the endpoint's own headers.
    ///
    /// - Throws: `SecretsError` when our own keys cannot open what is stored; what else is thrown no repetition mends.
    func request(_ body: [UInt8], _ messageID: String, _ endpoint: Endpoint) throws -> WebhookRequest {
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
