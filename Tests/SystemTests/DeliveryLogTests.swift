import Basics
import Command
import Curl
import Postgres
import Redis
import TestKit
import Testing

extension ProductClient {
    /// `GET /v1/deliveries/{id}`, once it is in this state.
    func delivery(_ id: String, toBe state: String) async throws -> JSONObject {
        try await Waiting.value(
            "delivery \(id) to be \(state)", seen: { (try? await get("/v1/deliveries/\(id)").text) ?? "" }
        ) {
            let reply = try await get("/v1/deliveries/\(id)")
            return reply.status == 200 && reply.object["state"]?.string == state ? reply.object : nil
        }
    }

    /// The items of `GET /v1/deliveries`.
    func deliveries(_ query: String) async throws -> [JSONObject] {
        let reply = try await get("/v1/deliveries\(query)")
        return (reply.object["items"]?.array ?? []).compactMap(\.object)
    }
}

extension Product {
    /// Every row of the attempt log as text.
    func logDump() async throws -> String {
        try await database.query(
            PostgresStatement(
                "log_dump",
                """
                SELECT d::text || encode(coalesce(d.payload, ''), 'escape') AS line FROM jobs.deliveries AS d
                UNION ALL SELECT a::text || encode(coalesce(a.response_body, ''), 'escape') FROM jobs.attempts AS a
                """)
        ).map { try $0.string("line") }.joined(separator: "\n")
    }

    /// How many attempts the log has of each delivery of an account, by its id.
    func loggedAttempts(of domainName: String) async throws -> [String: Int64] {
        let rows = try await database.query(
            PostgresStatement(
                "logged",
                """
                SELECT d.id, count(a.fence) AS n FROM jobs.deliveries AS d LEFT JOIN jobs.attempts AS a ON a.delivery_id = d.id
                WHERE d.domain_name = $1 GROUP BY d.id
                """), [.text(domainName)])
        return Dictionary(try rows.map { (try $0.string("id"), try $0.integer("n")) }) { first, _ in first }
    }
}

extension SystemTests.Shared {
    @Suite struct DeliveryLogTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        @Test func eachAttemptIsShownWithItsTimesAndHeads() async throws {
            let target = try FakeTarget(answers: [.status(503, (name: "Retry-After", value: "1"))])
            let account = try await product.makeAccount(target, secret: Samples.name("secret"))
            let engagement = Samples.name("e")
            let id = try await product.client.acceptOne(Samples.completed(engagement, of: account, id: "ev-1"))
            let delivery = try await product.client.delivery(id, toBe: "delivered")
            #expect(delivery["id"]?.string == id && delivery["job_id"]?.string == id)
            #expect(delivery["webhook_id"]?.string == "msg_\(id)" && delivery["target"]?.string == "twenty")
            #expect(delivery["event_id"]?.string == "ev-1" && delivery["event_type"]?.string == "call.completed")
            #expect(delivery["domain_name"]?.string == account && delivery["engagement_id"]?.string == engagement)
            #expect(delivery["call_sid"]?.string == "CA\(engagement)" && delivery["delivery_type"]?.string == "status")
            #expect(delivery["attempt_count"]?.integer == 2 && delivery["status"]?.integer == 200)
            #expect(delivery["error"]?.isNull == true && delivery["retry_at"]?.isNull == true)
            #expect(delivery["endpoint_id"]?.isNull == true && delivery["replay_of"]?.isNull == true)
            let attempts = (delivery["attempts"]?.array ?? []).compactMap(\.object)
            try #require(attempts.count == 2)
            #expect(attempts.map { $0["number"]?.integer } == [1, 2])
            #expect(attempts.map { $0["outcome"]?.string } == ["retry", "delivered"])
            #expect(attempts.map { $0["status"]?.integer } == [503, 200])
            #expect(attempts[0]["error_code"]?.string == "status")
            #expect(attempts[0]["error"]?.string == "HTTP 503 at attempt 1 of 3")
            #expect(attempts[0]["retry_at"]?.string != nil && attempts[1]["error"]?.isNull == true)
            for attempt in attempts {
                let times = try #require(attempt["times_ms"]?.object)
                func time(_ name: String) -> Double {
                    if case .number(let text)? = times[name] { Double(text) ?? -1 } else { -1 }
                }
                let phases = ["dns", "connect", "tls", "first_byte", "body"].map(time)
                #expect(phases.allSatisfy { $0 >= 0 } && abs(phases.reduce(0, +) - time("total")) < 0.01)
                #expect(time("total") > 0 && time("queued") >= 0 && time("queued") < 5_000 && time("limiter") == 0)
                let request = try #require(attempt["request_head"]?.string)
                #expect(request.hasPrefix("POST http://127.0.0.1:\(target.port)/… HTTP/1.1\n"))
                #expect(request.contains("\nX-Aventora-Webhook-Secret: ***\n"))
                #expect(request.contains("\nwebhook-id: msg_\(id)\n"))
                #expect(attempt["address"]?.string == "127.0.0.1:\(target.port)")
                #expect(attempt["worker"]?.string?.isEmpty == false)
            }
            let answer = try #require(attempts[0]["response"]?.object)
            #expect(answer["head"]?.string?.hasPrefix("HTTP/1.1 503\n") == true)
            #expect(answer["head"]?.string?.contains("Retry-After: 1") == true)
            #expect(answer["body"]?.string == "{}" && answer["body_encoding"]?.string == "utf-8")
            #expect(answer["body_cut"] == .bool(false))
        }

        /// What a target sends back: no text, NULs, more than is kept, and what it was sent.
        @Test func answersOfAllKindsAreKeptWithinTheirLimits() async throws {
            let secret = Samples.name("echoed-secret")
            let bodies: [[UInt8]] = [
                [0, 0xFF, 0xC3, 0, 10], Array("NUL \u{0} in text".utf8),
                Array(repeating: UInt8(ascii: "x"), count: 8_191) + Array("üü".utf8),
                Array("you sent \(secret)!".utf8) + [UInt8](repeating: UInt8(ascii: "y"), count: 8_150)
                    + Array(secret.utf8), [],
            ]
            let long = (name: "X-Long", value: String(repeating: "l", count: 9_000))
            let target = try FakeTarget(
                answers: bodies.map {
                    .reply(
                        status: 200,
                        headers: [
                            (name: "Set-Cookie", value: "a=\(secret)"), (name: "X-Echo", value: secret), long,
                            (name: "X-Bytes", value: "ok"),
                        ], body: $0)
                })
            let account = try await product.makeAccount(target, secret: secret)
            var answers: [JSONObject] = []
            for number in bodies.indices {
                let id = try await product.client.acceptOne(Samples.completed("a-\(number)", of: account))
                let delivery = try await product.client.delivery(id, toBe: "delivered")
                answers.append(try #require(delivery["attempts"]?.array?.first?.object?["response"]?.object))
            }
            #expect(answers[0]["body"]?.string == "AP/DAAo=" && answers[0]["body_encoding"]?.string == "base64")
            #expect(
                answers[1]["body"]?.string == "TlVMIAAgaW4gdGV4dA==" && answers[1]["body_encoding"]?.string == "base64")
            // The cut went through a character.
            #expect(answers[2]["body"]?.string == String(repeating: "x", count: 8_191))
            #expect(answers[2]["body_cut"] == .bool(true) && answers[2]["body_encoding"]?.string == "utf-8")
            #expect(answers[3]["body"]?.string?.hasPrefix("you sent ***!yyy") == true)
            #expect(answers[4]["body"]?.string == "" && answers[4]["body_cut"] == .bool(false))
            for answer in answers {
                let head = try #require(answer["head"]?.string)
                #expect(head.utf8.count <= 8_192)
                #expect(head.contains("Set-Cookie: ***\nX-Echo: ***\nX-Long: lll"))
                #expect(answer["body"]?.string?.contains(secret) == false)
            }
            #expect(try await product.logDump().contains(secret) == false)
        }

        @Test func listsAreFilteredAndPaged() async throws {
            let target = try FakeTarget(choosing: { $0.text.contains("bad") ? .status(400) : .status(200) })
            let account = try await product.makeAccount(target)
            var ids: [String] = []
            for number in 0..<5 {
                let name = number == 2 ? "bad" : "good-\(number)"
                ids.append(try await product.client.acceptOne(Samples.completed(name, of: account)))
            }
            for (number, id) in ids.enumerated() {
                _ = try await product.client.delivery(id, toBe: number == 2 ? "failed" : "delivered")
            }
            func list(_ query: String) async throws -> [String?] {
                try await product.client.deliveries("?domain_name=\(account)\(query)").map { $0["id"]?.string }
            }
            #expect(try await list("") == ids.reversed())
            #expect(try await list("&state=failed") == [ids[2]])
            #expect(try await list("&state=delivered&limit=200").count == 4)
            #expect(try await list("&engagement_id=good-3") == [ids[3]])
            #expect(try await list("&call_sid=CAgood-1") == [ids[1]])
            #expect(try await list("&target=zoho").isEmpty)
            #expect(try await list("&event_type=call.completed&target=twenty").count == 5)
            #expect(try await list("&until=2020-01-01T00:00:00Z").isEmpty)
            #expect(try await list("&since=2020-01-01T00:00:00Z").count == 5)
            var seen: [String] = []
            var cursor: String?
            repeat {
                let path = "/v1/deliveries?domain_name=\(account)&limit=2\(cursor.map { "&cursor=\($0)" } ?? "")"
                let reply = try await product.client.get(path)
                seen += (reply.object["items"]?.array ?? []).compactMap { $0.object?["id"]?.string }
                cursor = reply.object["next_cursor"]?.string
                _ = try await product.client.acceptOne(Samples.completed("more", of: account))
            } while cursor != nil
            #expect(seen == ids.reversed())
            let failed = try await product.client.delivery(ids[2], toBe: "failed")
            #expect(failed["error"]?.string == "HTTP 400: the target refuses it")
        }

        @Test(arguments: [
            ("?state=gone", 422), ("?limit=0", 400), ("?limit=201", 400), ("?cursor=x", 400), ("?since=yesterday", 422),
            ("?colour=red", 422), ("/nothing", 404), ("/00000000000000000000", 404), ("?call_sid=%00", 200),
        ])
        func whatCannotBeAnsweredIsAProblem(path: String, status: Int) async throws {
            let reply = try await product.client.get("/v1/deliveries" + path)
            #expect(reply.status == status, "\(reply.text)")
            if status >= 400 { #expect(reply.header("Content-Type")?.hasPrefix("application/problem+json") == true) }
        }

        @Test func onlyReadersSeeDeliveries() async throws {
            for path in ["/v1/deliveries", "/v1/deliveries/00000000000000000000"] {
                #expect(try await product.client.with(token: nil).get(path).status == 401)
                #expect(try await product.client.with(token: product.tokens.poster).get(path).status == 403)
            }
        }

        @Test func whatHappensBetweenAttemptsIsShown() async throws {
            let target = try FakeTarget(answers: [.status(503, (name: "Retry-After", value: "600"))])
            let account = try await product.makeAccount(target)
            let id = try await product.client.acceptOne(Samples.completed("e", of: account))
            let waiting = try await product.client.delivery(id, toBe: "retrying")
            #expect(waiting["retry_at"]?.string != nil && waiting["attempt_count"]?.integer == 1)
            #expect(try await product.client.send(.delete, "/v1/jobs/\(id)").status == 200)
            let ended = try await product.client.delivery(id, toBe: "cancelled")
            #expect(ended["retry_at"]?.isNull == true)
            try await Waiting.until("the list to say so") {
                try await product.client.deliveries("?domain_name=\(account)&state=cancelled").count == 1
            }
            // One that no worker has begun.
            let body = Samples.push("later", of: account, #""delay_seconds":600"#)
            let reply = try await product.client.postJob(body)
            let later = try #require(reply.object["id"]?.string)
            let pending = try await product.client.delivery(later, toBe: "pending")
            #expect(pending["attempts"]?.array?.isEmpty == true && pending["target"]?.string == "twenty")
            #expect(pending["attempt_count"]?.integer == 0 && pending["retry_at"]?.string != nil)
        }

        @Test func attemptsThatCameToNoRequestAreLoggedToo() async throws {
            let account = Samples.name("account") + ".example"
            try await product.setAccount(account, ["twenty_webhook_url": "ftp://nowhere.example"])
            let id = try await product.client.acceptOne(Samples.completed("e", of: account))
            let delivery = try await product.client.delivery(id, toBe: "failed")
            let attempt = try #require(delivery["attempts"]?.array?.first?.object)
            #expect(attempt["error_code"]?.string == "not_sent" && attempt["request_head"]?.isNull == true)
            #expect(attempt["response"]?.isNull == true && attempt["number"]?.integer == 1)
        }

        @Test func commandShowsThem() async throws {
            let target = try FakeTarget(answers: [.status(500)])
            let account = try await product.makeAccount(target)
            let id = try await product.client.acceptOne(Samples.completed("e", of: account))
            _ = try await product.client.delivery(id, toBe: "delivered")
            let list = try await product.command(["deliveries", "--domain-name", account])
            #expect(list.exit == .exited(0) && list.output.contains(id) && list.output.contains("delivered"))
            let json = try await product.command(["deliveries", "--json", "--domain-name", account, "--limit", "1"])
            #expect(json.output.contains(#""attempt_count":2"#), "\(json.output)")
            let shown = try await product.command(["deliveries", "show", id])
            #expect(shown.exit == .exited(0))
            for text in ["attempt 1: retry", "attempt 2: delivered", "HTTP/1.1 500", "first byte "] {
                #expect(shown.output.contains(text), "\(text) in \(shown.output)")
            }
            let none = try await product.command(["deliveries", "show", "00000000000000000000"])
            #expect(none.exit == .exited(1))
            let wrong = try await product.command(["deliveries", "list", "--state", "gone"])
            #expect(wrong.exit == .exited(64) && wrong.output.contains("--state"))
        }
    }
}

extension SystemTests {
    /// The log when servers and workers die. Each test is a whole product.
    @Suite(.serialized) struct DeliveryLogCrashTests {
        @Test(.product(workers: 2, ownsPostgres: true)) func deliveriesGoOnWithoutPostgresAndTheLogFollows()
            async throws
        {
            let product = try currentProduct()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let poster = Poster(product.client) { Samples.completed($0, of: account, id: $1) }
            async let posting: Void = poster.run(callers: 2)
            try await Waiting.until("100 deliveries") { target.delivered.count >= 100 }
            await product.postgres.kill()
            let count = target.delivered.count
            try await Waiting.until("200 deliveries without Postgres") { target.delivered.count >= count + 200 }
            let waiting = try await product.redisReply("HLEN", "aj:{webhooks}:log").integerValue ?? 0
            #expect(waiting > 100, "\(waiting)")
            try await product.postgres.start()
            let back = target.delivered.count
            try await Waiting.until("200 more deliveries") { target.delivered.count >= back + 200 }
            poster.stop()
            await posting
            let ids = Set(poster.accepted.flatMap(\.jobs))
            try await Waiting.until("every queue to be empty", within: .seconds(30)) {
                try await product.client.queues().values.allSatisfy { $0 == [0, 0, 0, 0] }
            }
            try await Waiting.until("the log to be complete", within: .seconds(30)) {
                try await product.loggedAttempts(of: account).count >= ids.count
            }
            let logged = try await product.loggedAttempts(of: account)
            #expect(Set(logged.keys) == ids)
            // One request, one row.
            let requests = Dictionary(grouping: target.requests) { String($0.header("webhook-id")?.dropFirst(4) ?? "") }
            for (id, number) in logged { #expect(number == Int64(requests[id]?.count ?? 0), "\(id)") }
            #expect(try await product.client.deliveries("?domain_name=\(account)&state=retrying").isEmpty)
            #expect(try await product.redisReply("HLEN", "aj:{webhooks}:log").integerValue == 0)
            #expect(try await product.redisReply("HGET", "aj:{webhooks}:meta", "log_bytes").integerValue == 0)
        }

        /// A Postgres that hangs costs a delivery no more than its patience, and only the first ones that.
        @Test(.product(workers: 1)) func deliveriesDoNotWaitForAPostgresThatHangs() async throws {
            let product = try currentProduct()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let first = try await product.client.acceptOne(Samples.completed("e", of: account))
            _ = try await product.client.delivery(first, toBe: "delivered")
            try await product.database.transaction { transaction in
                try await transaction.execute("LOCK TABLE jobs.attempts IN ACCESS EXCLUSIVE MODE")
                let start = ContinuousClock.now
                let events = (0..<200).map { Samples.completed("f-\($0)", of: account) }
                for id in try await product.client.accept("[\(events.joined(separator: ","))]") {
                    try await product.client.job(id, toBe: "done", within: .seconds(20))
                }
                let time = ContinuousClock.now - start
                // Without its patience none would be done while the lock is held; if each had to be patient by itself, it
                // would be 200 times 200 ms.
                #expect(time < .seconds(20), "\(time)")
            }
            try await Waiting.until("the log to be complete", within: .seconds(30)) {
                try await product.loggedAttempts(of: account).count == 201
            }
            #expect(try await product.loggedAttempts(of: account).values.allSatisfy { $0 == 1 })
        }

        /// Killed with the answer in hand: once before the log has it, once after.
        @Test(.product(workers: 0), arguments: [("worker-after-post", 1 as Int64), ("worker-after-log", 2)])
        func killedBetweenRequestAndAckTheLogHasNoRowTwice(point: String, rows: Int64) async throws {
            let product = try currentProduct()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let victim = try await product.startWorker(["AVENTORA_FAULT_POINT": point])
            let id = try await product.client.acceptOne(Samples.completed("e", of: account))
            try await Waiting.until("the worker to die") { victim.exit != nil }
            #expect(victim.exit == .signaled(9))
            _ = try await product.startWorker()
            let job = try await product.client.job(id, toBe: "done", within: .seconds(25))
            #expect(job["crashes"]?.integer == 1)
            #expect(target.requests.count == 2)
            let delivery = try await product.client.delivery(id, toBe: "delivered")
            // The crash spent no attempt.
            #expect(delivery["attempt_count"]?.integer == 1)
            let attempts = (delivery["attempts"]?.array ?? []).compactMap(\.object)
            #expect(Int64(attempts.count) == rows)
            #expect(attempts.allSatisfy { $0["number"]?.integer == 1 && $0["outcome"]?.string == "delivered" })
            #expect(Set(attempts.map { $0["claimed_at"]?.string }).count == attempts.count)
            #expect(try await product.loggedAttempts(of: account) == [id: rows])
        }

        /// A stop in the middle of a request is no attempt, but it is shown.
        @Test(.product(workers: 0, ["CRM_WEBHOOK_TIMEOUT_SECONDS": "60", "WORKER_SHUTDOWN_GRACE_SECONDS": "1"]))
        func aStopIsShownAndSpendsNothing() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(answers: [.held(status: 200)])
            let account = try await product.makeAccount(target)
            let worker = try await product.startWorker()
            let id = try await product.client.acceptOne(Samples.completed("e", of: account))
            _ = try await target.requests(1)
            #expect(await worker.stop())
            let pending = try await product.client.delivery(id, toBe: "pending")
            let attempt = try #require(pending["attempts"]?.array?.first?.object)
            #expect(attempt["outcome"]?.string == "deferred" && attempt["error_code"]?.string == "stopped")
            #expect(attempt["number"]?.isNull == true && pending["attempt_count"]?.integer == 0)
            _ = try await product.startWorker()
            let done = try await product.client.delivery(id, toBe: "delivered")
            #expect(done["attempt_count"]?.integer == 1 && done["attempts"]?.array?.count == 2)
        }
    }
}
