import Basics
import TestKit
import Testing

extension SystemTests {
    /// Tests that harm nothing share one product; each has accounts and targets of its own.
    @Suite(.product())
    enum Shared {}
}

extension SystemTests.Shared {
    @Suite struct DeliveryTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        @Test func failuresAreFollowedByTheSameRequestAtTheFixedPause() async throws {
            let target = try FakeTarget(answers: [.status(500), .status(500)])
            let secret = Samples.name("secret")
            let account = try await product.makeAccount(target, secret: secret)
            let id = try await product.client.acceptOne(Samples.completed("e-1", of: account))
            let job = try await product.client.job(id, toBe: "done")
            #expect(job["attempts"]?.integer == 3)
            let requests = target.requests
            try #require(requests.count == 3)
            for (earlier, later) in zip(requests, requests.dropFirst()) {
                let gap = later.arrival - earlier.arrival
                #expect(gap >= .seconds(1) && gap < .seconds(5), "\(gap)")
                #expect(later.body == earlier.body)
                #expect(later.headerLines == earlier.headerLines)
                #expect(later.path == earlier.path && later.method == earlier.method)
            }
            #expect(requests[0].header("webhook-id") == "msg_\(id)")
            #expect(requests[0].header("X-Aventora-Webhook-Secret") == secret)
            #expect(requests[0].header("Content-Type") == "application/json")
            #expect(requests[0].values("Expect").isEmpty)
        }

        @Test(arguments: [400, 401, 403, 404, 409, 410, 413, 422, 300, 301, 302, 303, 307, 308])
        func finalStatusIsAskedOnce(status: Int) async throws {
            let elsewhere = try FakeTarget()
            let target = try FakeTarget(then: .status(status, (name: "Location", value: elsewhere.url("/other"))))
            let account = try await product.makeAccount(target)
            let id = try await product.client.acceptOne(Samples.completed("e-2", of: account))
            let job = try await product.client.job(id, toBe: "dead")
            #expect(target.requests.count == 1)
            #expect(elsewhere.requests.isEmpty)
            #expect(job["attempts"]?.integer == 1)
            #expect(job["reason"]?.string?.hasPrefix("HTTP \(status)") == true)
            let buried = try await product.client.dead("?id=\(id)")
            #expect(buried.map { $0["reason"]?.string } == [job["reason"]?.string])
        }

        @Test(arguments: [408, 425, 429, 500, 502, 503, 504, 599])
        func passingStatusIsFollowedByAnother(status: Int) async throws {
            let target = try FakeTarget(answers: [.status(status)])
            let account = try await product.makeAccount(target)
            let id = try await product.client.acceptOne(Samples.completed("e-3", of: account))
            let job = try await product.client.job(id, toBe: "done")
            #expect(job["attempts"]?.integer == 2)
            let requests = target.requests
            try #require(requests.count == 2)
            let gap = requests[1].arrival - requests[0].arrival
            #expect(gap >= .seconds(1) && gap < .seconds(5), "\(gap)")
        }

        @Test(arguments: [429, 503])
        func retryAfterIsHonoured(status: Int) async throws {
            let target = try FakeTarget(answers: [.status(status, (name: "Retry-After", value: "3"))])
            let account = try await product.makeAccount(target)
            let id = try await product.client.acceptOne(Samples.completed("e-4", of: account))
            _ = try await target.requests(1)
            let waiting = try await product.client.job(id, toBe: "due")
            #expect(waiting["why"]?.string?.contains("HTTP \(status)") == true, "\(waiting["why"] ?? .null)")
            try await product.client.job(id, toBe: "done")
            let requests = target.requests
            try #require(requests.count == 2)
            let gap = requests[1].arrival - requests[0].arrival
            #expect(gap >= .seconds(3) && gap < .seconds(8), "\(gap)")
        }

        @Test func hugeAnswerIsNotRead() async throws {
            let target = try FakeTarget(then: .big(status: 200, byteCount: 50 << 20))
            let account = try await product.makeAccount(target)
            let id = try await product.client.acceptOne(Samples.completed("e-7", of: account))
            let job = try await product.client.job(id, toBe: "done")
            #expect(job["attempts"]?.integer == 1)
            #expect(target.requests.count == 1)
        }

        @Test func brokenTargetHoldsUpNobodyElse() async throws {
            let hanging = try FakeTarget(then: .hang)
            let healthy = try FakeTarget()
            let slowAccount = try await product.makeAccount(hanging)
            let account = try await product.makeAccount(healthy)
            let slow = (0..<20).map { Samples.completed("slow-\($0)", of: slowAccount) }
            _ = try await product.client.accept("[\(slow.joined(separator: ","))]")
            _ = try await hanging.requests(20)
            let id = try await product.client.acceptOne(Samples.completed("e-8", of: account))
            try await product.client.job(id, toBe: "done", within: .seconds(10))
            #expect(healthy.requests.count == 1)
        }

        /// What the body limit lets in is also delivered, whatever it grows to on its way.
        @Test(arguments: [("x", 1_000_000), ("\\u0001", 1_000_000), ("\",\"", 500_000), ("健", 1_000_000)])
        func largeEventIsDelivered(piece: String, byteCount: Int) async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let text = String(repeating: piece, count: byteCount / piece.utf8.count)
            let id = try await product.client.acceptOne(
                """
                {"type":"call.completed","domain_name":"\(account)","engagement_id":"e",
                "data":{"status":"done","transcript":["\(text)"]}}
                """)
            try await product.client.job(id, toBe: "done")
            #expect(target.requests.count == 1)
            let body = try #require(target.requests.first?.body)
            let push = try JSONParser.parse(body, limits: JSONLimits(bytes: 16 << 20, values: 1_000_000)).object
            let sent = try JSONParser.parse(
                Array(#"["\#(text)"]"#.utf8), limits: JSONLimits(bytes: 16 << 20, values: 1_000_000))
            #expect(push?["transcript"] == sent)
        }
    }
}
