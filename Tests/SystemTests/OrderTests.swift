import Basics
import Curl
import Postgres
import TestKit
import Testing
import Threads

extension SystemTests {
    /// Endpoints with `order_by`.
    @Suite(.product()) struct OrderTests {
        /// What an event says of itself: its record and its number.
        private struct Mark: Hashable {
            let id: String
            let number: Int64
        }

        private static func mark(_ request: TargetRequest) -> Mark? {
            guard let body = try? JSONParser.parse(request.body).object, let data = body["data"]?.object,
                let id = data["id"]?.string, let number = data["n"]?.integer
            else { return nil }
            return Mark(id: id, number: number)
        }

        private func event(_ object: String, _ id: String, _ number: Int) -> String {
            Samples.record(object, id: id, #","n":\#(number)"#)
        }

        private func events(_ object: String, _ id: String, _ count: Int) -> String {
            "[\((0..<count).map { event(object, id, $0) }.joined(separator: ","))]"
        }

        @Test func aFailingKeyBlocksOnlyItself() async throws {
            let product = try currentProduct()
            let failures = Locked(0)
            let target = try FakeTarget(choosing: { request in
                guard Self.mark(request) == Mark(id: "bad", number: 0) else { return .status(200) }
                return failures.withLock { count in
                    count += 1
                    return count <= 3 ? .status(500) : .status(200)
                }
            })
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(
                target, ["\(object).*"],
                #""retry":{"attempts":6,"delay_seconds":1},"format":"raw","order_by":"record_id""#)
            _ = try await product.accept(event(object, "warm", 0), making: 1)
            let bad = (0..<8).map { event(object, "bad", $0) }
            let good = (0..<4).flatMap { number in (0..<5).map { event(object, "good\($0)", number) } }
            let jobs = try await product.client.accept("[\((bad + good).joined(separator: ","))]")
            #expect(jobs.count == 28)
            let waiting = try await product.client.job(jobs[3])
            #expect(waiting["state"]?.string == "due" && waiting["order_key"]?.string == "\(made.id):bad")
            #expect(
                waiting["why"]?.string
                    == "it is behind 3 jobs of its order key \(made.id):bad; it is the turn of job \(jobs[0])")
            for job in jobs[8...] { try await product.client.job(job, toBe: "done") }
            // The others have arrived while the first of these is still being tried.
            #expect(failures.withLock { $0 } < 4)
            let stats = try await product.client.get("/v1/endpoints/\(made.id)/stats").object
            #expect(stats["behind"]?.integer == 7)
            for job in jobs[..<8] { try await product.client.job(job, toBe: "done") }
            let arrived = target.requests.compactMap(Self.mark)
            #expect(arrived.filter { $0.id == "bad" }.map(\.number) == [0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7])
            for key in 0..<5 {
                #expect(arrived.filter { $0.id == "good\(key)" }.map(\.number) == [0, 1, 2, 3])
            }
            #expect(try await product.client.get("/v1/endpoints/\(made.id)/stats").object["behind"]?.integer == 0)
        }

        /// One that fails for good, and one that is cancelled, let the next ones go.
        @Test func whatEndsForGoodOrIsCancelledLetsTheNextGo() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(choosing: { Self.mark($0)?.number == 0 ? .status(400) : .status(200) })
            let object = Samples.objectName()
            _ = try await product.makeEndpoint(
                target, ["\(object).*"],
                #""retry":{"attempts":2,"delay_seconds":1},"format":"raw","order_by":"record_id","max_in_flight":1,"rate_per_second":2"#
            )
            _ = try await product.accept(event(object, "warm", 9), making: 1)
            let jobs = try await product.client.accept(events(object, "r", 4))
            let cancelled = try await product.client.send(.delete, "/v1/jobs/\(jobs[2])")
            #expect(cancelled.status == 200 && cancelled.object["state"]?.string == "cancelled")
            for (job, state) in [(jobs[0], "dead"), (jobs[1], "done"), (jobs[3], "done")] {
                try await product.client.job(job, toBe: state)
            }
            #expect(target.requests.compactMap(Self.mark).filter { $0.id == "r" }.map(\.number) == [0, 0, 1, 3])
        }

        private static let probeNow = PostgresStatement(
            "probe_ordered_now",
            "UPDATE jobs.endpoints SET probe_at = clock_timestamp() WHERE id = $1 AND parked_at IS NOT NULL")

        @Test func whileItIsParkedAndReleasedEachKeyKeepsItsOrder() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(then: .status(500))
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(
                target, ["\(object).*"],
                #""retry":{"attempts":1,"delay_seconds":0},"format":"raw","order_by":"record_id""#)
            _ = try await product.accept(event(object, "warm", 0), making: 1)
            // One key, so that each comes after the end of the one before.
            let failing = try await product.client.accept(events(object, "x", 5))
            for job in failing { try await product.client.job(job, toBe: "dead") }
            try await Waiting.until("it to be parked") {
                try await product.endpoint(made.id)["status"]?.string == "parked"
            }
            let events = (0..<20).flatMap { number in ["a", "b", "c"].map { event(object, $0, number) } }
            let waiting = try await product.client.accept("[\(events.joined(separator: ","))]")
            #expect(try await product.client.get("/v1/endpoints/\(made.id)/stats").object["behind"]?.integer == 57)
            target.answer(then: .status(200))
            try await Waiting.until("the probe to succeed", within: .seconds(30)) {
                if try await product.endpoint(made.id)["status"]?.string == "active" { return true }
                _ = try await product.database.query(Self.probeNow, [.text(made.id)])
                return false
            }
            for job in waiting { try await product.client.job(job, toBe: "done") }
            let arrived = target.delivered.compactMap(Self.mark)
            for key in ["a", "b", "c"] {
                #expect(arrived.filter { $0.id == key }.map(\.number) == Array(0..<20))
            }
        }

        @Test func orderByIsShownChangedAndChecked() async throws {
            let product = try currentProduct()
            let made = try await product.makeEndpoint(
                try FakeTarget(), ["\(Samples.objectName()).*"], #""order_by":"call_sid""#)
            #expect(try await product.endpoint(made.id)["order_by"]?.string == "call_sid")
            func change(_ value: String) async throws -> ProductReply {
                try await product.client.send(
                    .patch, "/v1/endpoints/\(made.id)", body: Array(#"{"order_by":\#(value)}"#.utf8))
            }
            #expect(try await change(#""engagement_id""#).object["order_by"]?.string == "engagement_id")
            #expect(try await change("null").object["order_by"] == .null)
            #expect(try await change(#""record_id""#).object["order_by"]?.string == "record_id")
            #expect(try await product.endpoint(made.id)["order_by"]?.string == "record_id")
            for wrong in [#""record""#, "1", "[]"] { #expect(try await change(wrong).status == 422, "\(wrong)") }
            _ = try await product.client.send(.delete, "/v1/endpoints/\(made.id)")
        }
    }
}
