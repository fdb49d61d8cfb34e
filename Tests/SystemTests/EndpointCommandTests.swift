import Basics
import Command
import TestKit
import Testing

extension SystemTests {
    /// `aventora endpoints`.
    @Suite(.product()) struct EndpointCommandTests {
        @Test func showsAndReKeys() async throws {
            let product = try currentProduct()
            let target = try FakeTarget()
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(target, ["\(object).*"], #""headers":{"X-T":"tok-of-mine"}"#)
            product.addSecret("tok-of-mine")
            let list = try await product.command(["endpoints"])
            #expect(list.exit == .exited(0) && list.output.contains(made.id) && list.output.contains("active"))
            #expect(!list.output.contains("/hook"))
            let json = try await product.command(["endpoints", "--json"])
            #expect(!json.output.contains(made.secret) && !json.output.contains("tok-of-mine"))
            let shown = try await product.command(["endpoints", "show", made.id])
            #expect(shown.exit == .exited(0) && shown.output.contains("timetable: 0.0 s, 60.0 s"))
            #expect(try await product.command(["endpoints", "show", "ep_none"]).exit == .exited(1))

            let new = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI="
            product.addSecret(new)
            let keys = ["SECRETS_KEY": "\(new),\(product.tokens.secretsKey)"]
            let rekeyed = try await product.command(["endpoints", "rekey", "--json"], keys)
            #expect(rekeyed.exit == .exited(0) && rekeyed.output.contains(#""moved":2"#), "\(rekeyed.output)")
            #expect(try await product.command(["endpoints", "rekey"], keys).output.contains("0 re-keyed"))
            // Programs with the old key alone cannot sign, spend nothing, and say so; one with the new key delivers.
            let job = try #require(try await product.accept(Samples.record(object), making: 1).first)
            try await Waiting.until("the worker to say why it waits") {
                try await product.client.job(job)["deferrals"]?.integer ?? 0 > 0
            }
            #expect(target.requests.isEmpty)
            #expect(try await product.command(["endpoints", "rekey"], ["SECRETS_KEY": new]).exit == .exited(0))
            let back = ["SECRETS_KEY": "\(product.tokens.secretsKey),\(new)"]
            #expect(try await product.command(["endpoints", "rekey"], back).output.contains("2 re-keyed"))
            try await product.client.job(job, toBe: "done")
            #expect(try target.requests.first?.isSigned(with: made.secret) == true)
            #expect(target.requests.first?.header("X-T") == "tok-of-mine")
            let bad = try await product.command(["endpoints", "rekey"], ["SECRETS_KEY": "nonsense-key"])
            #expect(bad.exit == .exited(78) && !bad.output.contains("nonsense-key"))
        }
    }
}
