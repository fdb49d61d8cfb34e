import Basics
import Command
import Curl
import TestKit
import Testing

extension SystemTests {
    /// Ranges of deliveries that are sent again.
    @Suite(.product(workers: 2)) struct ReplayTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        /// What a dry run counts is what is then sent: each once, under its webhook-id.
        @Test func aRangeIsSentAgain() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let ids = try await product.deliverMany(40, of: account)
            let count = try await product.countReplay(of: account)
            #expect(count["count"]?.integer == 40 && count["dry_run"] == .bool(true))
            #expect(count["targets"] == .array([.object(try targets("twenty", 40))]))
            let id = try await product.startReplay(of: account, #""pace_per_second":200,"target":"twenty""#)
            let replay = try await product.replay(id, toBe: "delivered") { $0["delivered"]?.integer == 40 }
            #expect(replay["total"]?.integer == 40 && replay["sent"]?.integer == 40)
            let done = try await product.replay(id, toBe: "done") { $0["state"]?.string == "done" }
            #expect(done["waiting"]?.integer == 0 && done["ended_at"]?.string != nil)
            #expect(target.requests.count == 80)
            let names = Dictionary(target.requests.map { ($0.header("webhook-id") ?? "", 1) }, uniquingKeysWith: +)
            #expect(names == Dictionary(ids.map { ("msg_\($0)", 2) }) { first, _ in first })
            // The repetitions are not repeated.
            #expect(try await product.countReplay(of: account)["count"]?.integer == 40)
            #expect(try await product.countReplay(of: account, #""state":"failed""#)["count"]?.integer == 0)
            let repeated = try await product.client.deliveries("?domain_name=\(account)&limit=200")
            #expect(repeated.filter { $0["replay_id"]?.string == id }.count == 40)
            #expect(try await product.client.send(.delete, "/v1/replays/\(id)").status == 409)
            let list = try await product.ask(.get, "/v1/replays?limit=200")
            #expect(list["items"]?.array?.contains { $0.object?["id"]?.string == id } == true)
        }

        private func targets(_ name: String, _ count: Int) throws -> JSONObject {
            try #require(try JSONParser.parse(Array(#"{"count":\#(count),"target":"\#(name)"}"#.utf8)).object)
        }

        /// Nothing begins between two seconds after a pause and the resume, nor from two seconds after a cancel on.
        @Test func pauseResumeAndCancelTakeHoldWithinTwoSeconds() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            _ = try await product.deliverMany(200, of: account)
            let id = try await product.startReplay(of: account, #""pace_per_second":20"#)
            _ = try await target.requests(210)
            #expect(try await product.ask(.post, "/v1/replays/\(id)/pause")["state"]?.string == "paused")
            let pausedAt = ContinuousClock.now
            try await pass(until: pausedAt + .seconds(4))
            let resumedAt = ContinuousClock.now
            let held = target.requests.count
            #expect(try await product.ask(.post, "/v1/replays/\(id)/resume")["state"]?.string == "running")
            #expect(!target.requests.contains { $0.arrival > pausedAt + .seconds(2) && $0.arrival < resumedAt })
            _ = try await target.requests(held + 20)
            let cancelled = try await product.ask(.delete, "/v1/replays/\(id)")
            let cancelledAt = ContinuousClock.now
            #expect(cancelled["state"]?.string == "cancelled")
            let settled = try await product.replay(id, toBe: "settled") { $0["waiting"]?.integer == 0 }
            try await pass(until: cancelledAt + .seconds(4))
            #expect(!target.requests.contains { $0.arrival > cancelledAt + .seconds(2) })
            let sent = settled["sent"]?.integer ?? 0
            let ends = (settled["delivered"]?.integer ?? 0) + (settled["cancelled"]?.integer ?? 0)
            #expect(sent == ends && sent < 200 && settled["delivered"]?.integer == Int64(target.requests.count - 200))
            #expect(try await product.client.send(.post, "/v1/replays/\(id)/resume").status == 409)
            #expect(try await product.client.send(.post, "/v1/replays/\(id)/pause").status == 409)
            #expect(try await product.ask(.delete, "/v1/replays/\(id)")["state"]?.string == "cancelled")
        }

        /// A span in which nothing may come has no other sign of its end than the time.
        private func pass(until end: ContinuousClock.Instant) async throws {
            try await Waiting.until("the time to pass") { ContinuousClock.now >= end }
        }

        @Test func whatWaitsForAnotherAttemptIsCancelledToo() async throws {
            let target = try FakeTarget()
            let object = Samples.objectName()
            let made = try await product.makeEndpoint(
                target, ["\(object).*"], #""retry":{"attempts":3,"delay_seconds":600}"#)
            let first = try #require(try await product.accept(Samples.record(object), making: 1).first)
            _ = try await product.client.delivery(first, toBe: "delivered")
            target.answer([], then: .status(500))
            let now = SystemWallClock().nowMilliseconds()
            let (from, to) = (Timestamp(milliseconds: now - 600_000), Timestamp(milliseconds: now + 600_000))
            let wish = #"{"from":"\#(from.iso8601)","to":"\#(to.iso8601)","endpoint":"\#(made.id)"}"#
            let id = try #require(try await product.ask(.post, "/v1/replays", wish, status: 202)["id"]?.string)
            let done = try await product.replay(id, toBe: "done") { $0["state"]?.string == "done" }
            #expect(done["waiting"]?.integer == 1 && done["sent"]?.integer == 1)
            _ = try await product.ask(.delete, "/v1/replays/\(id)")
            let ended = try await product.replay(id, toBe: "settled") { $0["cancelled"]?.integer == 1 }
            #expect(ended["waiting"]?.integer == 0 && target.requests.count == 2)
            _ = try await product.client.send(.delete, "/v1/endpoints/\(made.id)")
        }

        @Test func wrongWishesAreRefused() async throws {
            for (body, status) in [("{", 400), ("{}", 422), (#"{"from":1,"to":2}"#, 422)] {
                let reply = try await product.client.send(.post, "/v1/replays", body: Array(body.utf8))
                #expect(reply.status == status && reply.header("Content-Type") == "application/problem+json")
            }
            for path in ["rp_zzzzzzzzzzzzzzzzzzzz", "x", "rp_"] {
                #expect(try await product.client.get("/v1/replays/\(path)").status == 404)
                #expect(try await product.client.send(.delete, "/v1/replays/\(path)").status == 404)
            }
            #expect(try await product.client.get("/v1/replays?cursor=x").status == 400)
            let reader = product.client.with(token: product.tokens.reader)
            #expect(try await reader.get("/v1/replays").status == 200)
            #expect(try await reader.send(.post, "/v1/replays", body: Array("{}".utf8)).status == 403)
            #expect(try await reader.send(.delete, "/v1/replays/rp_zzzzzzzzzzzzzzzzzzzz").status == 403)
        }

        @Test func theCommandsDoTheSame() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            _ = try await product.deliverMany(5, of: account)
            let range = [
                "--from", "2020-01-01T00:00:00Z", "--to", "2100-01-01T00:00:00Z", "--domain-name", account,
            ]
            let count = try await product.command(["replays", "start", "--dry-run"] + range)
            #expect(count.exit == .exited(0) && count.output.contains("5 deliveries would be sent again"))
            let start = try await product.command(["replays", "start", "--wait", "--json"] + range)
            let made = try #require(try JSONParser.parse(Array(start.output.utf8)).object)
            let id = try #require(made["id"]?.string)
            #expect(made["state"]?.string == "done" && made["sent"]?.integer == 5)
            _ = try await target.requests(10)
            let shown = try await product.command(["replays", "show", id])
            #expect(shown.exit == .exited(0) && shown.output.contains("done"))
            #expect(try await product.command(["replays"]).output.contains(id))
            let pause = try await product.command(["replays", "pause", id])
            #expect(pause.exit == .exited(1) && pause.output.contains("only a running one can be paused"))
            #expect(try await product.command(["replays", "cancel", "rp_none"]).exit == .exited(1))
            let bad = try await product.command(["replays", "start", "--from", "x", "--to", "y"])
            #expect(bad.exit == .exited(64) && bad.output.contains("/from"))
        }
    }
}
