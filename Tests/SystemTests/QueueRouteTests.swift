import Basics
import Command
import Curl
import Redis
import TestKit
import Testing

extension SystemTests {
    /// Queues, workers and the dead set over HTTP.
    @Suite struct QueueRouteTests {
        private func queue(_ product: Product, _ name: String) async throws -> JSONObject {
            let reply = try await product.client.get("/v1/queues/\(name)")
            #expect(reply.status == 200)
            return reply.object
        }

        @Test(.product()) func pausedQueueIsNotWorkedAndGoesOnAtOnce() async throws {
            let product = try currentProduct()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let paused = try await product.client.send(.post, "/v1/queues/webhooks/pause")
            #expect(paused.status == 200 && paused.object["paused"] == .bool(true))
            let jobs = try await product.client.accept(
                "[\(["a", "b"].map { Samples.completed($0, of: account) }.joined(separator: ","))]")
            // Another queue goes on.
            let received = try await product.client.send(
                .post, "/rest/aventora/webhook",
                body: Array(
                    #"{"engagement_id":"e","sent_at":"2026-01-01T00:00:00Z","person_id":"p","workspace_id":"w"}"#.utf8),
                headers: [(name: "X-Aventora-Webhook-Secret", value: product.tokens.receiver)])
            let upsert = try #require(received.object["id"]?.string)
            try await product.client.job(upsert, toBe: "done")
            let waiting = try await product.client.job(jobs[0])
            #expect(waiting["state"]?.string == "ready")
            #expect(waiting["why"]?.string?.hasPrefix("its queue webhooks is paused, since 20") == true)
            #expect(try await product.client.queues()["webhooks"] == [2, 0, 0, 0])
            #expect(target.requests.isEmpty)

            let resumed = try await product.client.send(.post, "/v1/queues/webhooks/resume")
            let begin = ContinuousClock.now
            #expect(resumed.status == 200 && resumed.object["paused"] == .bool(false))
            _ = try await target.requests(2)
            #expect(ContinuousClock.now - begin < .seconds(5))
            for job in jobs { try await product.client.job(job, toBe: "done") }
        }

        /// A paused queue with work in it must not keep anybody busy.
        @Test(.product()) func pausedQueueCostsNothing() async throws {
            let product = try currentProduct()
            _ = try await product.client.send(.post, "/v1/queues/webhooks/pause")
            let account = try await product.makeAccount(try FakeTarget())
            _ = try await product.client.accept(Samples.completed("a", of: account))
            // Work comes in bursts while the processes start. Whoever is kept busy never has a quiet second.
            try await Waiting.until("a second with at most 10 scripts", seen: { product.workers[0].logTail }) {
                let before = try await scripts(product)
                try await Task.sleep(for: .seconds(1))
                return try await scripts(product) - before <= 10
            }
        }

        /// Scripts that the server has run; a claim is one.
        private func scripts(_ product: Product) async throws -> Int {
            let info = try await product.redisReply("INFO", "commandstats").string ?? ""
            let line = try #require(
                info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("cmdstat_evalsha:calls=") })
            return try #require(Int(line.dropFirst("cmdstat_evalsha:calls=".count).prefix { $0.isNumber }))
        }

        @Test(.product(workers: 0)) func everyFieldOfTheContractIsThere() async throws {
            let product = try currentProduct()
            let account = try await product.makeAccount(try FakeTarget())
            _ = try await product.client.accept(Samples.completed("a", of: account))
            let webhooks = try await queue(product, "webhooks")
            #expect(
                Set(webhooks.members.map(\.key)) == [
                    "name", "ready", "due", "running", "dead", "oldest_ready_seconds", "backlog_seconds",
                    "done_per_second", "enqueued_per_second", "paused", "lanes", "counters",
                ])
            #expect(webhooks["ready"]?.integer == 1)
            #expect(webhooks["counters"]?.object?["enqueued"]?.integer == 1)
            #expect(webhooks["lanes"]?.object?["count"]?.integer == 1)
            #expect(try await queue(product, "crm")["backlog_seconds"] == .number("0"))
            // The scheduler keeps the samples, so the pace is known although nobody asked before.
            try await Waiting.until("the pace of the queue") {
                try await queue(product, "webhooks")["done_per_second"] == .number("0")
            }
            #expect(try await queue(product, "webhooks")["backlog_seconds"] == .null)
            #expect(try await product.client.get("/v1/queues/nope").status == 404)
        }

        @Test(.product(["CRM_WEBHOOK_TIMEOUT_SECONDS": "60"]))
        func quietWorkerFinishesAndClaimsNoMore() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(answers: [.held(status: 200)])
            let account = try await product.makeAccount(target)
            let held = try await product.client.acceptOne(Samples.completed("held", of: account))
            _ = try await target.requests(1)
            let workers = try await product.client.get("/v1/workers").object["items"]?.array ?? []
            let worker = try #require(workers.first?.object)
            #expect(workers.count == 1)
            #expect(worker["state"]?.string == "working" && worker["running"]?.integer == 1)
            #expect(worker["concurrency"]?.integer == 256 && worker["quiet"] == .bool(false))
            #expect(worker["queues"]?.array == ["webhooks", "crm", "hub", "tips", "upkeep"].map(JSONValue.string))
            #expect(worker["running_by_queue"]?.object?["webhooks"]?.integer == 1)
            #expect(worker["version"]?.string?.isEmpty == false)

            let name = try #require(worker["name"]?.string)
            let quiet = try await product.client.send(.post, "/v1/workers/\(name)/quiet")
            #expect(quiet.status == 202 && quiet.object["state"]?.string == "quiet")
            try await Waiting.until("the worker to hear of it", seen: { product.workers[0].logTail }) {
                product.workers[0].output.contains("quiet")
            }
            let late = try await product.client.acceptOne(Samples.completed("late", of: account))
            target.release()
            try await product.client.job(held, toBe: "done")
            #expect(try await product.client.job(late)["state"]?.string == "ready")
            // Another worker takes what is left, and this one stays.
            _ = try await product.startWorker()
            try await product.client.job(late, toBe: "done")
            #expect(product.workers[0].exit == nil)
        }

        @Test(.product()) func deadJobsAreRemovedByFilter() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(then: .status(404))
            let account = try await product.makeAccount(target)
            let ids = try await product.client.accept(
                "[\((0..<3).map { Samples.completed("e-\($0)", of: account) }.joined(separator: ","))]")
            for id in ids { try await product.client.job(id, toBe: "dead") }
            func delete(_ query: String, _ body: String? = nil) async throws -> ProductReply {
                try await product.client.send(.delete, "/v1/dead\(query)", body: body.map { Array($0.utf8) })
            }
            #expect(try await delete("?target=zoho").object["count"]?.integer == 0)
            #expect(try await delete("?until=2020-01-01T00:00:00Z").object["count"]?.integer == 0)
            #expect(try await delete("", #"{"ids":[]}"#).object["count"]?.integer == 0)
            #expect(try await delete("?colour=red").status == 422)
            #expect(try await delete("?id=\(ids[0])").object["count"]?.integer == 1)
            #expect(try await product.client.dead().count == 2)
            let removed = try await product.client.job(ids[0])
            #expect(removed["state"]?.string == "dead")
            #expect(removed["why"]?.string?.contains("no longer in the dead set") == true)
            #expect(try await delete("", #"{"target":"twenty","queue":"webhooks"}"#).object["count"]?.integer == 2)
            #expect(try await product.client.dead().isEmpty)
            #expect(try await delete("").object["count"]?.integer == 0)
        }
    }
}
