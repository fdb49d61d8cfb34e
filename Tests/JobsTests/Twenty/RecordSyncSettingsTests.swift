import Basics
import Logging
import Postgres
import Queue
import TestKit
import Testing
import Threads

@testable import Jobs

@Suite(.timeLimit(.minutes(1))) struct RecordSyncSettingsTests {
    private let keyring: SecretsKeyring
    private let variables: RecordSyncSettings

    init() throws {
        keyring = try SecretsKeyring(Base64.encode([UInt8](repeating: 7, count: 32)))
        variables = RecordSyncSettings(
            baseURL: try WebhookURL("https://crm.example/base"), key: WebhookSecret("variable-key"), isEnabled: true,
            mode: .directCRM)
    }

    private func draft(_ json: String) throws -> RecordSyncDraft { try .decode(Array(json.utf8)) }

    @Test(arguments: [
        (#"{"enabled":true,"mode":"direct_crm"}"#, "/base_url"),
        (#"{"base_url":"ftp://x","enabled":true,"mode":"direct_crm"}"#, "/base_url"),
        (#"{"base_url":"https://x.example/?a=b","enabled":true,"mode":"direct_crm"}"#, "/base_url"),
        (#"{"base_url":"https://x.example","enabled":"yes","mode":"direct_crm"}"#, "/enabled"),
        (#"{"base_url":"https://x.example","enabled":true,"mode":"both"}"#, "/mode"),
        (#"{"base_url":"https://x.example","enabled":true,"mode":"platform","api_key":"a\nb"}"#, "/api_key"),
        (#"{"base_url":"https://x.example","enabled":true,"mode":"platform","apiKey":"a"}"#, "/apiKey"),
    ])
    func badSettingsAreNamed(json: String, pointer: String) throws {
        let error = try #require(throws: InputError.self) { try draft(json) }
        #expect(error.kind == .invalid && error.problems.map(\.pointer).contains(pointer))
        #expect(throws: InputError.self) { try RecordSyncDraft.decode(Array("{".utf8)) }
        #expect(throws: InputError.self) { try RecordSyncDraft.decode(Array("[]".utf8)) }
    }

    /// A key goes to the address that it was given for, and to no other.
    @Test func aKeyStaysWithItsAddress() throws {
        func config(_ json: String, _ current: RecordSyncConfig? = nil) throws -> RecordSyncConfig {
            try draft(json).config(changing: current, variables: variables, keyring, by: "ops")
        }
        let own = try config(
            #"{"base_url":"https://other.example","api_key":"own-key","enabled":true,"mode":"direct_crm"}"#)
        #expect(try own.settings(over: variables, keyring).key?.revealed == "own-key")
        #expect(try own.settings(over: variables, keyring).isNamedByOperator == false)
        let kept = try config(#"{"base_url":"https://OTHER.example/","enabled":false,"mode":"platform"}"#, own)
        #expect(kept.key == own.key && kept.mode == .platform && !kept.isEnabled)
        for current in [own, nil] {
            let error = try #require(throws: InputError.self) {
                try config(#"{"base_url":"https://evil.example","enabled":true,"mode":"direct_crm"}"#, current)
            }
            #expect(error.problems.map(\.pointer) == ["/api_key"])
            let off = try config(#"{"base_url":"https://evil.example","enabled":false,"mode":"direct_crm"}"#, current)
            #expect(try off.settings(over: variables, keyring).key == nil)
        }
        // The variable's own address may use the variable's key; another path or port is another place.
        let same = try config(#"{"base_url":"https://crm.example/base/","enabled":true,"mode":"direct_crm"}"#)
        #expect(try same.settings(over: variables, keyring).key?.revealed == "variable-key")
        #expect(try same.settings(over: variables, keyring).isNamedByOperator)
        for url in ["https://crm.example", "https://crm.example:8443/base", "http://crm.example/base"] {
            #expect(throws: InputError.self) {
                try config(#"{"base_url":"\#(url)","enabled":true,"mode":"direct_crm"}"#)
            }
        }
    }

    @Test func aTestSendsNoKeyElsewhereEither() throws {
        func tested(_ json: String) throws -> RecordSyncSettings {
            try RecordSyncDraft.decodeTest(Array(json.utf8)).tested(over: variables)
        }
        #expect(try tested("") == variables)
        #expect(try tested(#"{"api_key":"other-key"}"#).key?.revealed == "other-key")
        let other = try tested(#"{"base_url":"https://other.example","api_key":"k"}"#)
        #expect(other.baseURL?.host == "other.example" && !other.isNamedByOperator)
        #expect(throws: InputError.self) { try tested(#"{"base_url":"https://other.example"}"#) }
    }

    @Test func theRowIsKeptWithItsKeySealed() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = RecordSyncStore(pool: pool)
            #expect(try await store.find() == nil)
            let body =
                #"{"base_url":"https://x.example","api_key":"a-very-secret-key","enabled":true,"mode":"direct_crm"}"#
            let made = try await store.change { current in
                try draft(body).config(changing: current, variables: variables, keyring, by: "ada")
            }
            #expect(made.createdBy == "ada" && made.createdAtMilliseconds > 0)
            let later = try await store.change { current in
                var config = try #require(current)
                config.updatedBy = "bob"
                config.isEnabled = false
                return config
            }
            #expect(try await store.find() == later)
            #expect(later.createdBy == "ada" && later.updatedBy == "bob" && later.key == made.key)
            let rows = try await pool.query(
                PostgresStatement(
                    "look", "SELECT encode(sealed, 'escape') || c::text AS all_of_it FROM jobs.crm_config c"))
            #expect(try rows.first?.string("all_of_it").contains("secret-key") == false)
            // Under a new key, as with the endpoints' secrets.
            let old = Base64.encode([UInt8](repeating: 7, count: 32))
            let both = try SecretsKeyring(Base64.encode([UInt8](repeating: 8, count: 32)) + "," + old)
            #expect(try await Rekeying.run(both, pool: pool).moved == 1)
            #expect(try await Rekeying.run(both, pool: pool).moved == 0)
            let new = try SecretsKeyring(Base64.encode([UInt8](repeating: 8, count: 32)))
            #expect(try await store.find()?.settings(over: variables, new).key?.revealed == "a-very-secret-key")
            let error = try #require(throws: SecretsError.self) { try made.settings(over: variables, new) }
            #expect(error.code == .unknownKey)
        }
    }

    private final class Clock: MonotonicClock {
        let now = Locked<Int64>(0)
        var nowMilliseconds: Int64 { now.withLock { $0 } }
        func sleep(milliseconds: Int64) async throws {}
    }

    /// Everywhere within two seconds; and while the database is away, as it was, for an hour.
    @Test func aChangeIsSeenSoon() async throws {
        let clock = Clock()
        var kept: RecordSyncDirectory?
        try await PostgresFixture.withDatabase { pool in
            let store = RecordSyncStore(pool: pool)
            let directory = RecordSyncDirectory(
                store: store, variables: variables, keyring: keyring, clock: clock, logger: Logger(label: "test"))
            #expect(try await directory.settings() == variables)
            _ = try await store.change { _ in
                try draft(#"{"base_url":"https://x.example","api_key":"k","enabled":true,"mode":"platform"}"#)
                    .config(changing: nil, variables: variables, keyring, by: "x")
            }
            clock.now.withLock { $0 = RecordSyncDirectory.freshMilliseconds - 1 }
            #expect(try await directory.settings() == variables)
            clock.now.withLock { $0 = RecordSyncDirectory.freshMilliseconds }
            #expect(try await directory.settings().mode == .platform)
            kept = directory
        }
        let directory = try #require(kept)
        clock.now.withLock { $0 = RecordSyncDirectory.staleMilliseconds }
        #expect(try await directory.settings().mode == .platform)
        clock.now.withLock { $0 = RecordSyncDirectory.staleMilliseconds * 2 }
        let error = await #expect(throws: TwentyError.self) { try await directory.settings() }
        #expect(error?.code == .interrupted)
    }
}
