import Basics
import Command
import Curl
import Guard
import Postgres
import Redis
import TestKit
import Testing

@testable import Jobs
@testable import Queue

@Suite(.timeLimit(.minutes(2)))
struct BackfillHandlerTests {
    /// One backfill on a database of its own, with a domain-chatbot.
    private struct Bench {
        let store: BackfillStore
        let queue: QueueClient
        let handler: BackfillHandler
        let target: FakeTarget
        let keyring: SecretsKeyring
        let secrets: BackfillSecrets

        func start(
            _ workspaces: [CRMWorkspace], mode: BackfillMode = .full, id: String = "bf_1"
        ) async throws -> Backfill? {
            try await store.insert(
                id: id, try BackfillPlan(mode, workspaces), selection: [], telephony: secrets.telephony?.description,
                pacePerMinute: 30, secrets: try secrets.sealed(for: id, keyring), nowMilliseconds: 1_800_000_000_000)
        }

        func run(_ workspace: String, of id: String = "bf_1", isLast: Bool = false) async throws -> JobOutcome {
            try await handler.run(
                BackfillArguments(backfill: id, workspace: workspace),
                .init(job: JobID(nowMilliseconds: 5), isLast: isLast, pauseMilliseconds: 4_000))
        }

        func states(_ id: String = "bf_1") async throws -> [String: String] {
            let items = try await store.items(of: id)
            return Dictionary(items.map { ($0.workspace.id, "\($0.state.rawValue): \($0.detail)") }) { first, _ in first
            }
        }
    }

    private static let workspaces = [
        CRMWorkspace(id: "a", subdomain: "acme"), CRMWorkspace(id: "b", subdomain: "beta"),
        CRMWorkspace(id: "c", subdomain: "gamma", isConnected: true), CRMWorkspace(id: "d", subdomain: "No Slug"),
    ]
    private static let made = HubBench.json(#"{"status":"ok","created":true}"#)

    private func with(_ answers: [TargetAnswer] = [], _ body: (Bench) async throws -> Void) async throws {
        let target = try FakeTarget(answers: answers, then: HubBench.json("down", status: 500))
        try await withTarget(target, body)
    }

    private func withTarget(_ target: FakeTarget, _ body: (Bench) async throws -> Void) async throws {
        let keyring = try SecretsKeyring(Base64.encode(Array(repeating: 7, count: 32)))
        let secret = try #require(WebhookSecret("a-twilio-token"))
        let secrets = BackfillSecrets(
            access: ChatbotAccess(url: target.url(""), login: .token(try #require(WebhookSecret("an-admin-token")))),
            telephony: TelephonyDefaults(
                inboundPhone: "+14165550100", twilio: .authToken(accountSID: "AC1", token: secret)))
        let redis = RedisClient(
            configuration: try await TestRedis.configuration(), name: "test", logger: HubBench.silent)
        let queue = QueueClient(redis: redis, namespace: TestRedis.makeNamespace())
        let result: Result<Void, any Error>
        do {
            try await PostgresFixture.withDatabase { pool in
                try await HubBench.withCurl { curl in
                    let store = BackfillStore(pool: pool)
                    let handler = BackfillHandler(
                        store: store, queue: queue, keyring: keyring, curl: curl, outbound: AddressGuard(),
                        clock: HubBench.Clock(), logger: HubBench.silent)
                    try await body(
                        Bench(
                            store: store, queue: queue, handler: handler, target: target, keyring: keyring,
                            secrets: secrets))
                }
            }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await redis.shutdown()
        try result.get()
    }

    @Test func eachWorkspaceIsDoneOnceAndThenItIsOver() async throws {
        try await with([Self.made, HubBench.json(#"{"status":"skipped","reason":"no admin"}"#)]) { bench in
            let backfill = try #require(try await bench.start(Self.workspaces))
            #expect(
                try await bench.states()
                    == [
                        "a": "pending: ", "b": "pending: ", "c": "skipped: it has a Hub already",
                        "d": "failed: its domain is not of the form [a-z0-9-]{3,30}",
                    ])
            try await bench.queue.setLimits(backfill.limits, ofLane: backfill.lane, in: JobQueue.hub)
            #expect(try await bench.run("a") == .done(note: "acme created"))
            #expect(try await bench.run("a") == .done(note: "left alone: done"))
            #expect(try await bench.store.running()?.id == "bf_1")
            #expect(try await bench.run("b") == .done(note: "skipped: no admin"))
            #expect(bench.target.requests.count == 2)
            let end = try #require(try await bench.store.find("bf_1"))
            #expect(end.state == .done && end.secrets == nil)
            #expect(try await bench.store.running() == nil)
            #expect(try await bench.queue.status(ofLane: backfill.lane, in: JobQueue.hub).limits == .standard)
            #expect(try await bench.run("d") == .bury(reason: "its backfill has ended; start another"))
            #expect(try await bench.run("x") == .done(note: "there is no such workspace in a backfill"))
            #expect(try await bench.run("a", of: "bf_9") == .done(note: "there is no such workspace in a backfill"))
        }
    }

    @Test func whatFailsIsTriedAgainAndThenFails() async throws {
        try await with([HubBench.json("busy", status: 503), HubBench.json("no", status: 422), Self.made]) { bench in
            _ = try await bench.start(Self.workspaces)
            let busy = "domain-chatbot failed: status 503: busy"
            #expect(try await bench.run("a") == .retry(reason: busy))
            #expect(try await bench.states()["a"] == "pending: \(busy)")
            let refused = "domain-chatbot refused: status 422: no"
            #expect(try await bench.run("a") == .bury(reason: refused))
            #expect(try await bench.states()["a"] == "failed: \(refused)")
            // Sent back to work by a person while the others are still to come.
            #expect(try await bench.run("a") == .done(note: "acme created"))
            #expect(try await bench.run("b", isLast: true) == .retry(reason: "domain-chatbot failed: status 500: down"))
            #expect(try await bench.states()["b"] == "failed: domain-chatbot failed: status 500: down")
            #expect(try await bench.store.find("bf_1")?.state == .done)
        }
    }

    /// While nobody answers the others keep their attempts; a limit costs none.
    @Test func anAbsentServiceHoldsTheLane() async throws {
        let target = try FakeTarget(
            answers: [.reply(status: 429, headers: [("Retry-After", "9")], body: [])], isListening: false)
        try await withTarget(target) { bench in
            _ = try await bench.start(Self.workspaces)
            guard case .retry(_, _, 4_000) = try await bench.run("a") else { throw Unexpected() }
            try target.listen()
            guard case .defer(9_000, _, 9_000) = try await bench.run("a") else { throw Unexpected() }
            #expect(try await bench.states()["a"]?.hasPrefix("pending: domain-chatbot limited") == true)
        }
    }

    private struct Unexpected: Error {}

    @Test func oneAtATime() async throws {
        try await with { bench in
            let first = try await bench.start(Self.workspaces)
            #expect(try await bench.start(Self.workspaces, id: "bf_2") == nil && first != nil)
            #expect(try await bench.store.items(of: "bf_2").isEmpty)
            #expect(try await bench.store.cancel("bf_1")?.state == .cancelled)
            #expect(try await bench.store.cancel("bf_1") == nil)
            #expect(try await bench.states()["a"] == "cancelled: ")
            #expect(try await bench.run("a") == .done(note: "left alone: cancelled"))
            #expect(bench.target.requests.isEmpty)
            #expect(try await bench.store.find("bf_1")?.secrets == nil)
            #expect(try await bench.start(Self.workspaces, id: "bf_2") != nil)
        }
    }

    @Test func membersAreBroughtToo() async throws {
        let list = [CRMWorkspace(id: "m", subdomain: "acme", isConnected: true, memberEmails: ["x@y.z"])]
        try await with([HubBench.json(#"{"status":"ok","added":["x@y.z"],"existing":[]}"#)]) { bench in
            _ = try await bench.start(list, mode: .syncMembers)
            #expect(try await bench.run("m") == .done(note: "1 added, 0 there already"))
            #expect(bench.target.requests[0].path == "/regenerate-index/sync-crm-workspace-members")
        }
    }

    /// The credentials are useless to whoever reads the table.
    @Test func nothingIsKeptInTheClear() async throws {
        try await with { bench in
            let backfill = try #require(try await bench.start(Self.workspaces))
            let sealed = try #require(backfill.secrets)
            #expect(try BackfillSecrets(sealed, of: "bf_1", bench.keyring) == bench.secrets)
            #expect(throws: SecretsError.self) { try BackfillSecrets(sealed, of: "bf_2", bench.keyring) }
            for secret in ["a-twilio-token", "an-admin-token"] {
                #expect(!String(decoding: sealed.bytes, as: UTF8.self).contains(secret))
                #expect(backfill.telephony?.contains(secret) == false)
            }
        }
    }
}
