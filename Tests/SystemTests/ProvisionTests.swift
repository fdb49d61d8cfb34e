import Basics
import Command
import Curl
import TestKit
import Testing

extension SystemTests {
    /// Workspaces whose Hubs are set up, with real processes and a stand-in for the assistant.
    @Suite struct ProvisionTests {
        private static let secret = "the-callback-secret"

        private static func environment(
            _ target: FakeTarget, full: Int = 1, members: Int = 1
        ) -> [String: String] {
            [
                "AVENTORA_HUB_AUTO_PROVISION_ENABLED": "true",
                "AVENTORA_HUB_PROVISION_CALLBACK_URL": target.url("/internal/crm-hub-provision"),
                "AVENTORA_HUB_PROVISION_CALLBACK_SECRET": secret,
                "HUB_PROVISION_FULL_DELAY_SECONDS": "\(full)", "HUB_PROVISION_MEMBERS_DELAY_SECONDS": "\(members)",
            ]
        }

        private func with(
            _ target: FakeTarget, full: Int = 1, members: Int = 1, workers: Int = 1, isClosed: Bool = true,
            _ body: (Product) async throws -> Void
        ) async throws {
            var environment = Self.environment(target, full: full, members: members)
            // The assistant's address is opened by its variable alone.
            if isClosed { environment["OUTBOUND_ALLOW"] = "" }
            let options = ProductOptions(workers: workers, environment: environment)
            try await withProduct(options) { product in
                product.addSecret(Self.secret)
                try await body(product)
            }
        }

        private static func event(_ action: String, _ workspace: String, _ members: String = "") -> String {
            let more = members.isEmpty ? "" : "," + members
            return #"{"type":"workspace.\#(action)","domain_name":"acme","workspace_id":"\#(workspace)"\#(more)}"#
        }

        private static func ok(_ text: String = #"{"status":"ok"}"#) -> TargetAnswer {
            .reply(status: 200, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
        }

        @Test func aWorkspaceIsSetUpOnceAfterItsDelay() async throws {
            let target = try FakeTarget(then: Self.ok())
            try await with(target, full: 2) { product in
                let began = ContinuousClock.now
                let id = try await product.client.acceptOne(Self.event("provisioned", "w-1"))
                let other = try await product.client.acceptOne(Self.event("provisioned", "w-2"))
                // While it waits every other event of the workspace is the same job's.
                #expect(try await product.client.acceptOne(Self.event("provisioned", "w-1")) == id)
                let members = try await product.client.acceptOne(Self.event("member_added", "w-1"))
                #expect(Set([id, other, members]).count == 3)
                let waiting = try await product.client.job(id)
                #expect(waiting["state"]?.string == "due" && waiting["queue"]?.string == "hub")
                #expect(waiting["kind"]?.string == "hub.provision" && waiting["max_attempts"]?.integer == 3)
                for job in [id, other, members] {
                    let done = try await product.client.job(job, toBe: "done")
                    #expect(done["note"]?.string == "ok")
                }
                #expect(target.requests.count == 3)
                let bodies = target.requests.map(\.text)
                #expect(
                    bodies.contains(#"{"action":"full","workspaceId":"w-1","domainName":"acme"}"#)
                        && bodies.contains(#"{"action":"sync_members","workspaceId":"w-1","domainName":"acme"}"#))
                for request in target.requests {
                    #expect(request.path == "/internal/crm-hub-provision")
                    #expect(request.header("Authorization") == "Bearer \(Self.secret)")
                }
                let full = target.requests.filter { $0.text.contains("full") }
                #expect(full.allSatisfy { $0.arrival - began >= .seconds(2) })
                // What comes after its end is a job of its own.
                #expect(try await product.client.acceptOne(Self.event("provisioned", "w-1")) != id)
            }
        }

        /// The same request, or the same event, again: the same ids, whichever queues they are in.
        @Test func aRepeatedEventMakesNothingNew() async throws {
            let target = try FakeTarget(then: Self.ok())
            try await with(target, full: 60) { product in
                let first = try await product.client.post(Self.event("provisioned", "w", #""id":"e-1""#))
                let second = try await product.client.post(Self.event("provisioned", "w", #""id":"e-1""#))
                #expect(first.status == 202 && second.status == 202)
                #expect(jobs(first).count == 1 && jobs(first) == jobs(second))
                #expect(duplicates(first) == [.bool(false)] && duplicates(second) == [.bool(true)])
                let conflict = try await product.client.post(Self.event("provisioned", "other", #""id":"e-1""#))
                #expect(conflict.status == 409)
                let batch =
                    "[\(Self.event("provisioned", "x")),\(Samples.record("thing")),\(Self.event("member_added", "x"))]"
                let key = [(name: "Idempotency-Key", value: "k-1")]
                let one = try await product.client.post(batch, headers: key)
                let two = try await product.client.post(batch, headers: key)
                #expect(jobs(one).count == 2 && jobs(one) == jobs(two))
                #expect(duplicates(two) == [.bool(true), .bool(true), .bool(true)])
                #expect(try await product.client.queues()["hub"]?[1] == 3)
            }
        }

        private func duplicates(_ reply: ProductReply) -> [JSONValue?] {
            (reply.object["events"]?.array ?? []).map { $0.object?["duplicate"] }
        }

        private func jobs(_ reply: ProductReply) -> [String] { ProductClient.jobs(reply) }

        /// The API dies between the two queues of an event: the same request again makes up for the second.
        @Test func whatIsMissingIsMadeUpFor() async throws {
            let target = try FakeTarget(then: Self.ok())
            var environment = Self.environment(target)
            // The first event passes, the second one does not; then the same again, in the next process.
            environment["AVENTORA_FAULT_POINT"] = "api-after-enqueue:2"
            try await withProduct(ProductOptions(environment: environment)) { product in
                product.addSecret(Self.secret)
                _ = try await product.client.accept(Self.event("member_added", "w-0"))
                let (event, key) = (Self.event("provisioned", "w-1"), [(name: "Idempotency-Key", value: "k")])
                await #expect(throws: CurlError.self) { try await product.client.post(event, headers: key) }
                _ = try await product.api.waitForExit()
                try await product.api.start()
                try await product.waitUntilReady(product.api)
                let reply = try await product.client.post(event, headers: key)
                #expect(reply.status == 202 && duplicates(reply) == [.bool(false)], "\(reply.text)")
                let ids = jobs(reply)
                #expect(ids.count == 1)
                for id in ids { try await product.client.job(id, toBe: "done") }
                #expect(target.requests.filter { $0.text.contains("w-1") }.count == 1)
            }
        }

        /// An event that comes while the assistant works may be too late for it, so it is asked once more.
        @Test func whatComesWhileItRunsIsNotLost() async throws {
            let target = try FakeTarget(answers: [.held(status: 200)], then: Self.ok())
            try await with(target) { product in
                let first = try await product.client.acceptOne(Self.event("member_added", "w"))
                _ = try await target.requests(1)
                let second = try await product.client.acceptOne(Self.event("member_added", "w"))
                #expect(first != second)
                #expect(try await product.client.acceptOne(Self.event("member_added", "w")) == second)
                target.release()
                try await product.client.job(first, toBe: "done")
                try await product.client.job(second, toBe: "done")
                #expect(target.requests.count == 2)
            }
        }

        @Test func skippedIsAnAnswerAndARefusalIsBuried() async throws {
            let target = try FakeTarget(
                answers: [Self.ok(#"{"status":"skipped","reason":"hub_not_linked"}"#), .status(401)])
            try await with(target, members: 0) { product in
                let skipped = try await product.client.acceptOne(Self.event("member_added", "w"))
                #expect(
                    try await product.client.job(skipped, toBe: "done")["note"]?.string == "skipped: hub_not_linked")
                let refused = try await product.client.acceptOne(Self.event("member_added", "w"))
                let dead = try await product.client.job(refused, toBe: "dead")
                #expect(dead["reason"]?.string?.contains("unauthorized") == true)
            }
        }

        /// The poster never sees that the assistant is away; the job is tried again when it is back.
        @Test func anAbsentAssistantIsNobodysError() async throws {
            let target = try FakeTarget(then: Self.ok(), isListening: false)
            try await with(target, full: 0) { product in
                let id = try await product.client.acceptOne(Self.event("provisioned", "w"))
                try await Waiting.until("the first attempt to fail") {
                    try await product.client.job(id)["attempts"]?.integer == 1
                }
                try target.listen()
                let done = try await product.client.job(id, toBe: "done", within: .seconds(30))
                #expect(done["note"]?.string == "ok" && done["attempts"]?.integer == 2)
            }
        }

        @Test func aKilledWorkersCallIsMadeAgain() async throws {
            let target = try FakeTarget(answers: [.hang], then: Self.ok())
            try await with(target, full: 0, workers: 2) { product in
                let id = try await product.client.acceptOne(Self.event("provisioned", "w"))
                _ = try await target.requests(1)
                let name = try await product.client.job(id, toBe: "running")["worker"]?.string
                let index = product.workers.firstIndex { worker in
                    worker.lines("worker starts").contains { $0["name"]?.string == name }
                }
                await product.workers[try #require(index)].kill()
                let done = try await product.client.job(id, toBe: "done", within: .seconds(40))
                #expect(done["note"]?.string == "ok" && done["crashes"]?.integer == 1)
                let keys = target.requests.map { $0.header("Idempotency-Key") }
                #expect(keys == [id, id])
            }
        }

        /// While nobody asked for it, these events are taken, go to subscriptions, and make nothing else.
        @Test(.product()) func offTheyGoToSubscriptionsOnly() async throws {
            let product = try currentProduct()
            #expect(try await product.client.accept(Self.event("provisioned", "w")).isEmpty)
            let hook = try FakeTarget()
            _ = try await product.makeEndpoint(hook, ["workspace.*"])
            let jobs = try await product.accept(Self.event("member_added", "w"), making: 1)
            try await product.client.job(jobs[0], toBe: "done")
            #expect(hook.requests.count == 1)
            #expect(try await product.client.queues()["hub"] == [0, 0, 0, 0])
        }

        @Test func onItGoesToBoth() async throws {
            let target = try FakeTarget(then: Self.ok())
            try await with(target, isClosed: false) { product in
                let hook = try FakeTarget()
                _ = try await product.makeEndpoint(hook, ["workspace.*"])
                let jobs = try await product.accept(Self.event("provisioned", "w"), making: 2)
                for job in jobs { try await product.client.job(job, toBe: "done") }
                #expect(target.requests.count == 1 && hook.requests.count >= 1)
            }
        }

        @Test(arguments: ["aventora-api", "aventora-worker"])
        func bothAreDemandedAtTheStart(program: String) async throws {
            let whole = try Self.environment(FakeTarget()).merging(["API_TOKENS": "t:events:token"]) { $1 }
            let needed = ["AVENTORA_HUB_PROVISION_CALLBACK_URL", "AVENTORA_HUB_PROVISION_CALLBACK_SECRET"]
            for missing in needed {
                let line = "\(missing): it is needed while AVENTORA_HUB_AUTO_PROVISION_ENABLED is true\n"
                let run = try await ProgramRun.run(program, environment: whole.filter { $0.key != missing })
                #expect(run.exit == .exited(78) && run.output == line, "\(run.output)")
            }
        }
    }
}
