import Basics
import Curl
import Postgres
import TestKit
import Testing

extension SystemTests {
    /// Replays whose workers are killed.
    @Suite struct ReplayCrashTests {
        /// Each delivery has one repetition, whatever dies; what was on the wire may be sent twice.
        @Test func aKilledWorkerNeitherLosesNorRepeats() async throws {
            var options = ProductOptions(workers: 2)
            options.environment["WORKER_CONCURRENCY"] = "16"
            try await withProduct(options) { product in
                let target = try FakeTarget()
                let account = try await product.makeAccount(target)
                let ids = try await product.deliverMany(400, of: account)
                let id = try await product.startReplay(of: account, #""pace_per_second":100"#)
                _ = try await target.requests(450)
                await product.workers[0].kill()
                _ = try await target.requests(550, within: .seconds(40))
                await product.workers[1].kill()
                _ = try await product.startWorker()
                let done = try await product.replay(id, toBe: "done", within: .seconds(90)) {
                    $0["state"]?.string == "done" && $0["delivered"]?.integer == 400
                }
                #expect(done["sent"]?.integer == 400 && done["total"]?.integer == 400)
                let names = Dictionary(target.requests.map { ($0.header("webhook-id") ?? "", 1) }, uniquingKeysWith: +)
                #expect(names.count == 400 && ids.allSatisfy { names["msg_\($0)", default: 0] >= 2 })
                let extra = target.requests.count - 800
                #expect(extra <= 32, "\(extra) requests were sent twice")
                let rows = try await product.database.query(
                    PostgresStatement(
                        "replayed",
                        """
                        SELECT count(*) AS total, count(DISTINCT replay_of) AS originals FROM jobs.deliveries
                        WHERE replay_id = $1
                        """), [.text(id)])
                #expect(try rows[0].integer("total") == 400 && rows[0].integer("originals") == 400)
            }
        }
    }
}
