import Basics
import TestKit
import Testing

extension SystemTests {
    /// Where an account's pushes go: the environment's five targets, and the account's own.
    @Suite struct TargetTests {
        private static let names = ["salesforce", "dynamics", "hubspot", "zoho", "twenty"]

        /// Posts one event and waits for its jobs; the requests at each path, by path.
        private func push(
            _ product: Product, _ account: String, expecting count: Int, at targets: FakeTarget...
        ) async throws -> [String: TargetRequest] {
            let engagement = Samples.name("eng")
            let jobs = try await product.client.accept(Samples.completed(engagement, of: account))
            #expect(jobs.count == count)
            for job in jobs { try await product.client.job(job, toBe: "done") }
            let requests = targets.flatMap(\.requests).filter { $0.text.contains(engagement) }
            #expect(requests.count == count)
            #expect(Set(requests.compactMap { $0.header("webhook-id") }) == Set(jobs.map { "msg_\($0)" }))
            return Dictionary(requests.map { ($0.path, $0) }) { first, _ in first }
        }

        private func secret(_ request: TargetRequest?) -> String? { request?.header("X-Aventora-Webhook-Secret") }

        @Test func fiveTargetsByTheEnvironmentAndTheAccount() async throws {
            let shared = try FakeTarget()
            let own = try FakeTarget()
            var options = ProductOptions()
            for name in Self.names {
                options.environment[name.uppercased() + "_WEBHOOK_URL"] = shared.url("/\(name)?x=1")
                options.environment[name.uppercased() + "_WEBHOOK_SECRET"] = "shared-secret-of-\(name)"
            }
            options.environment["ZOHO_WEBHOOK_SECRET"] = ""
            try await withProduct(options) { product in
                for name in Self.names where name != "zoho" { product.addSecret("shared-secret-of-\(name)") }
                try await everyTargetOfTheEnvironment(product, shared)
                try await ownAddress(product, shared, own)
                try await switchedOff(product, shared)
                try await ownSecretOnly(product, shared)
                try await unusableSetting(product, shared)
                try await changedSetting(product, shared, own)
            }
        }

        private func everyTargetOfTheEnvironment(_ product: Product, _ shared: FakeTarget) async throws {
            let requests = try await push(product, "none.example", expecting: 5, at: shared)
            for name in Self.names {
                let expected: String? = name == "zoho" ? nil : "shared-secret-of-\(name)"
                #expect(secret(requests["/\(name)?x=1"]) == expected)
            }
            #expect(Set(requests.values.map(\.body)).count == 1 || requests.count == 5)
        }

        /// The account's address wins and brings its own secret, or none: never the environment's.
        private func ownAddress(_ product: Product, _ shared: FakeTarget, _ own: FakeTarget) async throws {
            try await product.setAccount(
                "own.example",
                [
                    "twenty_webhook_url": own.url("/twenty"), "twenty_webhook_secret": "own-secret-of-twenty",
                    "hubspot_webhook_url": own.url("/hubspot"),
                ])
            let requests = try await push(product, "own.example", expecting: 5, at: shared, own)
            #expect(secret(requests["/twenty"]) == "own-secret-of-twenty")
            #expect(requests["/hubspot"] != nil)
            #expect(secret(requests["/hubspot"]) == nil)
            #expect(secret(requests["/salesforce?x=1"]) == "shared-secret-of-salesforce")
            #expect(requests["/twenty?x=1"] == nil && requests["/hubspot?x=1"] == nil)
        }

        private func switchedOff(_ product: Product, _ shared: FakeTarget) async throws {
            try await product.setAccount("off.example", ["zoho_webhook_url": "", "dynamics_webhook_url": ""])
            let requests = try await push(product, "off.example", expecting: 3, at: shared)
            #expect(Set(requests.keys) == ["/salesforce?x=1", "/hubspot?x=1", "/twenty?x=1"])
        }

        private func ownSecretOnly(_ product: Product, _ shared: FakeTarget) async throws {
            try await product.setAccount("secret.example", ["twenty_webhook_secret": "other-secret-of-twenty"])
            let requests = try await push(product, "secret.example", expecting: 5, at: shared)
            #expect(secret(requests["/twenty?x=1"]) == "other-secret-of-twenty")
            #expect(secret(requests["/hubspot?x=1"]) == "shared-secret-of-hubspot")
        }

        /// An address that cannot be used is visible in the dead set and falls back to nobody else's.
        private func unusableSetting(_ product: Product, _ shared: FakeTarget) async throws {
            try await product.setAccount("bad.example", ["twenty_webhook_url": "ftp://secret-path.example/x"])
            product.addSecret("secret-path")
            let before = shared.requests.count
            let jobs = try await product.client.accept(Samples.completed("e", of: "bad.example"))
            #expect(jobs.count == 5)
            for job in jobs {
                try await Waiting.until("job \(job) to end") {
                    ["done", "dead"].contains(try await product.client.job(job)["state"]?.string)
                }
            }
            let dead = try await product.client.dead("?target=twenty")
            #expect(dead.count == 1)
            #expect(dead.first?["reason"]?.string?.contains("twenty_webhook_url") == true)
            #expect(dead.first?["reason"]?.string?.contains("secret-path") == false)
            #expect(shared.requests.count == before + 4)
        }

        /// A change is seen by a running system within moments.
        private func changedSetting(_ product: Product, _ shared: FakeTarget, _ own: FakeTarget) async throws {
            let off = Dictionary(uniqueKeysWithValues: Self.names.map { ("\($0)_webhook_url", "") })
            try await product.setAccount("off.example", off)
            try await Waiting.until("no job for an account without targets", within: .seconds(10)) {
                try await product.client.accept(Samples.completed("e", of: "off.example")).isEmpty
            }
        }
    }
}
