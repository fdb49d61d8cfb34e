import Basics
import Command
import TestKit
import Testing

extension SystemTests {
    /// Demos that are taken down, with real processes and a stand-in for the CRM.
    @Suite struct TeardownTests {
        private static let secret = "the-provisioning-secret"

        private func with(_ target: FakeTarget, _ body: (Product) async throws -> Void) async throws {
            let variables = ["CRM_API_URL": target.url(""), "CRM_PROVISIONING_SECRET": Self.secret]
            try await withProduct(ProductOptions(environment: variables)) { product in
                product.addSecret(Self.secret)
                try await body(product)
            }
        }

        private func post(_ product: Product, _ job: String) async throws -> String {
            let reply = try await product.client.postJob(job)
            guard reply.status == 202, let id = reply.object["id"]?.string else {
                throw UnexpectedReply("POST /v1/jobs", reply)
            }
            return id
        }

        @Test func aDemoEndsWhenItsTimeIsOver() async throws {
            let target = try FakeTarget(then: .status(200))
            try await with(target) { product in
                let now = SystemWallClock().nowMilliseconds()
                let time = Timestamp(milliseconds: now + 2_000).iso8601
                let planned = try await post(
                    product, #"{"kind":"demo.teardown","args":{"subdomain":"demo-1"},"run_at":"\#(time)"}"#)
                let expiring = try await post(
                    product, #"{"kind":"demo.teardown","args":{"subdomain":"demo-2","expires_at":"\#(time)"}}"#)
                let revoked = try await post(product, #"{"kind":"demo.teardown","args":{"subdomain":"demo-3"}}"#)
                try await product.client.job(revoked, toBe: "done")
                #expect(target.requests.map(\.path) == ["/auth/provision/workspace?subdomain=demo-3"])
                for id in [planned, expiring] {
                    let done = try await product.client.job(id, toBe: "done")
                    #expect(done["note"]?.string == "deleted" && done["attempts"]?.integer == 1)
                }
                #expect(SystemWallClock().nowMilliseconds() >= now + 2_000)
                #expect(target.requests.count == 3)
                #expect(
                    target.requests.allSatisfy {
                        $0.method == "DELETE" && $0.header("Authorization") == "Bearer \(Self.secret)"
                    })
            }
        }

        @Test func aWorkspaceThatIsGoneIsDone() async throws {
            let target = try FakeTarget(answers: [.status(503)], then: .status(404))
            try await with(target) { product in
                let args = #""args":{"subdomain":"demo-1"},"attempts":3,"retry_delay_seconds":1"#
                let id = try await post(product, #"{"kind":"demo.teardown",\#(args)}"#)
                let done = try await product.client.job(id, toBe: "done")
                #expect(done["note"]?.string == "it was gone already" && done["attempts"]?.integer == 2)
                let again = try await post(product, #"{"kind":"demo.teardown",\#(args)}"#)
                #expect(try await product.client.job(again, toBe: "done")["note"]?.string == "it was gone already")
            }
        }

        @Test func wrongArgumentsAreRefused() async throws {
            try await with(try FakeTarget()) { product in
                for args in ["{}", #"{"subdomain":"A"}"#, #"{"subdomain":"demo","expires_at":"x"}"#, #"{"x":1}"#] {
                    let reply = try await product.client.postJob(#"{"kind":"demo.teardown","args":\#(args)}"#)
                    #expect(reply.status == 422, "\(args)")
                }
            }
        }
    }
}
