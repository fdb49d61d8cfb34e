import Basics
import Command
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests.Shared {
    /// One delivery that is sent again.
    @Suite struct DeliveryReplayTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        private func replay(_ id: String, status: Int = 202) async throws -> JSONObject {
            try await product.ask(.post, "/v1/deliveries/\(id)/replay", status: status)
        }

        @Test func aPushIsSentAgainUnderItsWebhookID() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target, secret: Samples.name("secret"))
            let id = try await product.client.acceptOne(Samples.completed("e-1", of: account))
            _ = try await product.client.delivery(id, toBe: "delivered")
            let key = [(name: "Idempotency-Key", value: Samples.name("key"))]
            let path = "/v1/deliveries/\(id)/replay"
            let made = try await product.ask(.post, path, status: 202, headers: key)
            let again = try #require(made["id"]?.string)
            #expect(again != id && made["webhook_id"]?.string == "msg_\(id)" && made["replay_of"]?.string == id)
            let twice = try await product.ask(.post, path, status: 202, headers: key)
            #expect(twice["id"]?.string == again && twice["duplicate"] == .bool(true))
            let delivery = try await product.client.delivery(again, toBe: "delivered")
            #expect(delivery["replay_of"]?.string == id && delivery["delivery_type"]?.string == "replay")
            #expect(delivery["webhook_id"]?.string == "msg_\(id)" && delivery["replay_id"]?.isNull == true)
            #expect(delivery["attempt_count"]?.integer == 1)
            let requests = target.requests
            try #require(requests.count == 2)
            #expect(requests[0].text.contains(#""delivery_type":"status""#))
            let wanted = requests[0].text.replacing(#""delivery_type":"status""#, with: #""delivery_type":"replay""#)
            #expect(requests[1].text == wanted)
            func lines(_ request: TargetRequest) -> [String] {
                request.headerLines.filter { !$0.lowercased().hasPrefix("content-length") }
            }
            #expect(lines(requests[0]) == lines(requests[1]))
            // A repetition can be repeated too.
            let third = try #require(try await replay(again)["id"]?.string)
            #expect(try await product.client.delivery(third, toBe: "delivered")["replay_of"]?.string == again)
            #expect(target.requests.last?.header("webhook-id") == "msg_\(id)")
        }

        /// From the dead set, with all attempts anew; the buried job stays.
        @Test func aFailedPushHasAllItsAttemptsAgain() async throws {
            let target = try FakeTarget(answers: [], then: .status(400))
            let account = try await product.makeAccount(target)
            let id = try await product.client.acceptOne(Samples.completed("e-1", of: account))
            _ = try await product.client.delivery(id, toBe: "failed")
            target.answer([.status(500)], then: .status(200))
            let again = try #require(try await replay(id)["id"]?.string)
            let delivery = try await product.client.delivery(again, toBe: "delivered")
            #expect(delivery["attempt_count"]?.integer == 2)
            #expect(Set(target.requests.compactMap { $0.header("webhook-id") }) == ["msg_\(id)"])
            #expect(try await product.client.job(id)["state"]?.string == "dead")
            #expect(try await product.client.delivery(id, toBe: "failed")["id"]?.string == id)
            // Out of the dead set it is gone.
            _ = try await product.ask(.delete, "/v1/dead", #"{"ids":["\#(id)"]}"#)
            let gone = try await product.client.send(.post, "/v1/deliveries/\(id)/replay")
            #expect(gone.status == 410 && gone.object["detail"]?.string?.contains("gone") == true)
        }

        @Test func anEndpointsDeliveryIsSignedAnew() async throws {
            let target = try FakeTarget()
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(target, ["\(object).*"], Samples.quickRetry)
            let id = try #require(try await product.accept(Samples.record(object), making: 1).first)
            _ = try await product.client.delivery(id, toBe: "delivered")
            let again = try #require(try await replay(id)["id"]?.string)
            let delivery = try await product.client.delivery(again, toBe: "delivered")
            #expect(delivery["replay_of"]?.string == id && delivery["endpoint_id"]?.string == made.id)
            let requests = try await target.requests(2)
            #expect(requests[0].body == requests[1].body)
            #expect(Set(requests.compactMap { $0.header("webhook-id") }) == ["msg_\(id)"])
            for request in requests { #expect(try request.isSigned(with: made.secret)) }
            _ = try await product.ask(.patch, "/v1/endpoints/\(made.id)", #"{"enabled":false}"#)
            #expect(try await replay(id, status: 409)["detail"]?.string?.contains("switched off") == true)
            _ = try await product.client.send(.delete, "/v1/endpoints/\(made.id)")
            #expect(try await replay(id, status: 409)["detail"]?.string?.contains("deleted") == true)
        }

        @Test func whatIsUnderWayIsNotRepeated() async throws {
            let target = try FakeTarget(answers: [], then: .status(500))
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(
                target, ["\(object).*"], #""retry":{"attempts":3,"delay_seconds":600}"#)
            let id = try #require(try await product.accept(Samples.record(object), making: 1).first)
            _ = try await product.client.delivery(id, toBe: "retrying")
            #expect(try await replay(id, status: 409)["detail"]?.string?.contains("under way") == true)
            _ = try await product.client.send(.delete, "/v1/endpoints/\(made.id)")
            for unknown in ["zzzzzzzzzzzzzzzzzzzz", "x"] { _ = try await replay(unknown, status: 404) }
            let reader = product.client.with(token: product.tokens.reader)
            #expect(try await reader.send(.post, "/v1/deliveries/\(id)/replay").status == 403)
        }

        @Test func theCommandDoesTheSame() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let id = try await product.client.acceptOne(Samples.completed("e-1", of: account))
            _ = try await product.client.delivery(id, toBe: "delivered")
            let run = try await product.command(["deliveries", "replay", id])
            #expect(run.exit == .exited(0) && run.output.contains("sends \(id) again as msg_\(id)"))
            #expect(try await target.requests(2).last?.header("webhook-id") == "msg_\(id)")
            let unknown = try await product.command(["deliveries", "replay", "x"])
            #expect(unknown.exit == .exited(1) && unknown.output.contains("no delivery has the id"))
        }
    }
}
