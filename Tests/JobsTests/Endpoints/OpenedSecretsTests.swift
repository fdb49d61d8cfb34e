import Basics
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct OpenedSecretsTests {
    private static let id = "ep_1"
    private let keyring: SecretsKeyring

    init() throws { keyring = try SecretsKeyring(Base64.encode([UInt8](repeating: 7, count: 32))) }

    private func endpoint(
        _ secrets: [(text: String, expiresAtMilliseconds: Int64?)], scheme: SigningScheme = .standard,
        header: String? = nil, sealedFor owner: String = id
    ) throws -> Endpoint {
        var settings = try EndpointFixture.settings()
        settings.signing = scheme
        return Endpoint(
            id: Self.id, settings: settings,
            secrets: try secrets.map { secret in
                Endpoint.StoredSecret(
                    sealed: try keyring.seal(secret.text, of: owner), createdAtMilliseconds: 0,
                    expiresAtMilliseconds: secret.expiresAtMilliseconds)
            },
            sealedExtras: try header.map { value in
                try keyring.seal(
                    EndpointExtras(headers: [EndpointHeader(name: "X-Key", revealedValue: value)]).sealedText, of: owner
                )
            },
            parking: nil, failuresInARow: 0, createdAtMilliseconds: 0, updatedAtMilliseconds: 0)
    }

    private func texts(_ opened: OpenedSecrets, at now: Int64) -> [String] {
        opened.signing(nowMilliseconds: now).map(\.secret.revealed)
    }

    @Test func secretsEndWhenTheirTimeComesAlthoughTheyAreKnown() throws {
        let (new, old) = (EndpointSecret().revealed, EndpointSecret().revealed)
        let endpoint = try endpoint([(new, nil), (old, 100)])
        let cache = OpenedSecretsCache()
        #expect(texts(try cache.secrets(of: endpoint, with: keyring, nowMilliseconds: 99), at: 99) == [new, old])
        #expect(texts(try cache.secrets(of: endpoint, with: keyring, nowMilliseconds: 100), at: 100) == [new])
    }

    @Test func aChangeIsSeenAtOnce() throws {
        let (first, second) = (EndpointSecret().revealed, EndpointSecret().revealed)
        let cache = OpenedSecretsCache()
        func open(_ endpoint: Endpoint) throws -> OpenedSecrets {
            try cache.secrets(of: endpoint, with: keyring, nowMilliseconds: 0)
        }
        #expect(texts(try open(try endpoint([(first, nil)])), at: 0) == [first])
        #expect(texts(try open(try endpoint([(second, nil)])), at: 0) == [second])
        let withHeader = try open(try endpoint([(second, nil)], header: "v1"))
        #expect(withHeader.extras.headers.map(\.revealedValue) == ["v1"])
        #expect(try open(try endpoint([(second, nil)], header: "v2")).extras.headers.map(\.revealedValue) == ["v2"])
        #expect(try open(try endpoint([(second, nil)], scheme: .none)).signing(nowMilliseconds: 0).isEmpty)
        #expect(try open(try endpoint([(second, nil)], scheme: .body)).signing(nowMilliseconds: 0)[0].key == nil)
    }

    /// What cannot be opened is said each time; nothing of it is remembered.
    @Test func whatCannotBeOpenedIsAnError() throws {
        let cache = OpenedSecretsCache()
        let endpoint = try endpoint([(EndpointSecret().revealed, nil)], sealedFor: "ep_2")
        for _ in 0..<2 {
            #expect(throws: SecretsError.self) {
                try cache.secrets(of: endpoint, with: keyring, nowMilliseconds: 0)
            }
        }
    }

    @Test func itNeverShows() throws {
        let secret = EndpointSecret().revealed
        let opened = try OpenedSecrets(
            of: try endpoint([(secret, nil)], header: "h-e-a-d-e-r"), with: keyring, nowMilliseconds: 0)
        var dumped = ""
        dump(opened, to: &dumped)
        dump(opened.signing(nowMilliseconds: 0), to: &dumped)
        for text in ["\(opened)", "\(opened.signing(nowMilliseconds: 0))", dumped] {
            #expect(!text.contains(secret) && !text.contains("h-e-a-d-e-r"))
        }
    }
}
