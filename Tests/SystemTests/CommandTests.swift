import Basics
import Command
import Foundation
import TestKit
import Testing

extension SystemTests {
    /// The operator's command, as a process, on the servers themselves.
    @Suite struct CommandTests {
        private func json(_ run: ProgramRun, exit: Int32 = 0) throws -> JSONObject {
            #expect(run.exit == .exited(exit), "\(run.output)")
            let line = run.output.split(separator: "\n").first ?? ""
            return try #require(try JSONParser.parse(Array(line.utf8)).object, "\(run.output)")
        }

        private func items(_ run: ProgramRun) throws -> [JSONObject] {
            (try json(run)["items"]?.array ?? []).compactMap(\.object)
        }

        /// All of it while the API is down: the command needs no one but the servers.
        @Test(.product()) func everyCommandWorksWithoutTheAPI() async throws {
            let product = try currentProduct()
            let target = try FakeTarget(then: .status(404))
            let account = try await product.makeAccount(target)
            let dead = try await product.client.acceptOne(Samples.completed("dead", of: account))
            try await product.client.job(dead, toBe: "dead")
            #expect(await product.api.stop())

            try await queues(product)
            try await workers(product)
            try await jobs(product, account, target)
            try await deadJobs(product, dead)
            try await status(product)
        }

        private func queues(_ product: Product) async throws {
            let all = try items(try await product.command(["queues", "--json"]))
            #expect(all.map { $0["name"]?.string } == ["webhooks", "crm", "hub", "tips", "upkeep"])
            #expect(all[0]["dead"]?.integer == 1)
            let table = try await product.command(["queues"])
            #expect(table.exit == .exited(0))
            #expect(table.output.hasPrefix("QUEUE     READY  DUE  RUNNING  DEAD  OLDEST  BACKLOG  DONE/S  STATE\n"))
            #expect(try json(try await product.command(["queues", "pause", "crm", "--json"]))["paused"] == .bool(true))
            #expect(try await product.command(["queues", "list"]).output.contains("paused"))
            #expect(
                try json(try await product.command(["queues", "resume", "crm", "--json"]))["paused"] == .bool(false))
            let unknown = try await product.command(["queues", "pause", "nope"])
            #expect(unknown.exit == .exited(64))
            #expect(unknown.output == "there is no queue 'nope'; there are webhooks, crm, hub, tips, upkeep\n")
        }

        private func workers(_ product: Product) async throws {
            let all = try items(try await product.command(["workers", "--json"]))
            let name = try #require(all.first?["name"]?.string)
            #expect(all.count == 1 && all[0]["state"]?.string == "working")
            #expect(try await product.command(["workers", "list"]).output.contains(name))
            #expect(try await product.command(["workers", "quiet", "nobody"]).exit == .exited(1))
        }

        private func jobs(_ product: Product, _ account: String, _ target: FakeTarget) async throws {
            let arguments = Samples.pushArguments("e-1", of: account)
            let order = ["jobs", "enqueue", "engagement.push", "--args", arguments]
            let posted = try json(try await product.command(order + ["--delay-seconds", "3600", "--json"]))
            let id = try #require(posted["id"]?.string)
            #expect(posted["duplicate"] == .bool(false) && posted["durability"]?.string == "queued")
            let job = try json(try await product.command(["jobs", "get", id, "--json"]))
            #expect(job["state"]?.string == "due" && job["id"]?.string == id)
            let lines = try await product.command(["jobs", "get", id]).output
            #expect(
                lines.contains("\nstate     due\n") && lines.contains("\nwhy       it waits for its time, "), "\(lines)"
            )
            #expect(try await product.command(["jobs", "retry", id]).exit == .exited(1))
            #expect(
                try json(try await product.command(["jobs", "cancel", id, "--json"]))["state"]?.string == "cancelled")
            #expect(try await product.command(["jobs", "cancel", id]).exit == .exited(1))

            let now = try await product.command(order).output
            let ran = try #require(now.split(separator: " ").first.map(String.init))
            try await Waiting.until("the job to be dead", seen: { now }) {
                try json(try await product.command(["jobs", "get", ran, "--json"]))["state"]?.string == "dead"
            }
            target.answer(then: .status(200))
            #expect(try await product.command(["jobs", "retry", ran]).exit == .exited(0))
            try await Waiting.until("the job to be done") {
                try json(try await product.command(["jobs", "get", ran, "--json"]))["state"]?.string == "done"
            }
            for bad in [
                ["get", "nonsense"], ["enqueue", "nope", "--args", "{}"],
                ["enqueue", "engagement.push", "--args", "{"],
            ] {
                #expect(try await product.command(["jobs"] + bad).exit == .exited(64), "\(bad)")
            }
            let missing = try await product.command(["jobs", "get", String(repeating: "0", count: 20)])
            #expect(missing.exit == .exited(1))
            let kinds = try items(try await product.command(["jobs", "kinds", "--json"]))
            #expect(kinds.count == 11 && kinds[0]["args"]?.object != nil)
        }

        private func deadJobs(_ product: Product, _ id: String) async throws {
            let all = try items(try await product.command(["dead", "--json"]))
            #expect(all.map { $0["id"]?.string } == [id])
            let table = try await product.command(["dead", "list", "--target", "twenty", "--queue", "webhooks"])
            #expect(table.output.contains(id) && table.output.hasPrefix("ID "))
            #expect(try await product.command(["dead", "list", "--kind", "other"]).output == "no such buried job\n")
            for bad in [["retry"], ["delete"], ["delete", "--all", "--id", id], ["list", "--since", "soon"]] {
                #expect(try await product.command(["dead"] + bad).exit == .exited(64), "\(bad)")
            }
            #expect(
                try json(try await product.command(["dead", "delete", "--kind", "x", "--json"]))["count"]?.integer == 0)
            let retried = try await product.command(["dead", "retry", "--id", id])
            #expect(retried.output == "1 job sent to work again\n")
            let gone = try await product.command(["dead", "delete", "--all"])
            #expect(gone.exit == .exited(0) && gone.output == "0 jobs taken away\n")
        }

        private func status(_ product: Product) async throws {
            let well = try json(try await product.command(["status", "--json"]))
            #expect(well["ok"] == .bool(true) && well["problems"]?.array?.isEmpty == true)
            let lines = try await product.command(["status"])
            #expect(lines.exit == .exited(0) && lines.output.hasSuffix("all is well\n"), "\(lines.output)")
        }

        @Test(.product(workers: 0)) func statusSaysWhatIsWrong() async throws {
            let product = try currentProduct()
            let account = try await product.makeAccount(try FakeTarget())
            _ = try await product.client.accept(Samples.completed("a", of: account))
            let run = try await product.command(["status", "--json"])
            let status = try json(run, exit: 1)
            let problems = (status["problems"]?.array ?? []).compactMap(\.string)
            #expect(
                problems == [
                    "queue webhooks has 1 ready, and no worker that works serves it", "no worker works",
                ])
            #expect(run.output.hasSuffix("\n2 things are wrong\n"))
            #expect(try await product.command(["status"]).output.contains("not all is well"))
        }

        @Test(.product(workers: 0)) func serverThatIsAwayIs69() async throws {
            let product = try currentProduct()
            let away = ["REDIS_URL": "redis://:hidden@127.0.0.1:1/0"]
            for command in [["queues"], ["workers"], ["dead"], ["jobs", "get", String(repeating: "0", count: 20)]] {
                let run = try await product.command(command, away)
                #expect(run.exit == .exited(69), "\(command): \(run.output)")
                #expect(run.output.split(separator: "\n").count == 1)
                #expect(!run.output.contains("hidden"))
            }
            let status = try await product.command(["status", "--json"], away)
            #expect(try json(status, exit: 69)["redis"]?.object?["ok"] == .bool(false))
            #expect(!status.output.contains("hidden"))
            let database = ["DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/x"]
            let half = try await product.command(["status", "--json"], database)
            #expect(try json(half, exit: 69)["postgres"]?.object?["ok"] == .bool(false))
            #expect(!half.output.contains("hidden"))
            // What is in Redis needs no Postgres.
            #expect(try await product.command(["queues"], database).exit == .exited(0))
        }

        @Test func variablesComeFromAFileToo() async throws {
            let file = TestFolders.make("env")
            defer { PrivateFile.remove(file) }
            try PrivateFile.write("REDIS_URL=redis://127.0.0.1:1/0\n", to: file)
            let run = try await ProgramRun.run("aventora", ["queues", "--env-file", file], environment: [:])
            #expect(run.exit == .exited(69))
            let bad = try await ProgramRun.run(
                "aventora", ["queues"], environment: ["REDIS_URL": "http://:hidden@x"])
            #expect(bad.exit == .exited(78) && !bad.output.contains("hidden"))
        }

        @Test(arguments: ["status", "queues", "jobs", "dead", "workers"])
        func commandLineIsChecked(command: String) async throws {
            let help = try await ProgramRun.run("aventora", [command, "--help"], environment: [:])
            #expect(help.exit == .exited(0) && help.output.contains("USAGE: aventora \(command)"))
            let unknown = try await ProgramRun.run("aventora", [command, "--nonsense"], environment: [:])
            #expect(unknown.exit == .exited(64))
        }
    }
}
