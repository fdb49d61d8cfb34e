// Opening a secret costs as much as signing with it, so what is opened is kept: in this process only, as long as the endpoint
// has the same sealed bytes. It is never described and never logged.

import Synchronization

/// What one endpoint's sealed bytes hold.
struct OpenedSecrets: Sendable, CustomStringConvertible, CustomReflectable {
    /// What the owner adds.
    let extras: EndpointExtras
    private let secrets: [(secret: SigningSecret, expiresAtMilliseconds: Int64?)]

    /// Opens what signs now; nothing that does not will sign later.
    ///
    /// - Throws: `SecretsError` when our own keys cannot open what is stored, `SigningError` when it cannot sign.
    init(of endpoint: Endpoint, with keyring: SecretsKeyring, nowMilliseconds: Int64) throws {
        extras = try keyring.extras(endpoint.sealedExtras, of: endpoint.id)
        var secrets: [(secret: SigningSecret, expiresAtMilliseconds: Int64?)] = []
        let scheme = endpoint.settings.signing
        let live = scheme.needsSecret ? endpoint.liveSecrets(atMilliseconds: nowMilliseconds) : []
        // One where the scheme carries no more.
        for stored in live.prefix(scheme.carriesSeveral ? live.count : 1) {
            let secret = EndpointSecret(stored: try keyring.open(stored.sealed, of: endpoint.id))
            secrets.append((try SigningSecret(secret, for: scheme), stored.expiresAtMilliseconds))
        }
        self.secrets = secrets
    }

    /// Those that sign at a moment, newest first.
    func signing(nowMilliseconds: Int64) -> [SigningSecret] {
        secrets.filter { $0.expiresAtMilliseconds.map { nowMilliseconds < $0 } ?? true }.map(\.secret)
    }

    /// Hides the secrets.
    var description: String { "<secrets>" }
    /// Hides the secrets.
    var customMirror: Mirror { Mirror(self, children: []) }
}

/// The secrets of the endpoints that were delivered to lately. Any number of tasks may ask.
final class OpenedSecretsCache: Sendable {
    /// Most endpoints; one more and all are forgotten.
    private static let maximumEntries = 1_000

    private struct Entry: Sendable {
        let sealed: [Endpoint.StoredSecret]
        let sealedExtras: SealedSecret?
        let scheme: SigningScheme
        let opened: OpenedSecrets
    }

    private let entries = Mutex<[String: Entry]>([:])

    /// What is sealed in `endpoint`: opened now, or known from before.
    func secrets(
        of endpoint: Endpoint, with keyring: SecretsKeyring, nowMilliseconds: Int64
    ) throws -> OpenedSecrets {
        let known = entries.withLock { $0[endpoint.id] }
        if let known, known.sealed == endpoint.secrets, known.sealedExtras == endpoint.sealedExtras,
            known.scheme == endpoint.settings.signing
        {
            return known.opened
        }
        let opened = try OpenedSecrets(of: endpoint, with: keyring, nowMilliseconds: nowMilliseconds)
        let entry = Entry(
            sealed: endpoint.secrets, sealedExtras: endpoint.sealedExtras, scheme: endpoint.settings.signing,
            opened: opened)
        entries.withLock { entries in
            if entries.count >= Self.maximumEntries { entries.removeAll() }
            entries[endpoint.id] = entry
        }
        return opened
    }
}
