import Basics
import Command
import TestKit
import Testing

extension SystemTests {
    /// Where deliveries may go, with the product as its users have it.
    @Suite struct GuardTests {
        /// An account whose Twenty target is at `url`, and the dead job of one push to it.
        private func dead(_ product: Product, _ url: String) async throws -> JSONObject {
            let account = Samples.name("account") + ".example"
            try await product.setAccount(account, ["twenty_webhook_url": url])
            let id = try await product.client.acceptOne(Samples.completed(Samples.name("eng"), of: account))
            return try await product.client.job(id, toBe: "dead")
        }

        /// Every target is closed but the one that is named with its port.
        @Test func onlyWhatIsNamedIsReached() async throws {
            let open = try FakeTarget()
            let closed = try FakeTarget()
            var options = ProductOptions()
            options.environment["OUTBOUND_ALLOW"] = "127.0.0.1:\(open.port)"
            try await withProduct(options) { product in
                let account = try await product.makeAccount(open)
                let id = try await product.client.acceptOne(Samples.completed("e", of: account))
                try await product.client.job(id, toBe: "done")
                #expect(open.requests.count == 1)
                for (url, reason) in [
                    (closed.url(), "127.0.0.0/8 (loopback, this machine itself)"),
                    ("http://localhost:\(closed.port)/hook", "(loopback, this machine itself)"),
                    ("http://0x7f.1:\(closed.port)/hook", "127.0.0.1:\(closed.port) is in 127.0.0.0/8"),
                    ("http://[::ffff:127.0.0.1]:\(open.port)/hook", "::ffff:0.0.0.0/96"),
                    ("http://10.1.2.3/hook", "10.0.0.0/8 (a private network)"),
                    ("http://169.254.169.254/latest/", "169.254.169.254/32 (a cloud's metadata service)"),
                    ("http://metadata.google.internal/", "a cloud's metadata service"),
                    (product.client.url + "/rest/aventora/webhook", "is where API_LISTEN listens"),
                ] {
                    let job = try await dead(product, url)
                    #expect(job["reason"]?.string?.hasPrefix("address_refused: ") == true, "\(url): \(job)")
                    #expect(job["reason"]?.string?.contains(reason) == true, "\(url): \(job)")
                    #expect(job["attempts"]?.integer == 1, "\(url)")
                }
                #expect(closed.connectionCount == 0, "a refused target was connected to")
                #expect(open.requests.count == 1)
                try await explained(product, open, closed)
                let bad = try await product.command(
                    ["endpoints", "explain", "http://a.example/"], ["OUTBOUND_ALLOW": "127.0.0.0/8"])
                #expect(
                    bad.exit == .exited(78) && bad.output.hasPrefix("OUTBOUND_ALLOW=127.0.0.0/8: "), "\(bad.output)")
            }
        }

        private func explained(_ product: Product, _ open: FakeTarget, _ closed: FakeTarget) async throws {
            let good = try await product.command(["endpoints", "explain", open.url("/t0ken"), "--json"])
            #expect(good.exit == .exited(0), "\(good.output)")
            let answer = try #require(try JSONParser.parse(Array(good.output.utf8)).object)
            #expect(answer["allowed"] == .bool(true) && !good.output.contains("t0ken"))
            let row = answer["addresses"]?.array?.first?.object
            #expect(row?["opened_by"]?.string == "127.0.0.1:\(open.port)")
            #expect(row?["range_kind"]?.string == "loopback")

            let refused = try await product.command(["endpoints", "explain", closed.url()])
            #expect(refused.exit == .exited(1))
            #expect(
                refused.output.contains("deliveries do not go there: 127.0.0.1:\(closed.port) is in"),
                "\(refused.output)")
            let unusable = try await product.command(["endpoints", "explain", "ftp://a.example/", "--json"])
            #expect(unusable.exit == .exited(1) && unusable.output.contains(#""code":"url""#), "\(unusable.output)")
            let redis = try await product.command(
                ["endpoints", "explain", "http://127.0.0.1:\(product.redis.port)/"],
                ["OUTBOUND_ALLOW": "127.0.0.1:\(product.redis.port)"])
            #expect(redis.exit == .exited(1) && redis.output.contains("is the server of REDIS_URL"), "\(redis.output)")
        }

        /// A redirect is not followed, neither to a closed address nor to an open one.
        @Test(.product()) func redirectsLeadNowhere() async throws {
            let product = try currentProduct()
            let further = try FakeTarget()
            for status in [301, 302, 303, 307, 308] {
                let target = try FakeTarget(then: .status(status, ("Location", further.url("/elsewhere"))))
                let job = try await dead(product, target.url())
                #expect(
                    job["reason"]?.string?.hasPrefix("HTTP \(status): redirects are not followed to") == true, "\(job)")
                #expect(target.requests.count == 1)
            }
            #expect(further.connectionCount == 0)
        }

        /// A target of the environment that can never be reached is told at the start of a worker.
        @Test func aRefusedTargetOfTheEnvironmentIsToldAtTheStart() async throws {
            var options = ProductOptions()
            options.environment["ZOHO_WEBHOOK_URL"] = "http://192.168.1.1/t0ken-in-path"
            try await withProduct(options) { product in
                product.addSecret("t0ken-in-path")
                let worker = try #require(product.workers.first)
                let line = "pushes to this target will be refused"
                let logged = worker.output.split(separator: "\n").first { $0.contains(line) }
                #expect(logged?.contains("ZOHO_WEBHOOK_URL") == true && logged?.contains("192.168.0.0/16") == true)
            }
        }
    }
}
