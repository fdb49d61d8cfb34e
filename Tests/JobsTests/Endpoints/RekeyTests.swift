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
            let first = try await Rekeying.run(both, pool: pool)
            #expect(first.moved == 229 + 23 && first.unreadable == ["ep_7"])
            let again = try await Rekeying.run(both, pool: pool)
            #expect(again.moved == 0 && again.unreadable == ["ep_7"])
            let new = try SecretsKeyring(Self.key(2))
            for endpoint in try await store.page(count: 1_000) where endpoint.id != "ep_7" {
                let text = try new.open(try #require(endpoint.secrets.first).sealed, of: endpoint.id)
                #expect("ep_" + text.dropFirst(7) == endpoint.id)
                if let headers = endpoint.sealedExtras {
                    #expect(try new.open(headers, of: endpoint.id) == header)
                }
            }
            await #expect(throws: SecretsError.self) { _ = try await Rekeying.run(try SecretsKeyring(""), pool: pool) }
        }
    }

    /// What is sealed beside endpoints: the table says which, so that a new sealed column is not forgotten.
    @Test func everySealedColumnIsMoved() async throws {
        try await PostgresFixture.withDatabase { pool in
            let sealed = try await pool.query(
                PostgresStatement(
                    "sealed_columns",
                    """
                    SELECT table_schema || '.' || table_name AS name FROM information_schema.columns
                    WHERE table_schema IN ('jobs', 'crm') AND column_name LIKE '%key_id' ORDER BY 1
                    """)
            ).map { try $0.string("name") }
            #expect(
                sealed == [
                    "crm.engagement_workspace", "jobs.crm_config", "jobs.endpoint_secrets", "jobs.endpoints",
                    "jobs.hub_backfills",
                ])
            #expect(SealedPlace.all.count == sealed.count)
        }
    }

    @Test func keysOfWorkspacesAndCredentialsOfBackfillsAreMovedToo() async throws {
        try await PostgresFixture.withDatabase { pool in
            let (old, lost) = (try SecretsKeyring(Self.key(1)), try SecretsKeyring(Self.key(9)))
            let store = EngagementWorkspaceStore(pool: pool)
            for (id, keyring) in [("w-1", old), ("w-2", lost), ("w-3", old)] {
                var workspace = try EngagementWorkspaceDraft.decode(
                    Array(#"{"domain_name":"d.example","api_key":"of-the-hub"}"#.utf8), id: id
                ).workspace
                let key = try #require(WebhookSecret("of-the-hub"))
                workspace.sealedKey = id == "w-3" ? nil : try workspace.seal(key, with: keyring)
                _ = try await store.save(workspace, keepsKey: false)
            }
            let token = try #require(WebhookSecret("a-token-of-the-chatbot"))
            let secrets = BackfillSecrets(
                access: ChatbotAccess(url: "http://127.0.0.1:1", login: .token(token)), telephony: nil)
            let backfill = try secrets.sealed(for: "bf_1", old)
            _ = try await pool.query(
                PostgresStatement(
                    "test_backfill",
                    """
                    INSERT INTO jobs.hub_backfills
                        (id, mode, state, selection, pace_per_minute, secrets_key_id, secrets, created_at)
                    VALUES ('bf_1', 'sync_members', 'running', '[]', 60, $1, $2, now())
                    """), [.text(backfill.keyID), .bytes(backfill.bytes)])
            let both = try SecretsKeyring("\(Self.key(2)),\(Self.key(1))")
            let result = try await Rekeying.run(both, pool: pool)
            #expect(result.moved == 2 && result.unreadable == ["engagement workspace w-2"])
            let new = try SecretsKeyring(Self.key(2))
            let moved = try #require(try await store.find("w-1")?.sealedKey)
            #expect(try new.open(moved, of: EngagementWorkspace.owner("w-1")) == "of-the-hub")
            let row = try await pool.query(
                PostgresStatement("test_moved", "SELECT secrets_key_id, secrets FROM jobs.hub_backfills"))[0]
            let opened = try BackfillSecrets(
                SealedSecret(keyID: try row.string("secrets_key_id"), bytes: try row.bytes("secrets")), of: "bf_1", new)
            #expect(opened == secrets)
            #expect(try await Rekeying.run(both, pool: pool).moved == 0)
        }
    }
}
