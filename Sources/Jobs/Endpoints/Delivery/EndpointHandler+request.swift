import Basics
import Queue

extension EndpointHandler {
    /// One attempt's request: the body, signed now, and the endpoint's own headers.
    ///
    /// - Throws: `SecretsError` when our own keys cannot open what is stored; what else is thrown no repetition mends.
    func request(_ body: [UInt8], _ messageID: String, _ endpoint: Endpoint) throws -> WebhookRequest {
        let own = try ownHeaders(of: endpoint)
        let secrets = try secrets(of: endpoint)
        let message = WebhookSigner.Message(id: messageID, body: body, nowMilliseconds: clock.nowMilliseconds())
        let signature = try WebhookSigner.headers(for: message, scheme: endpoint.settings.signing, secrets: secrets)
        return WebhookRequest(
            url: endpoint.settings.url,
            headers: [(name: "Content-Type", value: "application/json")] + signature
                + own.map { (name: $0.name, value: $0.revealedValue) },
            body: body, secrets: secrets.map(\.revealed) + own.map(\.revealedValue))
    }

    private func ownHeaders(of endpoint: Endpoint) throws -> [EndpointHeader] {
        guard let sealed = endpoint.sealedHeaders else { return [] }
        guard let headers = [EndpointHeader](sealedText: try keyring.open(sealed, of: endpoint.id)) else {
            throw SecretsError(.damaged, "an endpoint's headers cannot be read")
        }
        return headers
    }

    /// Those that sign now; one where the scheme carries no more.
    private func secrets(of endpoint: Endpoint) throws -> [EndpointSecret] {
        let scheme = endpoint.settings.signing
        guard scheme.needsSecret else { return [] }
        let live = endpoint.liveSecrets(atMilliseconds: clock.nowMilliseconds())
        return try live.prefix(scheme.carriesSeveral ? live.count : 1).map { stored in
            EndpointSecret(stored: try keyring.open(stored.sealed, of: endpoint.id))
        }
    }
}
