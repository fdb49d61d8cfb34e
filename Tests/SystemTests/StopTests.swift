import Basics
import Command
import Glibc
import TestKit
import Testing

extension SystemTests {
    /// Signals, and what a program does that is told to end.
    @Suite(.serialized) struct StopTests {
        private func product() throws -> Product { try currentProduct() }

        /// Posts an event to a target that holds it; the job that is in flight then.
        private func jobInFlight(_ product: Product, _ target: FakeTarget, _ account: String) async throws -> String {
            let job = try await product.client.acceptOne(Samples.completed("held", of: account))
            _ = try await target.requests(1)
            return job
        }

        /// Sends SIGTERM and waits until the process has noticed.
        private func terminate(_ process: ProductProcess, _ signal: Int32 = SIGTERM) async throws {
            process.send(signal)
            try await Waiting.until("\(process.name) to notice the signal", seen: { process.logTail }) {
                !process.lines("signal").isEmpty || process.exit != nil
            }
        }

        @Test(.product(["CRM_WEBHOOK_TIMEOUT_SECONDS": "60"]), arguments: [SIGTERM, SIGINT])
        func workerFinishesWhatIsInFlightAndClaimsNothingMore(signal: Int32) async throws {
            let product = try product()
            let worker = product.workers[0]
            let target = try FakeTarget(answers: [.held(status: 200)])
            let account = try await product.makeAccount(target)
            let first = try await jobInFlight(product, target, account)
            try await terminate(worker, signal)
            let second = try await product.client.acceptOne(Samples.completed("late", of: account))
            target.release()
            #expect(try await worker.waitForExit() == .exited(0))
            try await product.client.job(first, toBe: "done")
            let waiting = try await product.client.job(second)
            #expect(waiting["state"]?.string == "ready")
            #expect(waiting["attempts"]?.integer == 0)
            #expect(target.requests.count == 1)
            #expect(worker.lines("signal").count == 1)
            #expect(!worker.lines("worker stopped").isEmpty)
            _ = try await product.startWorker()
            try await product.client.job(second, toBe: "done", within: .seconds(15))
            #expect(target.requests.count == 2)
        }

        @Test(.product(["CRM_WEBHOOK_TIMEOUT_SECONDS": "60", "WORKER_SHUTDOWN_GRACE_SECONDS": "1"]))
        func jobThatOutlastsTheGraceGoesBackUnspent() async throws {
            let product = try product()
            let target = try FakeTarget(answers: [.hang])
            let account = try await product.makeAccount(target)
            let job = try await jobInFlight(product, target, account)
            let begin = ContinuousClock.now
            try await terminate(product.workers[0])
            #expect(try await product.workers[0].waitForExit() == .exited(0))
            let time = ContinuousClock.now - begin
            #expect(time >= .milliseconds(900) && time < .seconds(15), "\(time)")
            let view = try await product.client.job(job)
            #expect(view["state"]?.string == "ready")
            #expect(view["attempts"]?.integer == 0)
            #expect(view["crashes"]?.integer == 0)
            _ = try await product.startWorker()
            let done = try await product.client.job(job, toBe: "done", within: .seconds(15))
            #expect(done["attempts"]?.integer == 1)
            let requests = target.requests
            try #require(requests.count == 2)
            #expect(requests[0].body == requests[1].body)
            #expect(requests[0].headerLines == requests[1].headerLines)
        }

        @Test(.product(["CRM_WEBHOOK_TIMEOUT_SECONDS": "60"]))
        func secondSignalEndsAtOnce() async throws {
            let product = try product()
            let worker = product.workers[0]
            let target = try FakeTarget(answers: [.hang])
            let account = try await product.makeAccount(target)
            let job = try await jobInFlight(product, target, account)
            try await terminate(worker)
            #expect(worker.exit == nil)
            worker.send(SIGTERM)
            #expect(try await worker.waitForExit(within: .seconds(10)) == .exited(128 + SIGTERM))
            // Nobody had the time to give it back; its lease does, and with no worker left the scheduler sees to it.
            let view = try await product.client.job(job, toBe: "ready", within: .seconds(20))
            #expect(view["crashes"]?.integer == 1)
            _ = try await product.startWorker()
            try await product.client.job(job, toBe: "done")
        }

        @Test(.product(workers: 0), arguments: [SIGTERM, SIGINT])
        func apiAndSchedulerEndWith0(signal: Int32) async throws {
            let product = try product()
            // The client's connection stays open and idle; it holds up nothing.
            #expect(try await product.client.get("/healthz").status == 200)
            let scheduler = try #require(product.scheduler)
            for process in [product.api, scheduler] {
                process.send(signal)
                #expect(try await process.waitForExit(within: .seconds(15)) == .exited(0), "\(process.logTail)")
            }
        }

        @Test(.product()) func programsStartWithoutServersAndCatchUpWhenTheyAreThere() async throws {
            let product = try product()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            for process in product.processes { #expect(await process.stop()) }
            await product.redis.kill()
            for process in product.processes { try await process.start() }
            let event = Samples.completed("e", of: account)
            let accepted = try await Waiting.value("an answer of the API") {
                try? await product.client.post(event)
            }
            #expect(accepted.status == 202)
            #expect(accepted.object["durability"]?.string == "outbox")
            let refused = try await product.client.get("/v1/queues")
            #expect(refused.status == 503)
            #expect(refused.header("Retry-After") != nil)
            #expect(refused.header("Content-Type") == "application/problem+json")
            #expect(try await product.client.get("/healthz").status == 200)
            #expect(try await product.client.get("/readyz").status == 503)
            #expect(product.processes.allSatisfy { $0.exit == nil })
            try await product.redis.start()
            for process in product.processes { try await product.waitUntilReady(process) }
            for job in ProductClient.jobs(accepted) { try await product.client.job(job, toBe: "done") }
            let job = try await product.client.acceptOne(event)
            try await product.client.job(job, toBe: "done")
            #expect(target.requests.count == 2)
        }

        /// A program, one bad variable, and whether its value may be shown.
        struct Bad: Sendable {
            let program: String
            let variable: String
            let value: String
            var isSecret = false
        }

        @Test(arguments: [
            Bad(program: "api", variable: "API_MAX_BODY_BYTES", value: "many"),
            Bad(program: "api", variable: "API_LISTEN", value: "here"),
            Bad(program: "api", variable: "API_TOKENS", value: "one:everything:hidden-token", isSecret: true),
            Bad(program: "api", variable: "API_TOKENS", value: "hidden-token", isSecret: true),
            Bad(program: "api", variable: "API_TOKENS_FILE", value: "/nowhere/tokens"),
            Bad(program: "api", variable: "API_DURABILITY", value: "certain"),
            Bad(program: "api", variable: "AVENTORA_WEBHOOK_SECRET", value: "hidden-\u{7}", isSecret: true),
            Bad(program: "api", variable: "REDIS_URL", value: "http://:hidden@x", isSecret: true),
            Bad(program: "api", variable: "DATABASE_URL", value: "hidden@@x", isSecret: true),
            Bad(program: "api", variable: "LOG_LEVEL", value: "loud"),
            Bad(program: "api", variable: "LOG_FORMAT", value: "xml"),
            Bad(program: "worker", variable: "WORKER_CONCURRENCY", value: "0"),
            Bad(program: "worker", variable: "WORKER_QUEUES", value: "nope"),
            Bad(program: "worker", variable: "WORKER_NAME", value: "a b"),
            Bad(program: "worker", variable: "WORKER_SHUTDOWN_GRACE_SECONDS", value: "-1"),
            Bad(program: "worker", variable: "CRM_WEBHOOK_RETRY_COUNT", value: "0"),
            Bad(program: "worker", variable: "CRM_WEBHOOK_RETRY_DELAY_SECONDS", value: "x"),
            Bad(program: "worker", variable: "CRM_WEBHOOK_TIMEOUT_SECONDS", value: "0"),
            Bad(program: "worker", variable: "TWENTY_WEBHOOK_URL", value: "ftp://hidden.example", isSecret: true),
            Bad(program: "worker", variable: "ZOHO_WEBHOOK_SECRET", value: "hidden-\u{7}", isSecret: true),
            Bad(program: "worker", variable: "METRICS_LISTEN", value: "x"),
            Bad(program: "worker", variable: "REDIS_URL", value: "redis://:hidden@x:y/", isSecret: true),
            Bad(program: "scheduler", variable: "METRICS_LISTEN", value: "127.0.0.1:99999"),
            Bad(program: "scheduler", variable: "REDIS_URL", value: "redis://:hidden@x/nine", isSecret: true),
            Bad(program: "scheduler", variable: "DATABASE_URL", value: "hidden@@x", isSecret: true),
        ])
        func badVariableEndsWith78AndOneLineThatNamesIt(bad: Bad) async throws {
            let environment = ["METRICS_LISTEN": "0"].merging([bad.variable: bad.value]) { $1 }
            let run = try await ProgramRun.run("aventora-\(bad.program)", environment: environment)
            #expect(run.exit == .exited(78))
            let lines = run.output.split(separator: "\n")
            #expect(lines.count == 1, "\(run.output)")
            #expect(run.output.contains(bad.variable))
            #expect(!run.output.contains("hidden"))
            if !bad.isSecret { #expect(run.output.contains(bad.value)) }
        }

        @Test(arguments: ["api", "worker", "scheduler"]) func commandLineIsChecked(program: String) async throws {
            let version = try await ProgramRun.run("aventora-\(program)", ["--version"], environment: [:])
            #expect(version.exit == .exited(0))
            #expect(version.output.split(separator: ".").count == 3)
            let help = try await ProgramRun.run("aventora-\(program)", ["--help"], environment: [:])
            #expect(help.exit == .exited(0))
            #expect(help.output.contains("--env-file"))
            let unknown = try await ProgramRun.run("aventora-\(program)", ["--nonsense"], environment: [:])
            #expect(unknown.exit == .exited(64))
        }

        @Test func takenAddressAndAbsentDatabaseEndWith69() async throws {
            let holder = try FakeTarget()
            for (program, variable) in [
                ("api", "API_LISTEN"), ("worker", "METRICS_LISTEN"), ("scheduler", "METRICS_LISTEN"),
            ] {
                let run = try await ProgramRun.run(
                    "aventora-\(program)",
                    environment: [
                        "REDIS_URL": "redis://:hidden@127.0.0.1:1/0", variable: "127.0.0.1:\(holder.port)",
                    ])
                #expect(run.exit == .exited(69), "\(program)")
                let last = run.output.split(separator: "\n").last ?? ""
                #expect(last.contains("\(variable)=127.0.0.1:\(holder.port)"), "\(run.output)")
                #expect(!run.output.contains("hidden"))
            }
            let migration = try await ProgramRun.run(
                "aventora", ["migrate"], environment: ["DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/x"])
            #expect(migration.exit == .exited(69))
            #expect(migration.output.split(separator: "\n").count == 1)
            #expect(!migration.output.contains("hidden"))
        }
    }
}
