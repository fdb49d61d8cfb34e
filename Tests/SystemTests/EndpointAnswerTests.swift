import Basics
import Command
import Curl
import Foundation
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// What an endpoint's answers do to its deliveries, and what is kept of them.
    @Suite(.product()) struct EndpointAnswerTests {
        /// As a header has it: RFC 9110, 5.6.7.
        private static func date(secondsFromNow seconds: Double) -> String {
            let format = DateFormatter()
            format.locale = Locale(identifier: "en_US_POSIX")
            format.timeZone = TimeZone(identifier: "GMT")
            format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
            return format.string(from: Date(timeIntervalSinceNow: seconds))
        }

        /// A hint: what it says, the least pause that follows, and whether an attempt is spent.
        private static let hints: [(name: String, value: @Sendable () -> String, pause: Duration, attempts: Int64)] = [
            ("seconds", { "2" }, .seconds(2), 1),
            ("date", { date(secondsFromNow: 3) }, .seconds(1), 1),
            ("past date", { date(secondsFromNow: -60) }, .milliseconds(500), 2),
            ("negative", { "-5" }, .milliseconds(500), 2),
            ("garbage", { "soon" }, .milliseconds(500), 2),
            ("nothing", { "" }, .milliseconds(500), 2),
        ]

        @Test(arguments: hints.indices, [429, 503])
        func retryAfterIsAPauseForAllAndSpendsNothing(_ index: Int, status: Int) async throws {
            let product = try currentProduct()
            let hint = Self.hints[index]
            let target = try FakeTarget(answers: [.status(status, (name: "Retry-After", value: hint.value()))])
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(
                target, ["\(object).*"], #""max_in_flight":1,"retry":{"attempts":3,"delay_seconds":0.5}"#)
            let first = try #require(try await product.accept(Samples.record(object), making: 1).first)
            let second = try await product.client.acceptOne(Samples.record(object, id: "r-2"))
            let delivery = try await product.client.delivery(first, toBe: "delivered")
            _ = try await product.client.delivery(second, toBe: "delivered")
            #expect(delivery["attempt_count"]?.integer == hint.attempts, "\(hint.name)")
            let outcomes = (delivery["attempts"]?.array ?? []).map { $0.object?["outcome"]?.string }
            #expect(outcomes == [hint.attempts == 1 ? "deferred" : "retry", "delivered"])
            let requests = target.requests
            try #require(requests.count == 3)
            // Of a hint that is heeded, the other event takes its part.
            let next = hint.attempts == 1 ? requests[1] : try #require(requests.last)
            let pause = next.arrival - requests[0].arrival
            #expect(pause >= hint.pause && pause < hint.pause + .seconds(4), "\(hint.name): \(pause)")
            if hint.attempts == 1 { #expect(requests[1].header("webhook-id") == "msg_\(first)") }
            _ = try await product.client.send(.delete, "/v1/endpoints/\(made.id)")
        }

        /// What the log has of a delivery to an endpoint, and that none of its secrets is anywhere but where it belongs.
        @Test(arguments: ["standard", "twenty", "twenty-documented", "body", "secret-header"])
        func theLogKnowsAllButTheSecrets(_ scheme: String) async throws {
            let product = try currentProduct()
            let own = Samples.name("header-secret")
            product.addSecret(own)
            let token = Samples.name("path-token-of-an-endpoint")
            let target = try FakeTarget(choosing: { request in
                // Some targets send back what they got.
                let echo = request.headers.map { "\($0.name)=\($0.value)" }.joined(separator: " ")
                return .reply(status: 500, headers: [(name: "X-Echo", value: echo)], body: Array(echo.utf8))
            })
            let (object, engagement) = (Samples.objectName(), Samples.name("e"))
            let reply = try await product.client.send(
                .post, "/v1/endpoints",
                body: Array(
                    """
                    {"url":"\(target.url("/\(token)"))","operations":["\(object).*"],"signing":"\(scheme)",\
                    "headers":{"X-Tenant":"\(own)"},"retry":{"attempts":2,"delay_seconds":0.1}}
                    """.utf8))
            let id = try #require(reply.object["id"]?.string)
            let secret = try #require(reply.object["secret"]?.string)
            product.addSecret(secret)
            let event =
                #"{"id":"\#(engagement)-1","type":"\#(object).created","domain_name":"d.example","engagement_id":"\#(engagement)","#
                + #""call_sid":"CA9","data":{"id":"r"}}"#
            let job = try #require(
                try await product.accept(Samples.record(object), making: 1).first)
            _ = try await product.client.delivery(job, toBe: "failed")
            let second = try await product.client.acceptOne(event)
            let delivery = try await product.client.delivery(second, toBe: "failed")
            #expect(delivery["endpoint_id"]?.string == id && delivery["target"]?.string == "127.0.0.1")
            #expect(delivery["event_id"]?.string == "\(engagement)-1")
            #expect(delivery["event_type"]?.string == "\(object).created")
            #expect(delivery["domain_name"]?.string == "d.example" && delivery["call_sid"]?.string == "CA9")
            #expect(delivery["engagement_id"]?.string == engagement)
            #expect(delivery["webhook_id"]?.string == "msg_\(second)" && delivery["attempt_count"]?.integer == 2)
            let listed = try await product.client.deliveries("?endpoint=\(id)")
            #expect(Set(listed.compactMap { $0["id"]?.string }) == [job, second])
            // Redis holds none either, nor any answer of ours.
            var seen = try await product.logDump()
            for path in [
                "/v1/endpoints", "/v1/endpoints/\(id)", "/v1/deliveries/\(second)", "/v1/jobs/\(second)", "/v1/dead",
            ] {
                seen += try await product.client.get(path).text
            }
            let rows = try await product.database.query(
                PostgresStatement(
                    "endpoints_dump",
                    "SELECT e::text || s::text AS line FROM jobs.endpoints e JOIN jobs.endpoint_secrets s ON s.endpoint_id = e.id"
                ))
            seen += try rows.map { try $0.string("line") }.joined()
            for secret in [secret, own] {
                #expect(!seen.contains(secret), "\(scheme)")
                // As it would stand in a bytea.
                #expect(!seen.contains(secret.utf8.map { String($0, radix: 16) }.joined()), "\(scheme)")
            }
            let attempts = (delivery["attempts"]?.array ?? []).compactMap(\.object)
            for attempt in attempts {
                #expect(attempt["request_head"]?.string?.contains("X-Tenant: ***") == true)
                let body = attempt["response"]?.object?["body"]?.string ?? ""
                #expect(body.contains("***") && !body.contains(own) && !body.contains(token))
            }
            #expect(target.requests.last?.header("X-Tenant") == own)
            _ = try await product.client.send(.delete, "/v1/endpoints/\(id)")
        }
    }
}
