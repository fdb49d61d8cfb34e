import Basics
import Postgres
import Queue
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct WorkspaceStoreTests {
    private static let key = Base64.encode(Array(repeating: 7, count: 32))

    private func draft(_ text: String, id: String = "w") throws -> EngagementWorkspaceDraft {
        try EngagementWorkspaceDraft.decode(Array(text.utf8), id: id)
    }

    @Test func settingsAreKeptWithTheKeySealed() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EngagementWorkspaceStore(pool: pool)
            let keyring = try SecretsKeyring(Self.key)
            let draft = try draft(
                """
                {"domain_name":"d.example","api_key":"very-secret","channel":"sms","type":"informational",
                "instruction":"Be kind","actions":{"CALL_LEAD":{"channel":"phone","type":"confirmational"}},
                "rules":[{"key":"k","signals":["MISSED_CALL"],"action":"CALL_LEAD","enabled":true,"auto_run":true}]}
                """)
            var workspace = draft.workspace
            guard case .set(let secret) = draft.key else {
                Issue.record("no key")
                return
            }
            workspace.sealedKey = try workspace.seal(secret, with: keyring)
            #expect(try await store.save(workspace, keepsKey: false) == workspace)
            #expect(try await store.find("w") == workspace)
            #expect(try await store.find(domainName: "d.example") == workspace)
            #expect(try await store.only() == workspace)
            let bytes = try await pool.query(
                PostgresStatement("t", "SELECT key_sealed FROM crm.engagement_workspace"))[0].bytes("key_sealed")
            #expect(!String(decoding: bytes, as: UTF8.self).contains("very-secret"))
            // A change without a key keeps it; an empty one removes it.
            let changed = try self.draft(#"{"domain_name":"e.example"}"#)
            let kept = try await store.save(changed.workspace, keepsKey: changed.key == .kept)
            #expect(kept.sealedKey == workspace.sealedKey && kept.domainName == "e.example" && kept.actions.isEmpty)
            let emptied = try self.draft(#"{"domain_name":"e.example","api_key":""}"#)
            #expect(try await store.save(emptied.workspace, keepsKey: emptied.key == .kept).sealedKey == nil)
            _ = try await store.save(
                try self.draft(#"{"domain_name":"f.example"}"#, id: "v").workspace, keepsKey: false)
            #expect(try await store.only() == nil)
            #expect(try await store.remove("w"))
            #expect(try await !store.remove("w"))
        }
    }

    @Test func aPlaceIsTheWorkspacesOwn() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EngagementWorkspaceStore(pool: pool)
            _ = try await store.save(try draft(#"{"domain_name":"d.example"}"#).workspace, keepsKey: false)
            _ = try await store.save(
                try draft(#"{"domain_name":"off.example","enabled":false}"#, id: "off").workspace, keepsKey: false)
            let hub = try ServiceAddress(
                name: "hub", url: "http://127.0.0.1:9", token: nil, isNamedByOperator: true)
            func place(
                _ workspaceID: String?, _ domainName: String?, hasHub: Bool = true, usual: String? = nil
            ) async throws -> String {
                let starter = EngagementStarter(
                    starts: StartStore(pool: pool), workspaces: store, people: GivenPeople(),
                    configuration: EngagementConfiguration(hub: hasHub ? hub : nil, domainName: usual),
                    clock: SystemWallClock())
                do {
                    let scope = try await starter.place(workspaceID: workspaceID, domainName: domainName).scope
                    return "\(scope.workspaceID ?? "-") \(scope.domainName)"
                } catch let refusal as EngagementRefusal {
                    return refusal.reason.rawValue
                }
            }
            #expect(try await place("w", nil) == "w d.example")
            #expect(try await place("w", "d.example") == "w d.example")
            #expect(try await place("w", "other.example") == "other_domain")
            #expect(try await place(nil, "d.example") == "w d.example")
            #expect(try await place("off", nil) == "switched_off")
            #expect(try await place("new", nil) == "not_configured")
            #expect(try await place("new", nil, usual: "u.example") == "new u.example")
            #expect(try await place("new", "x.example") == "new x.example")
            #expect(try await place(nil, nil) == "not_configured")
            #expect(try await place(nil, nil, usual: "u.example") == "- u.example")
            #expect(try await place("w", nil, hasHub: false) == "not_configured")
        }
    }
}
