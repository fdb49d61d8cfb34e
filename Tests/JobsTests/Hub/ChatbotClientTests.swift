import Basics
import Guard
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct ChatbotClientTests {
    private static let password = "a-pass-word"
    private static let list = HubBench.json(#"{"workspaces":[{"workspaceId":"w","subdomain":"acme"}]}"#)
    private static let workspace = CRMWorkspace(
        id: "w", subdomain: "acme", displayName: "Acme", adminEmail: "a@b.c", memberEmails: ["x@y.z"])
    private static let telephony = TelephonyDefaults(
        inboundPhone: "+14165550100",
        twilio: .apiKey(accountSID: "AC1", keySID: "SK1", secret: HubBench.secret("a-twilio-secret")))

    private func with<Value>(
        _ target: FakeTarget, _ login: ChatbotAccess.Login? = nil, _ body: (ChatbotClient) async throws -> Value
    ) async throws -> Value {
        let token = try #require(WebhookSecret("an-admin-token"))
        let access = ChatbotAccess(url: target.url(""), login: login ?? .token(token))
        return try await HubBench.withCurl { curl in
            try await body(
                ChatbotClient(access, client: curl, outbound: AddressGuard(), clock: HubBench.Clock()))
        }
    }

    @Test func aTokenIsShownAsItIs() async throws {
        let target = try FakeTarget(answers: [Self.list])
        let workspaces = try await with(target) { try await $0.workspaces() }
        #expect(workspaces == [CRMWorkspace(id: "w", subdomain: "acme")])
        #expect(target.requests[0].method == "GET")
        #expect(target.requests[0].path == "/regenerate-index/provision-crm-workspaces")
        #expect(target.requests[0].header("Authorization") == "Bearer an-admin-token")
    }

    /// One log-in for many calls; another when the token is too old.
    @Test func aPasswordIsExchangedForAToken() async throws {
        func session(_ name: String) -> TargetAnswer { HubBench.json(#"{"access_token":"\#(name)"}"#) }
        let target = try FakeTarget(
            answers: [
                session("one"), Self.list, Self.list, HubBench.json("old", status: 401), session("two"), Self.list,
            ])
        let login = ChatbotAccess.Login.password(
            username: "root", try #require(WebhookSecret(Self.password)))
        try await with(target, login) { chatbot in
            for _ in 0..<3 {
                let workspaces = try await chatbot.workspaces()
                #expect(workspaces.count == 1)
            }
        }
        #expect(
            target.requests.map { $0.header("Authorization") }
                == [nil, "Bearer one", "Bearer one", "Bearer one", nil, "Bearer two"])
        #expect(target.requests[0].path == "/auth/login")
        #expect(target.requests[0].text == #"{"username":"root","password":"a-pass-word"}"#)
    }

    @Test(arguments: [
        HubBench.json("wrong \(password)", status: 401), HubBench.json("{}"), HubBench.json(#"{"access_token":""}"#),
    ])
    func aLogInThatFailsTellsNoPassword(answer: TargetAnswer) async throws {
        let target = try FakeTarget(answers: [answer])
        let login = ChatbotAccess.Login.password(
            username: "root", try #require(WebhookSecret(Self.password)))
        let error = await #expect(throws: ServiceError.self) {
            try await with(target, login) { try await $0.workspaces() }
        }
        #expect(error?.description.contains(Self.password) == false)
        #expect(target.requests.count == 1)
    }

    @Test(arguments: [
        "[]", "{}", #"{"workspaces":{}}"#, #"{"workspaces":[{}]}"#, #"{"workspaces":[7]}"#,
        #"{"workspaces":[{"workspaceId":"w"},{"workspaceId":"w"}]}"#, "<html>",
    ])
    func aListThatCannotBeOneIsRefused(text: String) async throws {
        let target = try FakeTarget(answers: [HubBench.json(text)])
        let error = await #expect(throws: ServiceError.self) {
            try await with(target) { try await $0.workspaces() }
        }
        #expect(error?.code == .unreadable)
    }

    @Test func whatIsSentHasTheHubsNames() async throws {
        let target = try FakeTarget(
            answers: [HubBench.json(#"{"status":"ok","domainName":"acme","created":true}"#)])
        let result = try await with(target) { try await $0.provision(Self.workspace, Self.telephony) }
        #expect(result == .done("acme created"))
        #expect(target.requests[0].path == "/regenerate-index/provision-from-crm-workspace")
        let body = try HubBench.body(target.requests[0])
        #expect(
            body
                == [
                    "workspaceId": .string("w"), "subdomain": .string("acme"), "displayName": .string("Acme"),
                    "domainName": .string("acme"), "adminEmail": .string("a@b.c"),
                    "inboundPhone": .string("+14165550100"),
                    "hubSettings": .object([
                        "twilio_account_sid": .string("AC1"), "twilio_api_key_sid": .string("SK1"),
                        "twilio_auth_token": .string("a-twilio-secret"),
                        "twilio_phone_number": .string("+14165550100"),
                        "twilio_sms_number": .string("+14165550100"),
                        "twilio_whatsapp_number": .string("+14165550100"), "display_number": .string("+14165550100"),
                    ]),
                ])
    }

    @Test(arguments: [
        (#"{"status":"ok","domainName":"acme","created":false}"#, BackfillResult.done("acme was there already")),
        (#"{"status":"skipped","reason":"no admin"}"#, .skipped("no admin")),
        (#"{"domainName":"other","created":true}"#, .done("other created")),
    ])
    func anAnswerMeans(text: String, expected: BackfillResult) async throws {
        let target = try FakeTarget(answers: [HubBench.json(text)])
        #expect(try await with(target) { try await $0.provision(Self.workspace, Self.telephony) } == expected)
    }

    @Test func anErrorTellsNoSecret() async throws {
        for answer in [
            HubBench.json(#"{"status":"error","message":"bad a-twilio-secret of an-admin-token"}"#),
            HubBench.json("bad a-twilio-secret of an-admin-token", status: 422),
        ] {
            let target = try FakeTarget(answers: [answer])
            let error = await #expect(throws: ServiceError.self) {
                try await with(target) { try await $0.provision(Self.workspace, Self.telephony) }
            }
            #expect(error?.description.contains("bad *** of ***") == true, "\(String(describing: error))")
        }
    }

    @Test func membersAreCounted() async throws {
        let target = try FakeTarget(
            answers: [HubBench.json(#"{"status":"ok","added":["x@y.z"],"existing":[]}"#)])
        let result = try await with(target) { try await $0.syncMembers(Self.workspace) }
        #expect(result == .done("1 added, 0 there already"))
        #expect(target.requests[0].path == "/regenerate-index/sync-crm-workspace-members")
        #expect(
            try HubBench.body(target.requests[0])["hubSyncMemberEmails"] == .array([.string("x@y.z")]))
    }
}
