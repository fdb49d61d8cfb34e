import Basics
import Command
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// `POST /webhooks/twenty` while a server is away. Twenty calls once and never again, so what was answered 202 is told,
    /// and told once, however often the same request comes. Each test is a whole product.
    @Suite(.serialized) struct InboundOutageTests {
        /// A product with an endpoint for requests whose times are good for as long as a test may last.
        private struct Scene {
            let product: Product
            let target: FakeTarget
            let requests: [InboundRequest]

            init(bodyOnly: Bool = false) async throws {
                product = try currentProduct()
                let all = try product.inboundRequests(workspace: Samples.name("workspace"), bodyOnly: bodyOnly)
                target = try FakeTarget()
                _ = try await product.listen(all, target)
                requests = all.filter { $0.isLasting || (bodyOnly && $0.name == "the body alone") }
                try #require(requests.count >= 15)
            }

            /// Sends them one after the other; each has to be answered so.
            func send(
                _ requests: some Sequence<InboundRequest>, _ says: String? = nil, durability: String? = nil
            ) async throws {
                for request in requests {
                    let reply = try await product.post(request)
                    #expect(reply.status == 202, "\(request.name): \(reply.text)")
                    if let says { #expect(reply.object["status"]?.string == says, "\(request.name): \(reply.text)") }
                    guard let durability, says == "accepted" else { continue }
                    #expect(reply.object["durability"]?.string == durability, "\(request.name): \(reply.text)")
                }
            }

            /// They are refused, and the caller hears when to come again.
            func expectRefusal(_ requests: some Sequence<InboundRequest>) async throws {
                for request in requests {
                    let reply = try await product.post(request)
                    #expect(reply.status == 503, "\(request.name): \(reply.text)")
                    #expect(reply.header("Retry-After").flatMap { Int($0) } ?? 0 > 0)
                    #expect(reply.header("Content-Type") == "application/problem+json")
                }
            }

            /// The answer to a request that comes again and again until it is taken.
            func sendUntilTaken(_ request: InboundRequest) async throws -> ProductReply {
                var last = ""
                return try await Waiting.value("\(request.name) to be taken", seen: { last }) {
                    let reply = try await product.post(request)
                    last = reply.text
                    return reply.status == 202 ? reply : nil
                }
            }

            /// When all is done, each of these records was told in one job, and no other was told.
            func expectToldOnce(_ requests: some Sequence<InboundRequest>) async throws {
                try await product.finishWork(in: "webhooks")
                let told = try target.told()
                #expect(Set(told.keys) == Set(requests.map(\.record)))
                for (record, ids) in told { #expect(Set(ids).count == 1, "\(record): \(ids)") }
                #expect(try await product.client.dead().isEmpty)
            }
        }

        /// Before, in the midst of it and afterwards; and all of it again, while Redis is away and when it is back.
        @Test(.product(InboundRequest.variables)) func redisAwayIsNoReasonToRefuse() async throws {
            let scene = try await Scene()
            let (product, requests) = (scene.product, scene.requests)
            let (early, midst, late) = (requests.prefix(4), requests.dropFirst(4).dropLast(5), requests.suffix(5))
            try await scene.send(early, "accepted", durability: "queued")
            let replies = try await withThrowingTaskGroup(of: ProductReply.self) { group in
                for request in midst { group.addTask { try await product.post(request) } }
                let first = try await group.next()
                await product.redis.kill()
                return try await group.reduce(into: first.map { [$0] } ?? []) { $0.append($1) }
            }
            for reply in replies { #expect(reply.status == 202, "\(reply.text)") }
            try await scene.send(late, "accepted", durability: "outbox")
            try await scene.send(late, "duplicate")
            // Their receipts are in Redis, where nobody can look now.
            try await scene.send(early)
            try await product.redis.start()
            try await scene.send(requests)
            try await scene.expectToldOnce(requests)
            try await scene.send(requests, "duplicate")
            // Of these no worker was at work when Redis died.
            let told = try scene.target.told()
            for request in late { #expect(told[request.record]?.count == 1) }
        }

        /// Without Redis and Postgres nothing is taken; the same requests are, once, when one of them is back.
        @Test(.product(ownsPostgres: true, InboundRequest.variables))
        func withNothingDurableItIsRefusedAndTakenLater() async throws {
            let scene = try await Scene()
            let (product, requests) = (scene.product, scene.requests.prefix(6))
            await product.postgres.kill()
            await product.redis.kill()
            try await scene.expectRefusal(requests)
            try await product.postgres.start()
            for request in requests {
                let reply = try await scene.sendUntilTaken(request)
                #expect(reply.object["status"]?.string == "accepted" && reply.object["durability"]?.string == "outbox")
            }
            try await scene.send(requests, "duplicate")
            try await product.redis.start()
            try await scene.send(requests)
            try await scene.expectToldOnce(requests)
            let told = try scene.target.told()
            #expect(told.values.allSatisfy { $0.count == 1 }, "\(told)")
        }

        /// A Redis that hangs has the request in its socket and carries it out later, although the caller was told 503.
        @Test(.product(ownsPostgres: true, InboundRequest.variables))
        func whatRedisDidAfterTheRefusalIsNotDoneAgain() async throws {
            let scene = try await Scene()
            let (product, requests) = (scene.product, scene.requests.prefix(3))
            try await scene.send(requests.prefix(1), "accepted", durability: "queued")
            await product.postgres.kill()
            product.redis.freeze()
            try await scene.expectRefusal(requests.dropFirst())
            product.redis.thaw()
            try await product.postgres.start()
            for request in requests { _ = try await scene.sendUntilTaken(request) }
            try await scene.send(requests, "duplicate")
            try await scene.expectToldOnce(requests)
        }

        /// What has a time needs no Postgres to be taken. Of the body alone a copy could not be told from it, so it is
        /// refused, as what protects it for good is in Postgres.
        @Test(.product(ownsPostgres: true, InboundRequest.variables.merging(allowed) { $1 }))
        func postgresAwayStopsTheBodyAlone() async throws {
            let scene = try await Scene(bodyOnly: true)
            let product = scene.product
            let (timed, bare) = (scene.requests.filter(\.isLasting).prefix(8), scene.requests.suffix(1))
            try #require(bare.map(\.name) == ["the body alone"])
            await product.postgres.kill()
            var jobs: [String] = []
            for request in timed {
                let reply = try await product.post(request)
                #expect(reply.status == 202 && reply.object["status"]?.string == "accepted", "\(reply.text)")
                #expect(reply.object["durability"]?.string == "queued")
                jobs.append(try #require(reply.object["id"]?.string))
            }
            try await scene.send(timed, "duplicate")
            try await scene.expectRefusal(bare)
            // Whose it is and what was told before is in Postgres: they wait, unspent.
            for job in jobs { #expect(try await putOff(product, job)["attempts"]?.integer == 0) }
            try await product.postgres.start()
            for request in bare {
                #expect(try await scene.sendUntilTaken(request).object["status"]?.string == "accepted")
            }
            try await scene.send(bare, "duplicate")
            try await scene.send(timed, "duplicate")
            for job in jobs {
                let done = try await product.client.job(job, toBe: "done", within: .seconds(40))
                #expect(done["attempts"]?.integer == 1, "\(done)")
            }
            try await scene.expectToldOnce(Array(timed) + bare)
        }

        /// A Hub whose view is missing for a while says nothing of whose the workspace is: it is not told as nobody's.
        @Test(.product(InboundRequest.variables)) func whoseItIsIsWaitedFor() async throws {
            let product = try currentProduct()
            let (workspace, account) = (Samples.name("workspace"), Samples.name("account") + ".example")
            try await product.setAccount(account, ["crm_workspace_id": workspace])
            let requests = try product.inboundRequests(workspace: workspace).filter(\.isLasting).prefix(3)
            let target = try FakeTarget()
            _ = try await product.listen(Array(requests), target, #""format":"raw""#)
            try await product.database.execute("ALTER VIEW hub.account_settings RENAME TO settings_away")
            var jobs: [String] = []
            for request in requests {
                let reply = try await product.post(request)
                #expect(reply.status == 202, "\(reply.text)")
                jobs.append(try #require(reply.object["id"]?.string))
            }
            for job in jobs { #expect(try await putOff(product, job)["attempts"]?.integer == 0) }
            try await product.database.execute("ALTER VIEW hub.settings_away RENAME TO account_settings")
            for job in jobs { try await product.client.job(job, toBe: "done", within: .seconds(40)) }
            for event in try await target.bodies(4).dropFirst() {
                #expect(event["domain_name"]?.string == account, "\(event)")
            }
        }

        /// The job, once it was put off.
        private func putOff(_ product: Product, _ job: String) async throws -> JSONObject {
            try await Waiting.value("job \(job) to be put off") {
                let view = try await product.client.job(job)
                return view["deferrals"]?.integer ?? 0 > 0 ? view : nil
            }
        }

        private static let allowed = ["TWENTY_INBOUND_ALLOW_BODY_ONLY": "true"]
    }
}
