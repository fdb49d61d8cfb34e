import Basics
import Curl
import Postgres
import Redis
import TestKit
import Testing

extension SystemTests {
    /// `POST /webhooks/twenty`, as far as the subscriptions.
    @Suite(.product(InboundRequest.variables))
    struct InboundTests {
        /// Every variant and every rule; each record that was taken is told once, in the account of its workspace.
        @Test func everyVariant() async throws {
            let product = try currentProduct()
            let (workspace, account) = (Samples.name("workspace"), Samples.name("account") + ".example")
            try await product.setAccount(account, ["crm_workspace_id": workspace])
            let requests = try product.inboundRequests(workspace: workspace)
            let target = try FakeTarget()
            let endpoint = try await product.listen(requests, target, #""format":"raw""#)
            var wanted: [String] = []
            for request in requests {
                let reply = try await product.post(request)
                #expect(reply.status == request.status, "\(request.name): \(reply.text)")
                #expect(
                    (reply.object["status"]?.string ?? "") == request.says || reply.status >= 400, "\(request.name)")
                #expect((reply.object["reason"]?.string ?? "") == request.reason, "\(request.name)")
                if request.status == 401 {
                    #expect(reply.object["detail"]?.string == "the signature is missing or wrong")
                }
                guard reply.object["status"]?.string == "accepted" else { continue }
                wanted.append(request.record)
                let id = try #require(reply.object["id"]?.string)
                let job = try await product.client.job(id, toBe: "done")
                #expect(job["note"]?.string?.hasSuffix(": 1 deliveries") == true, "\(request.name) \(job)")
            }
            #expect(wanted.count > 20)
            _ = try await target.requests(wanted.count + 1)
            try await Waiting.until("the queue to be empty") {
                try await product.client.queues()["webhooks"].map { $0.prefix(3).allSatisfy { $0 == 0 } } ?? false
            }
            let told = try target.requests.dropFirst().map { try #require(try JSONParser.parse($0.body).object) }
            #expect(told.compactMap { $0["data"]?.object?["id"]?.string }.sorted() == wanted.sorted())
            for event in told {
                #expect(event["domain_name"]?.string == account && event["workspace_id"]?.string == workspace)
                #expect(event["origin"]?.string == "twenty")
            }
            // What became of all of them is counted.
            try await Waiting.until("the counts") {
                let reply = try await product.client.get("/v1/inbound")
                let items = (reply.object["items"]?.array ?? []).compactMap(\.object)
                func count(_ result: String) -> Int64 {
                    items.filter { $0["result"]?.string == result }.compactMap { $0["count"]?.integer }.reduce(0, +)
                }
                return count("accepted") >= Int64(wanted.count) && count("metadata") >= 1 && count("move") >= 1
                    && count("unknown") >= 4 && count("duplicate") >= 7 && count("refused_mixed") >= 3
                    && count("refused_body_only") >= 2 && count("refused_stale") >= 4 && count("malformed") >= 1
            }
            _ = try await product.client.send(.delete, "/v1/endpoints/\(endpoint)")
        }

        /// Without an account of its own, a workspace is its own account; the other formats fit too.
        @Test func aWorkspaceWithoutAnAccountStandsForItself() async throws {
            let product = try currentProduct()
            let workspace = Samples.name("workspace")
            let request = try #require(try product.inboundRequests(workspace: workspace).first)
            let target = try FakeTarget()
            let endpoint = try await product.listen([request], target, #""format":"record""#)
            #expect(try await product.post(request).status == 202)
            let delivered = try #require(try await target.requests(2).last)
            let body = try #require(try JSONParser.parse(delivered.body).object)
            #expect(body["record"]?.object?["id"]?.string == request.record)
            #expect(body["record"]?.object?["name"]?.object?["lastName"]?.string == "O'Brien ☺")
            #expect(
                body["workspaceId"]?.string == workspace && body["operation"]?.string?.hasSuffix(".created") == true)
            _ = try await product.client.send(.delete, "/v1/endpoints/\(endpoint)")
        }
    }

    /// The same with workers that die.
    @Suite(.product(InboundRequest.variables))
    struct InboundCrashTests {
        /// A worker that is killed again and again while it tells; each record is told, and none in two jobs.
        @Test func aKilledWorkerTellsEverything() async throws {
            let product = try currentProduct()
            let requests = try product.inboundRequests(workspace: Samples.name("workspace"))
            let target = try FakeTarget()
            let endpoint = try await product.listen(requests, target)
            var wanted: Set<String> = []
            for (number, request) in requests.enumerated() where request.status == 202 && request.says == "accepted" {
                #expect(try await product.post(request).status == 202)
                wanted.insert(request.record)
                guard number % 8 == 3, let worker = product.workers.last else { continue }
                await worker.kill()
                _ = try await product.startWorker()
            }
            try await Waiting.until("the queue to be empty", within: .seconds(60)) {
                try await product.client.queues()["webhooks"].map { $0.prefix(3).allSatisfy { $0 == 0 } } ?? false
            }
            var ids: [String: Set<String>] = [:]
            for request in target.delivered.dropFirst() {
                let body = try JSONParser.parse(request.body).object
                let record = body?["record"]?.object?["id"]?.string ?? ""
                ids[record, default: []].insert(request.header("webhook-id") ?? "")
            }
            #expect(Set(ids.keys) == wanted)
            #expect(ids.values.allSatisfy { $0.count == 1 })
            _ = try await product.client.send(.delete, "/v1/endpoints/\(endpoint)")
        }
    }

    /// The body alone, where that is allowed.
    @Suite(
        .product(["TWENTY_INBOUND_SECRETS": "one-secret", "TWENTY_INBOUND_ALLOW_BODY_ONLY": "true"])
    )
    struct InboundBodyTests {
        private static let age = PostgresStatement(
            "test_age", "UPDATE jobs.inbound_bodies SET first_seen_at = first_seen_at - interval '40 days'")

        @Test func isTakenOnceForGood() async throws {
            let product = try currentProduct()
            let requests = try InboundRequest.all(
                secrets: ("one-secret", "one-secret"), workspace: "w", object: Samples.objectName(), bodyOnly: true)
            let bodyOnly = requests.suffix(5)
            for request in bodyOnly {
                let reply = try await product.post(request)
                #expect(reply.status == request.status, "\(request.name): \(reply.text)")
                #expect(
                    (reply.object["status"]?.string ?? "") == request.says || reply.status >= 400, "\(request.name)")
            }
            // A month later, when no receipt knows it: simulated by the age of its row and the loss of all receipts.
            _ = try await product.database.query(Self.age)
            let keys = try await product.redisReply("KEYS", "*receipt*").arrayValue?.compactMap(\.string) ?? []
            #expect(!keys.isEmpty)
            for key in keys { _ = try await product.redisReply("DEL", key) }
            let first = try #require(bodyOnly.first)
            #expect(try await product.post(first).object["status"]?.string == "duplicate")
            // One that has a time is protected by it, and taken as long as no receipt knows it.
            let timed = try #require(requests.first)
            #expect(try await product.post(timed).object["status"]?.string == "accepted")
        }
    }

    /// A product that was given no secret takes nothing; one that was given three does not start.
    @Suite(.product()) struct InboundSecretTests {
        @Test func withoutASecretNothingIsTaken() async throws {
            let product = try currentProduct()
            let requests = try InboundRequest.all(
                secrets: ("a", "b"), workspace: "w", object: Samples.objectName(), bodyOnly: false)
            for request in requests.prefix(3) {
                let reply = try await product.client.with(token: nil).send(
                    .post, "/webhooks/twenty", body: request.body, headers: request.headers)
                #expect(reply.status == 401)
            }
            let long = [UInt8](repeating: 0x20, count: 1_048_577)
            #expect(
                try await product.client.with(token: nil).send(.post, "/webhooks/twenty", body: long).status == 413)
            #expect(
                try await product.client.with(token: nil).send(
                    .post, "/webhooks/twenty", body: [0x7B, 0x7D], contentType: "text/plain"
                ).status == 415)
            #expect(try await product.client.get("/webhooks/twenty").status == 405)
        }
    }
}
