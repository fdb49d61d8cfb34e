import Basics
import Curl
import TestKit
import Testing

extension SystemTests {
    /// Calls that begin with their person, and what Twenty did not tell: against peers that behave like the real ones.
    @Suite struct BootstrapTests {
        @Test func aCallBeginsWithItsPerson() async throws {
            try await withCRM { peers, product in
                try await peers.setState(
                    .twenty,
                    #"{"workspaces":[{"scopeField":"tipsAgentId","scopeValues":{"agent@acme.example":42},"fields":{"person":[{"name":"tipsAgentId","type":"NUMBER"}]}}]}"#
                )
                let (crm, target) = (try FakeTarget(), try FakeTarget())
                let account = try await product.makeCallAccount(crm)
                _ = try await product.makeEndpoint(target, ["engagement.created", "warm.created"])
                _ = try await product.accept(Samples.record("warm"), making: 1)
                _ = try await target.requests(1)
                let other = try await product.makeAccount(crm)
                // An account that does not ask for it is pushed to at once, as ever.
                let plain = try await product.client.acceptOne(Samples.started("CA-0", of: other, with: "+14165550000"))
                #expect(try await product.client.job(plain, toBe: "done")["kind"]?.string == "engagement.push")
                let job = try await product.client.acceptOne(Samples.started("CA-1", of: account, with: "+14165551234"))
                let done = try await product.client.job(job, toBe: "done")
                #expect(done["kind"]?.string == "call.bootstrap", "\(done)")
                let push = try #require(try await crm.bodies(2).last)
                let people = try await peers.records("people")
                let person = try #require(people.first)
                #expect(people.count == 1 && push["person_id"] == person["id"])
                #expect(push["engagement_id"]?.string == "CA-1" && push["call_sid"]?.string == "CA-1")
                #expect(push["workspace_id"]?.string == Peers.workspaceID)
                #expect(push["event_type"]?.string == "engagement.created")
                #expect(push["delivery_type"]?.string == "bootstrap")
                #expect(person["tipsAgentId"]?.integer == 42)
                #expect(person["createdBy"]?.object?["workspaceMemberId"]?.string?.isEmpty == false)
                let told = try #require(try await target.bodies(2).last)
                #expect(told["operation"]?.string == "engagement.created")
                #expect(told["record"]?.object?["person_id"] == person["id"])
                // The next call from there finds the person, and nobody is asked whose it is.
                let next = try await product.client.acceptOne(
                    Samples.started("CA-2", of: account, with: "+1 416 555 1234"))
                try await product.client.job(next, toBe: "done")
                #expect(try await crm.bodies(3).last?["person_id"] == person["id"])
                #expect(try await peers.records("people").count == 1)
                #expect(try await peers.calls(.provisioning, under: "/auth/provision/person").count == 1)
            }
        }

        /// The worker dies while Twenty's answer to the create is on its way: the person is there, and there is one.
        @Test func aKilledWorkerMakesNoSecondPerson() async throws {
            try await withCRM { peers, product in
                let crm = try FakeTarget()
                let account = try await product.makeCallAccount(crm)
                try await peers.fault(
                    .twenty, #"{"path_prefix":"/rest/people","method":"POST","mode":"hang","performs":true,"count":1}"#)
                let job = try await product.client.acceptOne(Samples.started("CA-1", of: account, with: "+14165551234"))
                try await Waiting.until("the person") { try await peers.records("people").count == 1 }
                let worker = try #require(product.workers.last)
                await worker.kill()
                _ = try await product.startWorker()
                try await product.client.job(job, toBe: "done", within: .seconds(40))
                let people = try await peers.records("people")
                #expect(people.count == 1)
                #expect(try await crm.bodies(1).last?["person_id"] == people.first?["id"])
            }
        }

        /// Twenty away for a while, then for good: late, and without its person, but told.
        @Test func aCallIsToldWhateverTwentyDoes() async throws {
            try await withCRM { peers, product in
                let crm = try FakeTarget()
                let account = try await product.makeCallAccount(crm)
                try await peers.fault(.twenty, #"{"path_prefix":"/rest","mode":"status","status":503,"count":1}"#)
                let first = try await product.client.acceptOne(
                    Samples.started("CA-1", of: account, with: "+14165551234"))
                try await product.client.job(first, toBe: "done", within: .seconds(40))
                #expect(try await crm.bodies(1).last?["person_id"]?.string?.isEmpty == false)
                try await peers.fault(.twenty, #"{"path_prefix":"/rest","mode":"status","status":401}"#)
                let second = try await product.client.acceptOne(
                    Samples.started("CA-2", of: account, with: "+14165559876"))
                let done = try await product.client.job(second, toBe: "done", within: .seconds(40))
                #expect(done["note"]?.string?.contains("without its person: AUTH_ERROR") == true, "\(done)")
                #expect(try await crm.bodies(2).last?["person_id"] == .null)
            }
        }

        /// Webhooks of the peer's own making are told; what it never sent is found, once.
        @Test func whatTwentyDoesNotTellIsFound() async throws {
            try await withCRM { peers, product in
                let target = try FakeTarget()
                let hook = "\(product.client.url)/webhooks/twenty"
                let made = try await product.makeEndpoint(target, ["person.*"])
                _ = try await product.accept(Samples.record("person", id: "warm"), making: 1)
                _ = try await target.requests(1)
                #expect(try await product.reconcile().hasSuffix("0 changes that were not told"))
                try await peers.setWebhook(hook, secret: "inbound-secret")
                let created = try await peers.send(
                    .twenty, .post, "/rest/people", body: #"{"name":{"firstName":"Told","lastName":"Once"}}"#,
                    token: Peers.Secret.workspaceKey)
                #expect(created.status == 201)
                let told = try #require(try await target.bodies(2).last)
                #expect(told["operation"]?.string == "person.created")
                #expect(told["record"]?.object?["name"]?.object?["firstName"]?.string == "Told")
                // Of these people no webhook ever came.
                _ = try await product.losePeople(70, peers)
                #expect(try await product.reconcile().hasSuffix("70 changes that were not told"))
                let all = try await target.bodies(72)
                let ids = Set(all.compactMap { $0["record"]?.object?["id"]?.string })
                #expect(ids.count == 72 && all.dropFirst(2).allSatisfy { $0["operation"]?.string == "person.created" })
                #expect(try await product.reconcile().hasSuffix("0 changes that were not told"))
                try await Waiting.until("the queue to be empty") {
                    try await product.client.queues()["webhooks"].map { $0.prefix(3).allSatisfy { $0 == 0 } } ?? false
                }
                #expect(target.requests.count == 72)
                _ = try await product.client.send(.delete, "/v1/endpoints/\(made.id)")
            }
        }
    }
}
