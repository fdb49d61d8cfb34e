import Basics
import Command
import Curl
import Postgres
import Redis
import TestKit
import Testing

extension SystemTests {
    /// Schedules over HTTP and at the terminal, with two schedulers.
    @Suite struct ScheduleTests {
        private static let name = "upkeep.history"

        private func schedule(_ product: Product) async throws -> JSONObject {
            let reply = try await product.client.get("/v1/schedules/\(Self.name)")
            #expect(reply.status == 200)
            return reply.object
        }

        @Test(.product()) func aScheduleRunByHandIsOneJobWhichEnds() async throws {
            let product = try currentProduct()
            let second = try await product.startScheduler()
            let asked = try await product.client.send(.post, "/v1/schedules/\(Self.name)/run")
            #expect(asked.status == 202)
            let id = try #require(asked.object["id"]?.string)
            let job = try await product.client.job(id, toBe: "done")
            #expect(job["kind"]?.string == "upkeep.prune" && job["queue"]?.string == "upkeep")
            #expect(job["note"]?.string == "removed 0 jobs and 0 ticks older than 90 days")
            let tick = try #require(try await schedule(product)["last_tick"]?.object)
            #expect(tick["outcome"]?.string == "manual" && tick["job_id"]?.string == id)
            #expect(tick["late_ms"]?.integer == 0)
            // Both schedulers move lines into the ledger; there is one.
            try await Waiting.until("the tick in the ledger", seen: { second.logTail }) {
                let page = try await product.client.get("/v1/schedules/\(Self.name)/ticks").object
                return page["items"]?.array?.compactMap { $0.object?["job_id"]?.string } == [id]
            }
            let rows = try await product.database.query(.init("t", "SELECT count(*) AS n FROM jobs.ticks"))
            #expect(try rows[0].integer("n") == 1)
        }

        @Test(.product()) func everyFieldOfTheContractIsThere() async throws {
            let product = try currentProduct()
            // The scheduler has seen it: from then on ticks are owed.
            try await Waiting.until("a scheduler to see the schedule") {
                let keys = try await product.redisReply("HKEYS", "aj:{upkeep}:schedules").arrayValue ?? []
                return keys.contains { $0.string == Self.name }
            }
            let list = try await product.client.get("/v1/schedules?times=3")
            #expect(list.status == 200 && list.object["next_cursor"] == .null)
            let item = try #require(list.object["items"]?.array?.first?.object)
            #expect(
                Set(item.members.map(\.key)) == [
                    "name", "pattern", "time_zone", "kind", "queue", "misfire", "paused", "paused_since", "next_at",
                    "next_times", "last_tick",
                ])
            #expect(item["name"]?.string == Self.name && item["misfire"]?.string == "once")
            #expect(item["time_zone"]?.string == "UTC" && item["last_tick"] == .null)
            let times = item["next_times"]?.array?.compactMap(\.string) ?? []
            #expect(times.count == 3 && times.first == item["next_at"]?.string)
            #expect(times.allSatisfy { $0.hasSuffix("T03:17:00.000Z") })
            #expect(try await schedule(product)["next_times"]?.array?.count == 10)
            for bad in ["?times=0", "?times=101", "?times=x", "/\(Self.name)/ticks?limit=0"] {
                #expect(try await product.client.get("/v1/schedules\(bad)").status == 400, "\(bad)")
            }
            #expect(try await product.client.get("/v1/schedules/nope").status == 404)
            let reader = product.client.with(token: product.tokens.reader)
            for verb in ["run", "pause", "resume"] {
                #expect(try await product.client.send(.post, "/v1/schedules/nope/\(verb)").status == 404)
                #expect(try await reader.send(.post, "/v1/schedules/\(Self.name)/\(verb)").status == 403)
            }
            #expect(try await reader.get("/v1/schedules").status == 200)
        }

        @Test(.product()) func aPauseShowsEverywhere() async throws {
            let product = try currentProduct()
            let paused = try await product.client.send(.post, "/v1/schedules/\(Self.name)/pause")
            #expect(paused.status == 200 && paused.object["paused"] == .bool(true))
            #expect(paused.object["next_at"] == .null && paused.object["paused_since"]?.string != nil)
            let table = try await product.command(["schedules"])
            #expect(table.exit == .exited(0) && table.output.hasPrefix("SCHEDULE "))
            #expect(table.output.contains("paused"))
            // Somebody may still ask for it.
            let run = try await product.command(["schedules", "run", Self.name])
            let id = try #require(run.output.split(separator: " ").first.map(String.init))
            try await product.client.job(id, toBe: "done")
            #expect(run.exit == .exited(0) && run.output.hasSuffix(" enqueued\n"))
            let resumed = try await product.command(["schedules", "resume", Self.name, "--json"])
            #expect(resumed.output.contains(#""paused":false"#))
            let next = try await product.command(["schedules", "next", Self.name, "--times", "2"])
            let lines = next.output.split(separator: "\n")
            #expect(lines.count == 2 && lines.allSatisfy { $0.hasSuffix("T03:17:00.000Z") }, "\(next.output)")
            try await Waiting.until("the tick at the terminal") {
                try await product.command(["schedules", "ticks", Self.name]).output.contains(id)
            }
            for bad in [["run", "nope"], ["next", Self.name, "--times", "0"], ["pause"]] {
                #expect(try await product.command(["schedules"] + bad).exit == .exited(64), "\(bad)")
            }
        }
    }
}
