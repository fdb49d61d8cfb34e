import Basics
import Command
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// What a receipt says is true: whatever Redis does, what was accepted is delivered. Each test is a whole product.
    @Suite(.serialized) struct DurabilityTests {
        private func product() throws -> Product { try currentProduct() }

        private func deliveries(_ target: FakeTarget) -> [String: Int] {
            Dictionary(grouping: target.delivered) { String($0.header("webhook-id")?.dropFirst(4) ?? "") }
                .mapValues(\.count)
        }

        private func prefer(_ durability: String) -> [(name: String, value: String)] {
            [(name: "Prefer", value: "durability=\(durability), wait=5")]
        }

        /// Sends one command to the product's Redis.
        private func redis(_ product: Product, _ command: String) async throws -> String {
            let request = "AUTH \(product.redis.password)\r\n\(command)\r\n"
            let reply = try await LoopbackClient().exchange(
                port: product.redis.port, request: Array(request.utf8), limitMilliseconds: 10_000
            ) { $0.count { $0 == UInt8(ascii: "\n") } >= 2 }
            return String(decoding: reply, as: UTF8.self)
        }

        private func rowsThatHaveNotEnded(_ product: Product) async throws -> Int64 {
            try await product.database.query(
                PostgresStatement("t_open", "SELECT count(*) AS n FROM jobs.outbox WHERE ended_at IS NULL"))[0]
                .integer("n")
        }

        @Test(.product()) func answerSaysWhichDurabilityWasReached() async throws {
            let product = try product()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            for durability in ["queued", "fsynced", "outbox"] {
                let reply = try await product.client.post(
                    Samples.completed(durability, of: account), headers: prefer(durability))
                #expect(reply.status == 202)
                #expect(reply.object["durability"]?.string == durability)
                #expect(reply.header("Preference-Applied") == "durability=\(durability)")
                try await product.client.job(try #require(ProductClient.jobs(reply).first), toBe: "done")
            }
            let plain = try await product.client.post(Samples.completed("plain", of: account))
            #expect(plain.object["durability"]?.string == "queued" && plain.header("Preference-Applied") == nil)
            // A server that cannot prove it, and says so.
            _ = try await redis(product, "CONFIG SET appendfsync everysec")
            try await Waiting.until("fsynced to be refused") {
                let reply = try await product.client.post(
                    Samples.completed("refused", of: account), headers: prefer("fsynced"))
                if reply.status == 503 { #expect(reply.text.contains("not proven")) }
                return reply.status == 422 && reply.text.contains("appendfsync everysec")
            }
            try await Waiting.until("the outbox to end") { try await rowsThatHaveNotEnded(product) == 0 }
        }

        @Test(.product(workers: 0)) func apiDoesNotStartWithAPromiseThatItCannotKeep() async throws {
            let product = try product()
            _ = try await redis(product, "CONFIG SET appendfsync everysec")
            let environment = [
                "REDIS_URL": product.redis.url, "API_DURABILITY": "fsynced", "API_LISTEN": "127.0.0.1:0",
                "API_TOKENS": "a:read:0123456789abcdef0123456789abcdef",
            ]
            let refused = try await ProgramRun.run("aventora-api", [], environment: environment)
            #expect(refused.exit == .exited(78))
            #expect(refused.output.contains("API_DURABILITY") && refused.output.contains("appendfsync everysec"))
        }

        @Test(.product(workers: 2, ["API_DURABILITY": "outbox"]))
        func redisEmptiedInTheMiddleLosesNothing() async throws {
            let product = try product()
            let target = try FakeTarget(then: .held(status: 200))
            let account = try await product.makeAccount(target)
            let poster = Poster(product.client) { Samples.completed($0, of: account, id: $1) }
            async let posting: Void = poster.run(callers: 4)
            try await Waiting.until("200 to be accepted and some to be under way") {
                poster.accepted.count >= 200 && !target.requests.isEmpty
            }
            #expect(try await redis(product, "FLUSHALL").hasSuffix("+OK\r\n"))
            let flush = ContinuousClock.now
            target.release()
            try await Waiting.until("200 more to be accepted") { poster.accepted.count >= 400 }
            poster.stop()
            await posting
            #expect(poster.refusals.isEmpty && poster.failures == 0)
            let jobs = Set(poster.accepted.flatMap(\.jobs))
            #expect(jobs.count == poster.accepted.count)
            try await Waiting.until("every push to be delivered", within: .seconds(40)) {
                jobs.isSubset(of: deliveries(target).keys)
            }
            try await Waiting.until("the outbox to end", within: .seconds(40)) {
                try await rowsThatHaveNotEnded(product) == 0
            }
            let delivered = deliveries(target)
            #expect(Set(delivered.keys) == jobs)
            // Only what was under way at that moment may have been sent twice: its first run was forgotten.
            let early = Set(poster.accepted.filter { $0.begun < flush }.flatMap(\.jobs))
            #expect(delivered.allSatisfy { $0.value == 1 || ($0.value == 2 && early.contains($0.key)) })
        }

        @Test(.product(workers: 2)) func redisAwayForSecondsUnderLoadIsNoReasonToRefuse() async throws {
            let product = try product()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let poster = Poster(product.client) { Samples.completed($0, of: account, id: $1) }
            async let posting: Void = poster.run(callers: 4)
            try await Waiting.until("100 to be accepted") { poster.accepted.count >= 100 }
            await product.redis.kill()
            let before = poster.accepted.count
            try await Waiting.until("300 to be accepted without Redis") { poster.accepted.count >= before + 300 }
            let reply = try await product.client.post(Samples.completed("own", of: account, id: "own"))
            #expect(reply.status == 202 && reply.object["durability"]?.string == "outbox")
            let own = try #require(ProductClient.jobs(reply).first)
            let view = try await product.client.job(own)
            #expect(view["state"]?.string == "ready")
            #expect(view["why"]?.string == "it waits in the outbox because Redis is away")
            let again = try await product.client.post(Samples.completed("own", of: account, id: "own"))
            #expect(ProductClient.jobs(again) == [own])
            let receiver = try await product.client.send(
                .post, "/rest/aventora/webhook",
                body: Array(#"{"engagement_id":"received","sent_at":"2026-01-31T12:00:00Z"}"#.utf8),
                headers: [(name: "X-Aventora-Webhook-Secret", value: product.tokens.receiver)])
            #expect(receiver.status == 202 && receiver.object["durability"]?.string == "outbox")
            try await product.redis.start()
            let count = poster.accepted.count
            try await Waiting.until("200 more to be accepted") { poster.accepted.count >= count + 200 }
            poster.stop()
            await posting
            #expect(poster.refusals.isEmpty && poster.failures == 0)
            try await Waiting.until("the outbox to end", within: .seconds(40)) {
                try await rowsThatHaveNotEnded(product) == 0
            }
            try await Waiting.until("every queue to be empty", within: .seconds(40)) {
                try await product.client.queues().values.allSatisfy { $0 == [0, 0, 0, 0] }
            }
            let jobs = Set(poster.accepted.flatMap(\.jobs) + [own])
            let delivered = deliveries(target)
            #expect(Set(delivered.keys) == jobs)
            let doubled = delivered.filter { $0.value > 1 }
            #expect(doubled.count <= 20, "what was under way when Redis died may be sent again: \(doubled.count)")
            try await product.client.job(own, toBe: "done")
            let received = try #require(receiver.object["id"]?.string)
            try await product.client.job(received, toBe: "done")
        }

        @Test(.product(workers: 1)) func redisThatHangsIsNotWaitedFor() async throws {
            let product = try product()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let first = try await product.client.acceptOne(Samples.completed("first", of: account))
            try await product.client.job(first, toBe: "done")
            product.redis.freeze()
            var jobs: [String] = []
            var times: [Duration] = []
            for number in 0..<20 {
                let start = ContinuousClock.now
                let reply = try await product.client.post(Samples.completed("h\(number)", of: account))
                #expect(reply.status == 202 && reply.object["durability"]?.string == "outbox")
                jobs += ProductClient.jobs(reply)
                if number > 0 { times.append(ContinuousClock.now - start) }
            }
            let usual = times.sorted()[times.count / 2]
            #expect(usual < .milliseconds(900), "\(times)")
            product.redis.thaw()
            for job in jobs { try await product.client.job(job, toBe: "done", within: .seconds(30)) }
            // The first was in Redis's socket all the while, and in the outbox.
            let delivered = deliveries(target)
            #expect(Set(delivered.keys) == Set(jobs + [first]))
            #expect(delivered.values.allSatisfy { $0 == 1 })
        }

        @Test(.product(workers: 1, ownsPostgres: true)) func bothAwayIsTheOnlyReasonToRefuse() async throws {
            let product = try product()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let first = try await product.client.acceptOne(Samples.completed("first", of: account))
            try await product.client.job(first, toBe: "done")
            await product.postgres.kill()
            #expect(try await product.client.post(Samples.completed("second", of: account)).status == 202)
            let outbox = try await product.client.post(
                Samples.completed("third", of: account), headers: prefer("outbox"))
            #expect(outbox.status == 503 && outbox.header("Retry-After") != nil)
            await product.redis.kill()
            let refused = try await product.client.post(Samples.completed("fourth", of: account))
            #expect(refused.status == 503 && refused.header("Retry-After") != nil)
            #expect(refused.header("Content-Type") == "application/problem+json")
            try await product.postgres.start()
            let accepted = try await Waiting.value("the outbox to take it") {
                let reply = try await product.client.post(Samples.completed("fifth", of: account))
                return reply.status == 202 ? ProductClient.jobs(reply).first : nil
            }
            try await product.redis.start()
            try await product.client.job(accepted, toBe: "done", within: .seconds(30))
            for process in product.processes { try await product.waitUntilReady(process) }
        }

        @Test(.product()) func producersOwnTransactionDecides() async throws {
            let product = try product()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let arguments = """
                {"target": "twenty", "delivery_type": "status", "event": {"type": "call.completed",
                 "domain_name": "\(account)", "engagement_id": "from-sql", "data": {"status": "completed"}}}
                """
            let call = PostgresStatement("t_enqueue", "SELECT jobs.enqueue('engagement.push', $1::jsonb) AS id")
            struct Regret: Error {}
            await #expect(throws: Regret.self) {
                try await product.database.transaction { transaction in
                    _ = try await transaction.query(call, [.text(arguments)])
                    throw Regret()
                }
            }
            let id = try await product.database.transaction { transaction in
                try await transaction.query(call, [.text(arguments)])[0].string("id")
            }
            _ = try await target.requests(1)
            try await product.client.job(id, toBe: "done")
            #expect(deliveries(target) == [id: 1])
        }
    }
}
