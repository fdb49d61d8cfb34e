import Basics
import TestKit
import Testing

extension SystemTests.Shared {
    @Suite struct IdempotencyTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        private func post(_ body: String, key: String? = nil, token: String? = nil) async throws -> ProductReply {
            let client = token.map { product.client.with(token: $0) } ?? product.client
            return try await client.post(body, headers: key.map { [(name: "Idempotency-Key", value: $0)] } ?? [])
        }

        private func duplicates(_ reply: ProductReply) -> [Bool] {
            (reply.object["events"]?.array ?? []).map { $0.object?["duplicate"] == .bool(true) }
        }

        private func ids(_ reply: ProductReply) -> [String?] {
            (reply.object["events"]?.array ?? []).map { $0.object?["id"]?.string }
        }

        @Test func sameKeyTwiceIsOnePush() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let key = Samples.name("key")
            let body = Samples.completed("e-1", of: account)
            let first = try await post(body, key: key)
            let second = try await post(body, key: key)
            #expect((first.status, second.status) == (202, 202))
            #expect(first.object["durability"]?.string == "queued")
            #expect((duplicates(first), duplicates(second)) == ([false], [true]))
            #expect(ids(first) == ids(second))
            let jobs = ProductClient.jobs(first)
            #expect(jobs.count == 1 && ProductClient.jobs(second) == jobs)
            try await product.client.job(jobs[0], toBe: "done")
            // Still the same when the job is over.
            let third = try await post(body, key: key)
            #expect(ProductClient.jobs(third) == jobs && duplicates(third) == [true])
            #expect(target.requests.count == 1)
        }

        @Test func sameKeyWithAnotherBodyIsAConflict() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let key = Samples.name("key")
            let first = try await post(Samples.completed("e-1", of: account), key: key)
            let other = try await post(Samples.completed("e-2", of: account), key: key)
            #expect(other.status == 409)
            #expect(other.header("Content-Type") == "application/problem+json")
            try await product.client.job(ProductClient.jobs(first)[0], toBe: "done")
            #expect(target.requests.count == 1)
        }

        @Test func keysOfOtherTokensAreOthers() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let key = Samples.name("key")
            let body = Samples.completed("e-1", of: account)
            let first = try await post(body, key: key)
            let second = try await post(body, key: key, token: product.tokens.poster)
            #expect(duplicates(second) == [false])
            #expect(ProductClient.jobs(first) != ProductClient.jobs(second))
        }

        @Test func eventsOwnIDCountsLikewise() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let id = Samples.name("event")
            let first = try await post(Samples.completed("e-1", of: account, id: id))
            let again = try await post(Samples.completed("e-1", of: account, id: id))
            #expect(ids(first) == [id] && ids(again) == [id])
            #expect(duplicates(again) == [true])
            #expect(ProductClient.jobs(again) == ProductClient.jobs(first))
            let other = try await post(Samples.completed("e-2", of: account, id: id))
            #expect(other.status == 409)
            #expect(other.object["errors"]?.array?.first?.object?["pointer"]?.string == "/id")
            try await product.client.job(ProductClient.jobs(first)[0], toBe: "done")
            #expect(target.requests.count == 1)
        }

        @Test func knownEventInsideAnArrayIsADuplicateAndTheRestIsNew() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let (known, new) = (Samples.name("event"), Samples.name("event"))
            let first = try await post(Samples.completed("e-1", of: account, id: known))
            let events = [
                Samples.completed("e-1", of: account, id: known), Samples.completed("e-2", of: account, id: new),
            ]
            let both = try await post("[\(events.joined(separator: ","))]")
            #expect(both.status == 202)
            #expect(duplicates(both) == [true, false])
            let jobs = ProductClient.jobs(both)
            try #require(jobs.count == 2)
            #expect(jobs[0] == ProductClient.jobs(first).first)
            try await product.client.job(jobs[1], toBe: "done")
            try await product.client.job(jobs[0], toBe: "done")
            #expect(target.requests.count == 2)
        }

        /// What is wrong with the last of three events, the status, and the pointer.
        @Test(arguments: [
            (#"{"type":"nothing.known","domain_name":"d"}"#, 422, "/2/type"),
            (#"{"type":"call.completed","engagement_id":"e"}"#, 422, "/2/domain_name"),
            (
                #"{"type":"call.completed","domain_name":"d","engagement_id":"e","data":{"status":7}}"#, 422,
                "/2/data/status"
            ),
            ("7", 422, "/2"),
        ])
        func arrayIsTakenWholeOrNotAtAll(bad: String, status: Int, pointer: String) async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let ids = [Samples.name("event"), Samples.name("event")]
            let good = ids.map { Samples.completed("e-\($0)", of: account, id: $0) }
            let reply = try await post("[\(good.joined(separator: ",")),\(bad)]")
            #expect(reply.status == status)
            #expect(reply.object["errors"]?.array?.map { $0.object?["pointer"]?.string } == [pointer])
            // None of them is known, so all are new now.
            let later = try await post("[\(good.joined(separator: ","))]")
            #expect(duplicates(later) == [false, false])
            for job in ProductClient.jobs(later) { try await product.client.job(job, toBe: "done") }
            #expect(target.requests.count == 2)
        }

        @Test func arrayWithAConflictTakesNothing() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let (used, new) = (Samples.name("event"), Samples.name("event"))
            let first = try await product.client.acceptOne(Samples.completed("e-1", of: account, id: used))
            let events = [
                Samples.completed("e-9", of: account, id: new), Samples.completed("e-2", of: account, id: used),
            ]
            let reply = try await post("[\(events.joined(separator: ","))]")
            #expect(reply.status == 409)
            #expect(reply.object["errors"]?.array?.first?.object?["pointer"]?.string == "/1/id")
            let later = try await post(events[0])
            #expect(duplicates(later) == [false])
            try await product.client.job(first, toBe: "done")
            try await product.client.job(ProductClient.jobs(later)[0], toBe: "done")
            #expect(target.requests.count == 2)
        }

        @Test func manyAtOnceWithOneKeyAreOnePush() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let key = Samples.name("key")
            let body = Samples.completed("e-1", of: account)
            let replies = try await withThrowingTaskGroup(of: ProductReply.self) { group in
                for _ in 0..<20 { group.addTask { try await post(body, key: key) } }
                return try await group.reduce(into: [ProductReply]()) { $0.append($1) }
            }
            #expect(replies.allSatisfy { $0.status == 202 })
            let jobs = Set(replies.flatMap(ProductClient.jobs))
            #expect(jobs.count == 1)
            #expect(replies.count { duplicates($0) == [false] } == 1)
            try await product.client.job(try #require(jobs.first), toBe: "done")
            #expect(target.requests.count == 1)
        }
    }
}
