import Basics
import Command
import Curl
import TestKit
import Testing

extension SystemTests {
    /// Hubs and demos with real processes and the played CRM, assistant and domain-chatbot.
    @Suite struct HubPeersTests {
        private func with(_ body: (Product, Peers) async throws -> Void) async throws {
            try await Peers.run { peers in
                let variables = [
                    "OUTBOUND_ALLOW": "", "AVENTORA_HUB_AUTO_PROVISION_ENABLED": "true",
                    "AVENTORA_HUB_PROVISION_CALLBACK_URL": peers.url(.assistant),
                    "AVENTORA_HUB_PROVISION_CALLBACK_SECRET": Peers.Secret.callback,
                    "HUB_PROVISION_FULL_DELAY_SECONDS": "1", "HUB_PROVISION_MEMBERS_DELAY_SECONDS": "1",
                    "CRM_API_URL": peers.url(.provisioning), "CRM_PROVISIONING_SECRET": Peers.Secret.provisioning,
                    "DOMAIN_CHATBOT_API_URL": peers.url(.chatbot), "SUPER_ADMIN_USERNAME": Peers.Secret.superAdminName,
                    "SUPER_ADMIN_PASSWORD": Peers.Secret.superAdminPassword,
                ]
                try await withProduct(ProductOptions(environment: variables)) { product in
                    for secret in [
                        Peers.Secret.callback, Peers.Secret.provisioning, Peers.Secret.superAdminPassword,
                        Peers.Secret.superAdminToken,
                    ] { product.addSecret(secret) }
                    try await body(product, peers)
                }
            }
        }

        private func provision(_ peers: Peers, _ route: String, _ body: String) async throws -> JSONObject {
            let reply = try await peers.send(
                .provisioning, .post, "/auth/provision/\(route)", body: body, token: Peers.Secret.provisioning)
            guard reply.status == 200 else { throw UnexpectedReply(route, reply) }
            return reply.object
        }

        /// A workspace with one member; its id.
        private func makeWorkspace(_ peers: Peers, _ subdomain: String) async throws -> String {
            let body = #"{"adminEmail":"admin@\#(subdomain).example","subdomain":"\#(subdomain)"}"#
            return try #require(try await provision(peers, "workspace", body)["workspaceId"]?.string)
        }

        /// By domain, its users.
        private func domains(_ peers: Peers) async throws -> [String: JSONObject] {
            let items = (try await peers.state(.chatbot)["domains"]?.array ?? []).compactMap(\.object)
            return Dictionary(items.map { ($0["domainName"]?.string ?? "", $0) }) { first, _ in first }
        }

        private static func event(_ action: String, _ workspace: String) -> String {
            #"{"type":"workspace.\#(action)","domain_name":"acme","workspace_id":"\#(workspace)"}"#
        }

        /// Also when the assistant's answer is lost: it is asked again, and leaves alone what is there.
        @Test func aNewWorkspaceGetsItsHubAndItsMembers() async throws {
            try await with { product, peers in
                let workspace = try await makeWorkspace(peers, "beta-one")
                let early = try await product.client.acceptOne(Self.event("member_added", workspace))
                #expect(
                    try await product.client.job(early, toBe: "done")["note"]?.string == "skipped: hub_not_linked")
                try await peers.fault(
                    .assistant, #"{"path_prefix":"/internal","mode":"reset","performs":true,"count":1}"#)
                let full = try await product.client.acceptOne(Self.event("provisioned", workspace))
                let done = try await product.client.job(full, toBe: "done", within: .seconds(40))
                #expect(done["note"]?.string == "skipped: already_linked" && done["attempts"]?.integer == 2)
                #expect(try await domains(peers).keys.sorted() == ["beta-one"])
                _ = try await provision(
                    peers, "user", #"{"workspaceId":"\#(workspace)","email":"new@beta.example"}"#)
                let members = try await product.client.acceptOne(Self.event("member_added", workspace))
                #expect(try await product.client.job(members, toBe: "done")["note"]?.string == "ok")
                let users = try await domains(peers)["beta-one"]?["users"]?.array ?? []
                #expect(users.contains(.string("new@beta.example")))
                let keys = try await peers.calls(.assistant, under: "/internal").compactMap {
                    $0["headers"]?.object?["idempotency-key"]?.string
                }
                #expect(keys == [early, full, full, members])
            }
        }

        @Test func oldWorkspacesAreSetUpWhileItFailsNowAndThen() async throws {
            try await with { product, peers in
                for number in 0..<4 { _ = try await makeWorkspace(peers, "old-\(number)") }
                try await peers.fault(
                    .chatbot,
                    #"{"path_prefix":"/regenerate-index/provision-from","mode":"reset","performs":true,"count":1}"#,
                    #"{"path_prefix":"/regenerate-index/provision-from","mode":"status","status":503,"count":2}"#,
                    #"{"path_prefix":"/regenerate-index/provision-from","mode":"html","count":1}"#)
                let flags = [
                    "--inbound-phone", "+14165550100", "--twilio-account-sid", "AC0123", "--twilio-auth-token",
                    "a-token-of-twilio", "--pace", "600",
                ]
                let run = try await product.command(["hub", "backfill", "--execute"] + flags)
                #expect(run.exit == .exited(0), "\(run.output)")
                let made = try await domains(peers)
                #expect(made.keys.sorted() == ["acme", "old-0", "old-1", "old-2", "old-3"])
                for domain in made.values {
                    let settings = domain["settings"]?.object?["hubSettings"]?.object
                    #expect(settings?["twilio_auth_token"]?.string == "a-token-of-twilio")
                    #expect(settings?["twilio_api_key_sid"] == nil)
                }
                #expect(!run.output.contains("a-token-of-twilio"))
                let again = try await product.command(["hub", "backfill", "--dry-run"])
                #expect(again.exit == .exited(0) && again.output.contains("5 workspaces: 5 skipped"), "\(again.output)")
                let members = try await product.command(["hub", "backfill", "--sync-members-only", "--execute"])
                #expect(members.exit == .exited(0) && members.output.contains("1 there already"), "\(members.output)")
                #expect(try await peers.calls(.chatbot, under: "/auth/login").count >= 2)
            }
        }

        @Test func aDemoIsTakenDownWithItsWorkspace() async throws {
            try await with { product, peers in
                let demo = try await provision(peers, "demo-tenant", #"{"subdomain":"demo-9"}"#)
                let id = try #require(demo["workspaceId"]?.string)
                func tearDown(_ workspace: String) async throws -> String? {
                    let job = #"{"kind":"demo.teardown","args":{"subdomain":"demo-9","workspaceId":"\#(workspace)"}}"#
                    let reply = try await product.client.postJob(job)
                    guard let job = reply.object["id"]?.string else { throw UnexpectedReply("POST /v1/jobs", reply) }
                    return try await product.client.job(job, toBe: "done")["note"]?.string
                }
                #expect(
                    try await tearDown("another")
                        == "left alone: another workspace has this subdomain now, \(id)")
                #expect(try await tearDown(id) == "deleted")
                #expect(try await tearDown(id) == "it was gone already")
                let left = try await peers.state(.provisioning)["workspaces"]?.array ?? []
                #expect(left.count == 1)
            }
        }
    }
}
