import Basics
import Command
import Redis
import TestKit
import Testing

extension SystemTests {
    /// `aventora doctor` as a process, beside the running programs.
    @Suite struct DoctorTests {
        private func json(_ product: Product, _ arguments: [String], exit: Int32) async throws -> JSONObject {
            let run = try await product.command(["doctor", "--json"] + arguments)
            #expect(run.exit == .exited(exit), "\(run.output)")
            let line = run.output.split(separator: "\n").first ?? ""
            return try #require(try JSONParser.parse(Array(line.utf8)).object, "\(run.output)")
        }

        private func problems(_ answer: JSONObject, _ field: String = "findings") -> [String] {
            (answer[field]?.array ?? []).compactMap { $0.object?["problem"]?.string }
        }

        @Test(.product()) func exitCodesAndAnswers() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(then: .status(404))
            let account = try await product.makeAccount(target)
            let dead = try await product.client.acceptOne(Samples.completed("dead", of: account))
            try await product.client.job(dead, toBe: "dead")

            let well = try await json(product, [], exit: 0)
            #expect(well["ok"] == .bool(true) && well["jobs"]?.integer == 1, "\(well)")
            #expect(problems(well) == [])

            let redis = RedisClient(configuration: try RedisConfiguration(url: product.redis.url), name: "test")
            _ = try await redis.run([
                RedisCommand("ZADD", arguments: ["aj:{webhooks}:dead", "4102444800000", "1m7y5b7vbbkbn6km0000"]),
                RedisCommand("HSET", arguments: ["aj:{webhooks}:errors", "1m7y5b7vbbkbn6km0001", "5 no"]),
                RedisCommand("SET", arguments: ["aj:{webhooks}:else", "1"]),
            ])
            let sick = try await json(product, [], exit: 1)
            #expect(sick["ok"] == .bool(false) && sick["remaining"] == .null)
            #expect(Set(problems(sick)) == ["dead-without-job", "error-without-job", "key-unknown"])
            #expect(problems(try await json(product, ["--queue", "crm"], exit: 0)) == [])
            let text = try await product.command(["doctor", "--queue", "webhooks"])
            #expect(text.exit == .exited(1))
            #expect(
                text.output.contains(
                    "wrong  queue webhooks: 1 x an error of a job that is gone  [error-without-job]\n"
                        + "         1m7y5b7vbbkbn6km0001\n"), "\(text.output)")
            #expect(text.output.hasSuffix("2 things are wrong\n"), "\(text.output)")

            let repaired = try await product.command(["doctor", "--repair"])
            #expect(repaired.exit == .exited(0) && repaired.output.contains("-> repaired"), "\(repaired.output)")
            #expect(repaired.output.hasSuffix("all is well\n"))
            #expect(problems(try await json(product, ["--repair"], exit: 0)) == ["key-unknown"])
            #expect(try await product.client.job(dead)["state"]?.string == "dead")

            // What no repair may touch stays wrong.
            _ = try await redis.run(RedisCommand("SET", arguments: ["aj:{other}:jobs", "1"]))
            let foreign = try await json(product, ["--repair"], exit: 1)
            #expect(Set(problems(foreign)) == ["key-unknown", "wrong-type"])
            #expect(try await redis.run(RedisCommand("GET", arguments: ["aj:{other}:jobs"])).string == "1")
            await redis.shutdown()

            #expect(try await product.command(["doctor", "--queue", "No Name"]).exit == .exited(64))
            await product.redis.stop()
            let away = try await product.command(["doctor"])
            #expect(away.exit == .exited(69) && away.output.contains("Redis cannot be reached"), "\(away.output)")
            try await product.redis.start()
        }
    }
}
