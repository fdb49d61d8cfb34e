import Basics
import Curl
import TestKit
import Testing

extension SystemTests {
    /// Jobs by hand: `POST /v1/jobs`, `DELETE`, retry, kinds.
    @Suite(.product()) struct JobRouteTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        private func accepted(_ reply: ProductReply) throws -> String {
            #expect(reply.status == 202, "\(reply.text)")
            #expect(reply.object["durability"]?.string == "queued")
            return try #require(reply.object["id"]?.string)
        }

        @Test func postedJobRuns() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let reply = try await product.client.postJob(Samples.push("e-1", of: account))
            #expect(reply.object["duplicate"] == .bool(false))
            let id = try accepted(reply)
            let job = try await product.client.job(id, toBe: "done")
            #expect(job["kind"]?.string == "engagement.push" && job["queue"]?.string == "webhooks")
            #expect(job["why"]?.string == "it is done")
            #expect(target.requests.count == 1)
            // Once it has ended, neither wish can be granted.
            #expect(try await product.client.send(.delete, "/v1/jobs/\(id)").status == 409)
            #expect(try await product.client.send(.post, "/v1/jobs/\(id)/retry").status == 409)
        }

        @Test func waitingJobIsCancelledAtOnce() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let id = try accepted(
                try await product.client.postJob(Samples.push("e-1", of: account, #""delay_seconds":3600"#)))
            let waiting = try await product.client.job(id)
            #expect(waiting["state"]?.string == "due")
            #expect(waiting["why"]?.string?.hasPrefix("it waits for its time, ") == true)
            #expect(try await product.client.send(.post, "/v1/jobs/\(id)/retry").status == 409)
            let reply = try await product.client.send(.delete, "/v1/jobs/\(id)")
            #expect(reply.status == 200)
            #expect(reply.object["state"]?.string == "cancelled" && reply.object["id"]?.string == id)
            let cancelled = try await product.client.job(id, toBe: "cancelled")
            #expect(cancelled["why"]?.string == "it was cancelled: cancelled by everyone")
            #expect(try await product.client.send(.delete, "/v1/jobs/\(id)").status == 409)
            #expect(target.requests.isEmpty)
        }

        @Test(.product(["CRM_WEBHOOK_TIMEOUT_SECONDS": "60"]))
        func runningJobIsStopped() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(answers: [.hang])
            let account = try await product.makeAccount(target)
            let id = try accepted(try await product.client.postJob(Samples.push("e-1", of: account)))
            _ = try await target.requests(1)
            let running = try await product.client.job(id)
            #expect(running["state"]?.string == "running")
            #expect(running["why"]?.string?.hasPrefix("it is running: worker ") == true)
            let reply = try await product.client.send(.delete, "/v1/jobs/\(id)")
            #expect(reply.status == 202 && reply.object["state"]?.string == "running")
            #expect(reply.object["why"]?.string?.hasSuffix("and is being told to stop it") == true)
            try await product.client.job(id, toBe: "cancelled", within: .seconds(10))
            #expect(target.requests.count == 1)
        }

        @Test func deadJobIsRetried() async throws {
            let target = try FakeTarget(answers: [.status(404)])
            let account = try await product.makeAccount(target)
            let id = try accepted(try await product.client.postJob(Samples.push("e-1", of: account)))
            let dead = try await product.client.job(id, toBe: "dead")
            #expect(dead["why"]?.string?.hasPrefix("it is dead because of: ") == true)
            #expect(try await product.client.send(.delete, "/v1/jobs/\(id)").status == 409)
            let reply = try await product.client.send(.post, "/v1/jobs/\(id)/retry")
            #expect(reply.status == 202 && reply.object["id"]?.string == id)
            try await product.client.job(id, toBe: "done")
            #expect(target.requests.count == 2)
        }

        @Test func retriesAndTimeLimitAreTheJobsOwn() async throws {
            let target = try FakeTarget(answers: [.status(503), .status(503)])
            let account = try await product.makeAccount(target)
            let id = try accepted(
                try await product.client.postJob(
                    Samples.push("e-1", of: account, #""retry_schedule_seconds":[0.05],"timeout_seconds":30"#)))
            let dead = try await product.client.job(id, toBe: "dead")
            #expect(dead["attempts"]?.integer == 2 && dead["max_attempts"]?.integer == 2)
            #expect(target.requests.count == 2)
        }

        @Test func uniqueKeyHasOneJobAtATime() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let members = #""unique_key":"\#(Samples.name("k"))","delay_seconds":3600"#
            let first = try await product.client.postJob(Samples.push("e-1", of: account, members))
            let second = try await product.client.postJob(Samples.push("e-2", of: account, members))
            let id = try accepted(first)
            #expect(try accepted(second) == id)
            #expect((first.object["duplicate"], second.object["duplicate"]) == (.bool(false), .bool(true)))
            #expect(try await product.client.send(.delete, "/v1/jobs/\(id)").status == 200)
            // Its end has freed the key.
            let third = try await product.client.postJob(Samples.push("e-3", of: account, members))
            #expect(third.object["duplicate"] == .bool(false))
            #expect(try await product.client.send(.delete, "/v1/jobs/\(try accepted(third))").status == 200)
        }

        @Test func debouncedJobRunsOnceWithTheNewest() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let members = #""debounce":{"key":"\#(Samples.name("d"))","seconds":0.5,"max_seconds":5}"#
            var ids: [String] = []
            for number in 1...3 {
                ids.append(
                    try accepted(try await product.client.postJob(Samples.push("e-\(number)", of: account, members))))
            }
            try await product.client.job(try #require(ids.last), toBe: "done")
            #expect(Set(ids).count == 1)
            #expect(target.requests.count == 1)
            #expect(target.requests.first?.text.contains(#""engagement_id":"e-3""#) == true)
        }

        @Test func idempotencyKeyAnswersTheSame() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let headers = [(name: "Idempotency-Key", value: Samples.name("key"))]
            let body = Samples.push("e-1", of: account)
            let first = try await product.client.postJob(body, headers: headers)
            let second = try await product.client.postJob(body, headers: headers)
            #expect(try accepted(first) == accepted(second))
            #expect((first.object["duplicate"], second.object["duplicate"]) == (.bool(false), .bool(true)))
            let other = try await product.client.postJob(Samples.push("e-2", of: account), headers: headers)
            #expect(other.status == 409)
            // Also where the other job would go into another queue.
            let elsewhere = try await product.client.postJob(
                Samples.push("e-1", of: account, #""queue":"crm""#), headers: headers)
            #expect(elsewhere.status == 409)
            try await product.client.job(try accepted(first), toBe: "done")
            #expect(target.requests.count == 1)
        }

        @Test(.product()) func jobInTheOutboxIsShownAndCancelled() async throws {
            let product = try currentProduct()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let scheduler = try #require(product.scheduler)
            // Nobody relays meanwhile.
            scheduler.freeze()
            var ids: [String] = []
            for engagement in ["e-1", "e-2"] {
                let reply = try await product.client.postJob(
                    Samples.push(engagement, of: account), headers: [(name: "Prefer", value: "durability=outbox")])
                #expect(reply.status == 202 && reply.object["durability"]?.string == "outbox")
                #expect(reply.header("Preference-Applied") == "durability=outbox")
                ids.append(try #require(reply.object["id"]?.string))
            }
            let waiting = try await product.client.job(ids[0])
            #expect(waiting["state"]?.string == "ready")
            #expect(waiting["why"]?.string == "it is in the outbox, on its way to Redis")
            #expect(try await product.client.send(.post, "/v1/jobs/\(ids[0])/retry").status == 409)
            let cancelled = try await product.client.send(.delete, "/v1/jobs/\(ids[0])")
            #expect(cancelled.status == 200 && cancelled.object["state"]?.string == "cancelled", "\(cancelled.text)")
            #expect(try await product.client.send(.delete, "/v1/jobs/\(ids[0])").status == 409)
            scheduler.thaw()
            try await product.client.job(ids[1], toBe: "done")
            #expect(try await product.client.job(ids[0])["why"]?.string == "it was cancelled: cancelled by everyone")
            #expect(target.requests.count == 1)
        }

        @Test func kindsAreListedWithTheFormOfTheirArguments() async throws {
            let reply = try await product.client.get("/v1/kinds")
            #expect(reply.status == 200)
            let items = (reply.object["items"]?.array ?? []).compactMap(\.object)
            let kinds = items.map { $0["kind"]?.string }
            #expect(
                kinds == [
                    "call.bootstrap", "cockpit.auto_run", "crm.upsert_batch", "crm.upsert_company", "crm.upsert_person",
                    "demo.teardown", "endpoint.deliver", "endpoint.route", "engagement.bulk", "engagement.cancel",
                    "engagement.push", "engagement.reconcile", "engagement.route", "engagement.start",
                    "engagement.upsert", "hub.backfill", "hub.provision", "replay.run", "tips.bootstrap_fields",
                    "tips.sync", "tips.sync_agent", "twenty.event", "twenty.reconcile", "upkeep.log", "upkeep.prune",
                ])
            let push = try #require(items.first { $0["kind"]?.string == "engagement.push" })
            #expect(push["queue"]?.string == "webhooks" && push["leaves_trace"] == .bool(true))
            #expect(push["retry"]?.object?["attempts"]?.integer == 3)
            #expect(push["retry"]?.object?["delay_seconds"]?.integer == 1)
            #expect(push["timeout_seconds"]?.integer == 3_600)
            let schema = push["args"]?.object
            #expect(schema?["type"]?.string == "object")
            #expect(schema?["required"]?.array == ["target", "delivery_type", "event"].map(JSONValue.string))
        }

        /// A body of `POST /v1/jobs`, the status, and the pointers of the bad fields; nil where there are none.
        @Test(arguments: [
            ("", 400, [""]), ("{", 400, [""]), ("7", 422, [""]), ("{}", 422, ["/kind", "/args"]),
            (#"{"kind":"nope","args":{}}"#, 422, ["/kind"]),
            (
                #"{"kind":"engagement.push","args":{"target":"x"}}"#, 422,
                ["/args/target", "/args/delivery_type", "/args/event"]
            ),
            (Samples.push("e", of: "d.example", #""queue":"nope""#), 422, ["/queue"]),
            (
                Samples.push("e", of: "d.example", #""delay_seconds":1,"run_at":"2026-01-01T00:00:00Z""#), 422,
                ["/run_at"]
            ),
            (Samples.push("e", of: "d.example", #""attempts":0,"colour":"red""#), 422, ["/attempts", "/colour"]),
            (String(repeating: " ", count: 2 << 20), 413, nil),
        ])
        func badBodyIsRefused(body: String, status: Int, pointers: [String]?) async throws {
            let reply = try await product.client.postJob(body)
            #expect(reply.status == status, "\(reply.text.prefix(500))")
            #expect(reply.header("Content-Type") == "application/problem+json")
            let errors = reply.object["errors"]?.array?.compactMap(\.object)
            #expect(errors?.map { $0["pointer"]?.string } == pointers, "\(reply.text.prefix(500))")
        }

        @Test func otherFaultsHaveTheirStatus() async throws {
            let body = Array(Samples.push("e", of: "d.example").utf8)
            let client = product.client
            #expect(try await client.send(.post, "/v1/jobs", body: body, contentType: "text/plain").status == 415)
            #expect(try await client.postJob("{}", headers: [(name: "Idempotency-Key", value: "")]).status == 400)
            let long = String(repeating: "k", count: 256)
            #expect(try await client.postJob("{}", headers: [(name: "Idempotency-Key", value: long)]).status == 400)
            let (reader, poster) = (
                client.with(token: product.tokens.reader), client.with(token: product.tokens.poster)
            )
            let id = String(repeating: "0", count: 20)
            for (method, path) in [
                (.post, "/v1/jobs"), (.delete, "/v1/jobs/\(id)"), (.post, "/v1/jobs/\(id)/retry"),
                (.post, "/v1/queues/crm/pause"), (.post, "/v1/queues/crm/resume"), (.post, "/v1/workers/w/quiet"),
                (.delete, "/v1/dead"),
            ] as [(CurlRequest.Method, String)] {
                #expect(try await client.with(token: nil).send(method, path).status == 401, "\(path)")
                #expect(try await reader.send(method, path).status == 403, "\(path)")
            }
            for path in ["/v1/workers", "/v1/kinds"] { #expect(try await poster.get(path).status == 403, "\(path)") }
            for (method, path) in [
                (.get, "/v1/jobs/\(id)"), (.delete, "/v1/jobs/\(id)"), (.post, "/v1/jobs/\(id)/retry"),
                (.delete, "/v1/jobs/nonsense"), (.post, "/v1/queues/nope/pause"), (.post, "/v1/workers/nobody/quiet"),
            ] as [(CurlRequest.Method, String)] {
                #expect(try await client.send(method, path).status == 404, "\(path)")
            }
            #expect(try await client.send(.post, "/v1/kinds").status == 405)
        }
    }
}
