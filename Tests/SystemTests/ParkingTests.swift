import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// Endpoints that are parked after failures in a row, tried with one event, and let out in order.
    @Suite(.product()) struct ParkingTests {
        private static let probeNow = PostgresStatement(
            "probe_now",
            "UPDATE jobs.endpoints SET probe_at = clock_timestamp() WHERE id = $1 AND parked_at IS NOT NULL")

        private func status(_ product: Product, _ id: String) async throws -> String? {
            try await product.endpoint(id)["status"]?.string
        }

        @Test func sixFailuresParkAndOneEventBringsItBack() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(then: .status(500))
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(
                target, ["\(object).*"], #""retry":{"attempts":1,"delay_seconds":0},"format":"raw""#)
            var failed = try await product.accept(Samples.record(object), making: 1)
            for _ in 1..<6 {
                try await product.client.job(failed[failed.count - 1], toBe: "dead")
                failed.append(try await product.client.acceptOne(Samples.record(object)))
            }
            try await Waiting.until("it to be parked") { try await status(product, made.id) == "parked" }
            for job in failed { try await product.client.job(job, toBe: "dead") }
            #expect(target.requests.count == 6)

            let events = (0..<200).map { Samples.record(object, id: "n\($0)") }
            let waiting = try await product.client.accept("[\(events.joined(separator: ","))]")
            #expect(waiting.count == 200)
            // Its time has come: one event is tried, in vain, and all wait on; nothing is spent.
            try await Waiting.until("a probe in vain", within: .seconds(30)) {
                _ = try await product.database.query(Self.probeNow, [.text(made.id)])
                return target.requests.count > 6
            }
            let tried = target.requests.count - 6
            #expect(tried <= 3)
            #expect(try await status(product, made.id) == "parked")
            #expect(try await product.client.job(waiting[0])["attempts"]?.integer == 0)
            // It is back: the probe succeeds, the rest follows in order, at its pace.
            target.answer(then: .status(200))
            try await Waiting.until("the probe to succeed", within: .seconds(30)) {
                if try await status(product, made.id) == "active" { return true }
                _ = try await product.database.query(Self.probeNow, [.text(made.id)])
                return false
            }
            for job in waiting { try await product.client.job(job, toBe: "done") }
            let delivered = try target.delivered.map {
                try JSONParser.parse($0.body).object?["data"]?.object?["id"]?.string
            }
            #expect(delivered == (0..<200).map { "n\($0)" })
            let arrivals = target.requests.suffix(199)
            let span = try #require(arrivals.last).arrival - (try #require(arrivals.first)).arrival
            // A hundred a second.
            #expect(span >= .milliseconds(1_900), "\(span)")
            try await Waiting.until("its limits to be its own again") {
                let stats = try await product.client.get("/v1/endpoints/\(made.id)/stats").object
                return stats["max_in_flight"]?.integer == 64
            }
            #expect(try await product.endpoint(made.id)["failures_in_a_row"]?.integer == 0)
        }

        @Test func aSuccessBetweenBeginsTheCountAnew() async throws {
            let product = try currentProduct()
            let object = Samples.objectName()
            let bad = Array(repeating: TargetAnswer.status(500), count: 5)
            let target = try FakeTarget(answers: bad + [.status(200)] + bad)
            let made = try await product.makeEndpoint(
                target, ["\(object).*"], #""retry":{"attempts":1,"delay_seconds":0}"#)
            var job = try #require(try await product.accept(Samples.record(object), making: 1).first)
            for number in 0..<11 {
                if number > 0 { job = try await product.client.acceptOne(Samples.record(object)) }
                try await product.client.job(job, toBe: number == 5 ? "done" : "dead")
            }
            #expect(try await status(product, made.id) == "active")
            try await Waiting.until("five failures") {
                try await product.endpoint(made.id)["failures_in_a_row"]?.integer == 5
            }
        }
    }
}
