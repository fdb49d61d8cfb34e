import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// Calls that begin with their person, and what Twenty did not tell: against peers that behave like the real ones.
    @Suite struct BootstrapTests {
        private static let move = PostgresStatement(
            "test_move", "UPDATE jobs.reconciliations SET baseline = baseline - 600000, since = since - 600000")

        private func run(_ body: (Peers, Product) async throws -> Void) async throws {
            try await Peers.run { peers in
                let environment = [
                    "CRM_API_URL": peers.url(.provisioning), "CRM_PROVISIONING_SECRET": Peers.Secret.provisioning,
                    "CRM_PUBLIC_BASE_URL": peers.url(.twenty), "CRM_WORKSPACE_API_KEY": Peers.Secret.workspaceKey,
                    "DOMAIN_CHATBOT_API_URL": peers.url(.chatbot), "DOMAIN_CHATBOT_API_KEY": Peers.Secret.chatbotKey,
                    "TWENTY_INBOUND_SECRETS": "inbound-secret", "TWENTY_WORKSPACE_ID": Peers.workspaceID,
                ]
                try await withProduct(ProductOptions(environment: environment)) { product in
                    product.addSecret("inbound-secret")
                    for secret in [Peers.Secret.provisioning, Peers.Secret.workspaceKey, Peers.Secret.chatbotKey] {
                        product.addSecret(secret)
                    }
                    try await body(peers, product)
                }
            }
        }

        /// An account that wants the people of its calls in Twenty.
        private func makeAccount(_ product: Product, _ crm: FakeTarget) async throws -> String {
            let account = Samples.name("account") + ".example"
            try await product.setAccount(
                account,
                [
                    "twenty_webhook_url": crm.url(), "crm_sync_provider": "aventora_crm",
                    "twenty_sync_contacts": "true", "crm_workspace_id": Peers.workspaceID,
                ])
            return account
        }

        private func started(_ call: String, _ account: String, _ contact: String) -> String {
            #"{"type":"call.started","domain_name":"\#(account)","call_sid":"\#(call)","data":{"status":"in_progress","contact_identifier":"\#(contact)","contact_name":"Ann Doe","user_email":"agent@acme.example"}}"#
        }

        private func bodies(_ target: FakeTarget, _ count: Int) async throws -> [JSONObject] {
            try await target.requests(count).map { try #require(try JSONParser.parse($0.body).object) }
        }

        @Test func aCallBeginsWithItsPerson() async throws {
            try await run { peers, product in
                try await peers.setState(
                    .twenty,
                    #"{"workspaces":[{"scopeField":"tipsAgentId","scopeValues":{"agent@acme.example":42},"fields":{"person":[{"name":"tipsAgentId","type":"NUMBER"}]}}]}"#
                )
                let (crm, target) = (try FakeTarget(), try FakeTarget())
                let account = try await makeAccount(product, crm)
                _ = try await product.makeEndpoint(target, ["engagement.created", "warm.created"])
                _ = try await product.accept(Samples.record("warm"), making: 1)
                _ = try await target.requests(1)
                let other = try await product.makeAccount(crm)
                // An account that does not ask for it is pushed to at once, as ever.
                let plain = try await product.client.acceptOne(started("CA-0", other, "+14165550000"))
                #expect(try await product.client.job(plain, toBe: "done")["kind"]?.string == "engagement.push")
                let job = try await product.client.acceptOne(started("CA-1", account, "+14165551234"))
                let done = try await product.client.job(job, toBe: "done")
                #expect(done["kind"]?.string == "call.bootstrap", "\(done)")
                let push = try #require(try await bodies(crm, 2).last)
                let people = try await peers.records("people")
                let person = try #require(people.first)
                #expect(people.count == 1 && push["person_id"] == person["id"])
                #expect(push["engagement_id"]?.string == "CA-1" && push["call_sid"]?.string == "CA-1")
                #expect(push["workspace_id"]?.string == Peers.workspaceID)
                #expect(push["event_type"]?.string == "engagement.created")
                #expect(push["delivery_type"]?.string == "bootstrap")
                #expect(person["tipsAgentId"]?.integer == 42)
                #expect(person["createdBy"]?.object?["workspaceMemberId"]?.string?.isEmpty == false)
                let told = try #require(try await bodies(target, 2).last)
                #expect(told["operation"]?.string == "engagement.created")
                #expect(told["record"]?.object?["person_id"] == person["id"])
                // The next call from there finds the person, and nobody is asked whose it is.
                let next = try await product.client.acceptOne(started("CA-2", account, "+1 416 555 1234"))
                try await product.client.job(next, toBe: "done")
                #expect(try await bodies(crm, 3).last?["person_id"] == person["id"])
                #expect(try await peers.records("people").count == 1)
                #expect(try await peers.calls(.provisioning, under: "/auth/provision/person").count == 1)
            }
        }

        /// The worker dies while Twenty's answer to the create is on its way: the person is there, and there is one.
        @Test func aKilledWorkerMakesNoSecondPerson() async throws {
            try await run { peers, product in
                let crm = try FakeTarget()
                let account = try await makeAccount(product, crm)
                try await peers.fault(
                    .twenty, #"{"path_prefix":"/rest/people","method":"POST","mode":"hang","performs":true,"count":1}"#)
                let job = try await product.client.acceptOne(started("CA-1", account, "+14165551234"))
                try await Waiting.until("the person") { try await peers.records("people").count == 1 }
                let worker = try #require(product.workers.last)
                await worker.kill()
                _ = try await product.startWorker()
                try await product.client.job(job, toBe: "done", within: .seconds(40))
                let people = try await peers.records("people")
                #expect(people.count == 1)
                #expect(try await bodies(crm, 1).last?["person_id"] == people.first?["id"])
            }
        }

        /// Twenty away for a while, then for good: late, and without its person, but told.
        @Test func aCallIsToldWhateverTwentyDoes() async throws {
            try await run { peers, product in
                let crm = try FakeTarget()
                let account = try await makeAccount(product, crm)
                try await peers.fault(.twenty, #"{"path_prefix":"/rest","mode":"status","status":503,"count":1}"#)
                let first = try await product.client.acceptOne(started("CA-1", account, "+14165551234"))
                try await product.client.job(first, toBe: "done", within: .seconds(40))
                #expect(try await bodies(crm, 1).last?["person_id"]?.string?.isEmpty == false)
                try await peers.fault(.twenty, #"{"path_prefix":"/rest","mode":"status","status":401}"#)
                let second = try await product.client.acceptOne(started("CA-2", account, "+14165559876"))
                let done = try await product.client.job(second, toBe: "done", within: .seconds(40))
                #expect(done["note"]?.string?.contains("without its person: AUTH_ERROR") == true, "\(done)")
                #expect(try await bodies(crm, 2).last?["person_id"] == .null)
            }
        }

        /// Webhooks of the peer's own making are told; what it never sent is found, once.
        @Test func whatTwentyDoesNotTellIsFound() async throws {
            try await run { peers, product in
                let target = try FakeTarget()
                let hook = "\(product.client.url)/webhooks/twenty"
                let made = try await product.makeEndpoint(target, ["person.*"])
                _ = try await product.accept(Samples.record("person", id: "warm"), making: 1)
                _ = try await target.requests(1)
                // Nobody but this test.
                _ = try await product.ask(.post, "/v1/schedules/twenty.reconcile/pause")
                func reconcile() async throws -> String {
                    let run = try await product.client.send(.post, "/v1/schedules/twenty.reconcile/run")
                    let id = try #require(run.object["id"]?.string)
                    return try await product.client.job(id, toBe: "done")["note"]?.string ?? ""
                }
                #expect(try await reconcile().hasSuffix("0 changes that were not told"))
                try await peers.setWebhook(hook, secret: "inbound-secret")
                let created = try await peers.send(
                    .twenty, .post, "/rest/people", body: #"{"name":{"firstName":"Told","lastName":"Once"}}"#,
                    token: Peers.Secret.workspaceKey)
                #expect(created.status == 201)
                let told = try #require(try await bodies(target, 2).last)
                #expect(told["operation"]?.string == "person.created")
                #expect(told["record"]?.object?["name"]?.object?["firstName"]?.string == "Told")
                // Ten minutes pass: of these people no webhook ever came.
                _ = try await product.database.query(Self.move)
                let time = Timestamp(milliseconds: SystemWallClock().nowMilliseconds() - 300_000).iso8601
                let people = (0..<70).map {
                    #"{"id":"00000000-0000-4000-8000-\#(100_000_000_000 + $0)","createdAt":"\#(time)","updatedAt":"\#(time)","name":{"firstName":"Lost","lastName":"\#($0)"}}"#
                }
                try await peers.setState(
                    .twenty, #"{"workspaces":[{"people":[\#(people.joined(separator: ","))]}]}"#)
                #expect(try await reconcile().hasSuffix("70 changes that were not told"))
                let all = try await bodies(target, 72)
                let ids = Set(all.compactMap { $0["record"]?.object?["id"]?.string })
                #expect(ids.count == 72 && all.dropFirst(2).allSatisfy { $0["operation"]?.string == "person.created" })
                #expect(try await reconcile().hasSuffix("0 changes that were not told"))
                try await Waiting.until("the queue to be empty") {
                    try await product.client.queues()["webhooks"].map { $0.prefix(3).allSatisfy { $0 == 0 } } ?? false
                }
                #expect(target.requests.count == 72)
                _ = try await product.client.send(.delete, "/v1/endpoints/\(made.id)")
            }
        }
    }
}
