import Basics
import Postgres
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct RekeyTests {
    private static func key(_ byte: UInt8) -> String { Base64.encode([UInt8](repeating: byte, count: 32)) }

    /// More than one read's worth of secrets, and headers; some of a key that nobody has any more.
    @Test func movesWhatItCanOpenAndNamesTheRest() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EndpointStore(pool: pool)
            let old = try SecretsKeyring(Self.key(1))
            let lost = try SecretsKeyring(Self.key(9))
            let settings = try EndpointFixture.settings()
            let header = EndpointExtras(headers: [EndpointHeader(name: "X-A", revealedValue: "v")]).sealedText
            for number in 0..<230 {
                let id = "ep_\(number)"
                let keyring = number == 7 ? lost : old
                _ = try await store.insert(
                    id: id, settings: settings, secret: try keyring.seal("secret \(number)", of: id),
                    extras: number % 10 == 0 ? try old.seal(header, of: id) : nil)
            }
            let both = try SecretsKeyring("\(Self.key(2)),\(Self.key(1))")
            let first = try await store.rekey(both)
            #expect(first.moved == 229 + 23 && first.unreadable == ["ep_7"])
            let again = try await store.rekey(both)
            #expect(again.moved == 0 && again.unreadable == ["ep_7"])
            let new = try SecretsKeyring(Self.key(2))
            for endpoint in try await store.page(count: 1_000) where endpoint.id != "ep_7" {
                let text = try new.open(try #require(endpoint.secrets.first).sealed, of: endpoint.id)
                #expect("ep_" + text.dropFirst(7) == endpoint.id)
                if let headers = endpoint.sealedExtras {
                    #expect(try new.open(headers, of: endpoint.id) == header)
                }
            }
            await #expect(throws: SecretsError.self) { _ = try await store.rekey(try SecretsKeyring("")) }
        }
    }
}
