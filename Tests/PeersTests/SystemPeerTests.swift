import Basics
import Testing

@testable import Peers

/// The systems beside Twenty, without a server.
@Suite(.timeLimit(.minutes(1)))
struct SystemPeerTests {
    private let secrets = PeerSecrets()
    private let clock = PeerClock()
    private let crm: CRM

    init() { crm = CRM(clock: clock, options: PeersOptions()) }

    private func send(
        _ peer: any Peer, _ method: String, _ target: String, _ body: String = "", key: String? = nil,
        headers: [(name: String, value: String)] = []
    ) -> (Int, JSONObject) {
        let fields = headers + (key.map { [(name: "Authorization", value: "Bearer \($0)")] } ?? [])
        let answer = peer.answer(
            PeerRequest(method: method, target: target, headers: fields, body: Array(body.utf8)))
        return (answer.status, TwentyBench.object(answer))
    }

    @Test func provisioning() throws {
        let peer = ProvisioningPeer(crm, secrets: secrets)
        func call(_ method: String, _ route: String, _ body: String = "") -> (Int, JSONObject) {
            send(peer, method, "/auth/provision/\(route)", body, key: secrets.provisioning)
        }
        #expect(send(peer, "POST", "/auth/provision/resolve", "{}", key: "wrong").0 == 401)
        let (status, made) = call("POST", "workspace", #"{"adminEmail":"a@x.test","subdomain":"north"}"#)
        #expect((status, made["wasCreated"]) == (200, .bool(true)))
        let id = try #require(made.text("workspaceId"))
        let again = call("POST", "workspace", #"{"adminEmail":"a@x.test","subdomain":"north"}"#).1
        #expect(again["wasCreated"] == .bool(false))
        #expect(call("POST", "user", #"{"workspaceId":"\#(id)","email":"b@x.test"}"#).1["wasCreated"] == .bool(true))
        #expect(call("POST", "user", #"{"workspaceId":"\#(id)","email":"b@x.test"}"#).1["wasCreated"] == .bool(false))
        #expect(call("POST", "user", #"{"workspaceId":"none","email":"b@x.test"}"#).0 == 404)
        #expect(call("POST", "resolve", #"{"email":"b@x.test","tenantSubdomain":"acme"}"#).0 == 400)
        let (_, list) = call("GET", "workspaces?activationStatus=ACTIVE")
        let north = try #require(list["workspaces"]?.objects.first { $0.text("subdomain") == "north" })
        #expect(north["hubSyncMemberEmails"]?.strings == ["a@x.test", "b@x.test"])
        let (_, link) = call("POST", "link-workspace", #"{"workspaceId":"\#(id)","domainName":"north-hub"}"#)
        let key = try #require(link.text("twentyApiKey"))
        #expect(
            TwentyPeer(crm).answer(
                PeerRequest(
                    method: "GET", target: "/rest/people", headers: [("authorization", "Bearer \(key)")], body: [])
            ).status == 200)
        #expect(call("GET", "workspace?subdomain=north").1["hubConnected"] == .bool(true))
        #expect(call("DELETE", "workspace?subdomain=north").0 == 200)
        #expect(call("DELETE", "workspace?subdomain=north").0 == 404)
        #expect(call("POST", "demo-tenant", #"{"subdomain":"demo-1"}"#).1.text("twentyApiKey") != nil)
    }

    @Test func ownershipContext() throws {
        let peer = ProvisioningPeer(crm, secrets: secrets)
        try peer.replace([
            "workspaces": .array([
                .object([
                    "id": .string(CRM.firstWorkspaceID), "scopeField": .string("tipsAgentId"),
                    "scopeValues": .object(["jane@x.test": .number("42")]),
                    "memberPhones": .object(["+15551234567": .string("jane@x.test")]),
                    "workspaceMembers": .array([
                        .object([
                            "userEmail": .string("jane@x.test"),
                            "name": .object(["firstName": .string("Jane"), "lastName": .string("Agent")]),
                        ])
                    ]),
                ])
            ])
        ])
        func call(_ who: String) -> (Int, JSONObject) {
            send(
                peer, "POST", "/auth/provision/person-ownership-context",
                #"{"workspaceId":"\#(CRM.firstWorkspaceID)"\#(who)}"#, key: secrets.provisioning)
        }
        let (_, jane) = call(#","email":"jane@x.test""#)
        #expect(jane.text("displayName") == "Jane Agent")
        #expect(jane.text("personWallScopeFieldName") == "tipsAgentId")
        #expect(jane["personWallScopeValue"] == .number("42"))
        #expect(call(#","engagementInitiatorPhone":"+15551234567""#).1 == jane)
        #expect(call(#","engagementInitiatorPhone":"+15550000000""#).0 == 404)
        #expect(call("").0 == 400)
        let (status, new) = call(#","email":"new@x.test""#)
        #expect((status, new["personWallScopeFieldName"]) == (200, nil))
    }

    @Test func hub() throws {
        let peer = HubPeer(clock: clock, secrets: secrets)
        func call(_ method: String, _ target: String, _ body: String = "", id: String? = nil) -> (Int, JSONObject) {
            let headers = id.map { [(name: "Idempotency-Key", value: $0)] } ?? []
            return send(peer, method, "/integration/\(target)", body, key: secrets.hubKey, headers: headers)
        }
        let start = #"{"phone_number":"+15551234567","domain_name":"acme","type":"conversational","channel":"phone"}"#
        #expect(send(peer, "POST", "/integration/start", start, key: "wrong").0 == 401)
        let (status, first) = call("POST", "start", start, id: "k1")
        #expect((status, first.text("status")) == (200, "accepted"))
        let id = try #require(first.text("engagement_id"))
        #expect(call("POST", "start", start, id: "k1").1.text("engagement_id") == id)
        #expect(call("POST", "start", start, id: "k2").1.text("engagement_id") != id)
        #expect(call("POST", "start", #"{"domain_name":"acme"}"#).0 == 400)
        #expect(call("POST", "start", #"{"email":"a@b.c","domain_name":"acme","type":"ESCALATE_TO_SALES"}"#).0 == 422)
        try peer.replace(["completes_after_seconds": .number("60")])
        #expect(call("GET", "engagement/\(id)").1.text("status") == "accepted")
        clock.advance(milliseconds: 61_000)
        let (_, over) = call("GET", "engagement/\(id)")
        #expect(over.text("outcome") == "Answered")
        #expect(over["transcript"]?.array?.count == 1)
        #expect(call("POST", "engagement/\(id)/cancel").0 == 409)
        let (_, other) = call("POST", "start", start)
        let second = other.text("engagement_id") ?? ""
        #expect(call("POST", "engagement/\(second)/cancel").1.text("status") == "cancelled")
        try peer.replace(["forget": .texts([id])])
        #expect(call("GET", "engagement/\(id)").0 == 404)
    }

    @Test func assistantAndChatbot() throws {
        let domains = Domains(crm)
        let assistant = AssistantPeer(domains, secrets: secrets)
        let chatbot = ChatbotPeer(domains, secrets: secrets)
        func ask(_ action: String, key: String? = nil) -> (Int, JSONObject) {
            send(
                assistant, "POST", "/internal/crm-hub-provision",
                #"{"action":"\#(action)","workspaceId":"\#(CRM.firstWorkspaceID)"}"#, key: key ?? secrets.callback)
        }
        func admin(_ method: String, _ route: String, _ body: String = "") -> (Int, JSONObject) {
            send(chatbot, method, "/regenerate-index/\(route)", body, key: secrets.superAdminToken)
        }
        #expect(ask("full", key: "wrong").0 == 401)
        #expect(ask("half").0 == 422)
        #expect(ask("sync_members").1.text("reason") == "hub_not_linked")
        let (_, done) = ask("full")
        #expect((done.text("status"), done.text("domainName")) == ("ok", "acme"))
        #expect(ask("full").1.text("reason") == "already_linked")
        crm.change { state in
            _ = CRM.ensureMember("m@x.test", firstName: "", lastName: "", in: &state.workspaces[0], now: clock.text)
        }
        #expect(ask("sync_members").1["added"]?.strings == ["m@x.test"])
        #expect(ask("sync_members").1["existing"]?.strings == ["m@x.test"])

        let (_, login) = send(
            chatbot, "POST", "/auth/login", #"{"username":"peers-admin","password":"peers-admin-password"}"#)
        #expect(login.text("access_token") == secrets.superAdminToken)
        #expect(send(chatbot, "GET", "/regenerate-index/provision-crm-workspaces").0 == 401)
        let (_, list) = admin("GET", "provision-crm-workspaces")
        #expect(list["workspaces"]?.objects.first?["hubConnected"] == .bool(true))
        let body = #"{"workspaceId":"\#(CRM.firstWorkspaceID)","inbound_phone":"+14165551234"}"#
        #expect(admin("POST", "provision-from-crm-workspace", body).1["created"] == .bool(false))
        #expect(admin("POST", "sync-crm-workspace-members", body).1["existing"]?.strings == ["m@x.test"])
        let (status, owner) = send(
            chatbot, "POST", "/stats/domains/acme/crm/person-ownership-context", #"{"email":"m@x.test"}"#,
            key: secrets.chatbotKey)
        #expect((status, owner.text("displayName")) == (200, "m@x.test"))
        #expect(Domains.isSlug("ab") == false)
        #expect(Domains.isSlug("Acme") == false)
    }

    @Test func tips() throws {
        let peer = TipsPeer(clock: clock, secrets: secrets, agents: 3, clients: 120)
        let form = "grant_type=client_credentials&client_id=peers-tips&client_secret=peers-tips-secret"
        let (status, grant) = send(peer, "POST", "/api/oauth/token", form)
        #expect((status, grant["expires_in"]) == (200, .number("3600")))
        #expect(send(peer, "POST", "/oauth/token", form + "x").0 == 401)
        let token = try #require(grant.text("access_token"))
        func get(_ target: String) -> (Int, JSONObject) { send(peer, "GET", target, key: token) }
        let (_, agents) = get("/api/agents?page=1&per_page=2")
        #expect(agents["data"]?.array?.count == 2)
        #expect(agents.value(at: "meta.last_page") == .number("2"))
        #expect(agents.value(at: "meta.total") == .number("3"))
        func ids(_ page: Int, _ more: String = "") -> [String] {
            let (_, answer) = get("/agents/2/clients?page=\(page)&per_page=50\(more)")
            return (answer["data"]?.objects ?? []).compactMap { $0.text("id") }
        }
        #expect(ids(1).first == "2000000")
        #expect(ids(3).count == 20)
        #expect(ids(4).isEmpty)
        try peer.replace(["repeats": .array([.object(["path": .string("/agents/2/clients"), "page": .number("2")])])])
        #expect(ids(2) == ids(1))
        #expect(ids(2) != ids(1))
        clock.advance(milliseconds: 10_000)
        let since = clock.text
        #expect(ids(1, "&updated_since=\(since)").isEmpty)
        let client: JSONObject = ["id": .string("2000007"), "lastName": .string("New")]
        let change: JSONObject = ["id": .string("2"), "clients": .array([.object(client)])]
        try peer.replace(["change": .array([.object(change)])])
        #expect(ids(1, "&updated_since=\(since)") == ["2000007"])
        try peer.replace(["remove_agents": .texts(["2"])])
        #expect(get("/agents/2/clients").0 == 404)
        clock.advance(milliseconds: 3_600_000)
        #expect(get("/agents").0 == 401)
    }
}
