import Basics
import Command
import Postgres
import Redis
import TestKit
import Testing

extension SystemTests {
    /// Processes and servers are killed; nothing that was accepted is lost. One after the other: each is a whole product.
    @Suite(.serialized) struct CrashTests {
        private func product() throws -> Product { try currentProduct() }

        /// Everybody still is the process that he was.
        private func expectUnharmed(_ product: Product, _ before: [Int32?]) {
            #expect(product.processes.map(\.processIdentifier) == before)
            #expect(!before.contains(nil))
        }

        /// By job, when it was delivered, in order.
        private func deliveries(_ target: FakeTarget) -> [String: [ContinuousClock.Instant]] {
            Dictionary(grouping: target.delivered) { String($0.header("webhook-id")?.dropFirst(4) ?? "") }
                .mapValues { $0.map(\.arrival) }
        }

        /// When each worker beat last.
        private func beats(_ product: Product) async throws -> RedisReply {
            try await product.redisReply("ZRANGE", "aj:workers", "0", "-1", "WITHSCORES")
        }

        @Test(.product(workers: 0, ["CRM_WEBHOOK_TIMEOUT_SECONDS": "60"]))
        func jobsOfAKilledWorkerAreDeliveredByAnother() async throws {
            let product = try product()
            let count = 200
            let target = try FakeTarget(answers: Array(repeating: .held(status: 200), count: count))
            // One account's pushes have a lane, of which 64 run at a time.
            var accounts: [String] = []
            for _ in 0..<4 { accounts.append(try await product.makeAccount(target)) }
            let victim = try await product.startWorker()
            let events = (0..<count).map { Samples.completed("e-\($0)", of: accounts[$0 % 4]) }
            let jobs = try await product.client.accept("[\(events.joined(separator: ","))]")
            #expect(Set(jobs).count == count)
            // All of them are in flight at the target, none is answered.
            _ = try await target.requests(count)
            #expect(try await product.client.queues()["webhooks"] == [0, 0, Int64(count), 0])
            let heir = try await product.startWorker()
            let kill = ContinuousClock.now
            await victim.kill()
            #expect(victim.exit == .signaled(9))
            let again = try await target.requests(2 * count, within: .seconds(25))
            let lateness = again[2 * count - 1].arrival - kill
            #expect(lateness < .seconds(15), "\(lateness)")
            for job in jobs {
                let view = try await product.client.job(job, toBe: "done")
                #expect(view["crashes"]?.integer == 1)
                #expect(view["attempts"]?.integer == 1)
            }
            let delivered = deliveries(target)
            #expect(Set(delivered.keys) == Set(jobs))
            #expect(delivered.values.allSatisfy { $0.count == 1 })
            #expect(target.requests.count == 2 * count)
            let bodies = Dictionary(grouping: target.requests) { $0.header("webhook-id") ?? "" }
            #expect(bodies.values.allSatisfy { $0.count == 2 && $0[0].body == $0[1].body })
            #expect(heir.processIdentifier != nil)
            target.stop()
        }

        @Test(.product(workers: 2, ["CRM_WEBHOOK_TIMEOUT_SECONDS": "60"]))
        func frozenWorkerThatComesBackDoesNotSettleWhatIsNoLongerItsOwn() async throws {
            let product = try product()
            let target = try FakeTarget(answers: [.held(status: 400)])
            let account = try await product.makeAccount(target)
            let job = try await product.client.acceptOne(Samples.completed("e", of: account))
            _ = try await target.requests(1)
            let view = try await product.client.job(job, toBe: "running")
            let holder = try #require(view["worker"]?.string)
            let index = try #require(
                product.workers.firstIndex { $0.lines("worker starts").contains { $0["name"]?.string == holder } })
            product.workers[index].freeze()
            // The lease runs out, the other worker delivers; then the first one hears a 400 for the same job.
            try await product.client.job(job, toBe: "done", within: .seconds(25))
            #expect(target.requests.count == 2)
            product.workers[index].thaw()
            target.release()
            let more = (0..<20).map { Samples.completed("more-\($0)", of: account) }
            for id in try await product.client.accept("[\(more.joined(separator: ","))]") {
                try await product.client.job(id, toBe: "done")
            }
            try await product.waitUntilReady(product.workers[index])
            let end = try await product.client.job(job)
            #expect(end["state"]?.string == "done")
            #expect(end["crashes"]?.integer == 1)
            #expect(try await product.client.dead().isEmpty)
        }

        @Test(.product(workers: 2)) func redisKilledUnderLoadLosesNothing() async throws {
            let product = try product()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let before = product.processes.map(\.processIdentifier)
            let poster = Poster(product.client) { Samples.completed($0, of: account, id: $1) }
            async let posting: Void = poster.run(callers: 4)
            try await Waiting.until("200 events to be accepted") { poster.accepted.count >= 200 }
            // So that much waits and much is in flight at the moment of the kill.
            let backlog = (0..<1_000).map { Samples.completed("backlog-\($0)", of: account) }
            let waiting = try await product.client.accept("[\(backlog.joined(separator: ","))]")
            let kill = ContinuousClock.now
            await product.redis.kill()
            let before202 = poster.accepted.count
            try await Waiting.until("20 to be accepted without Redis") { poster.accepted.count >= before202 + 20 }
            let probe = try await product.client.get("/v1/queues")
            #expect(probe.status == 503)
            #expect(probe.header("Retry-After").flatMap { Int($0) } ?? 0 > 0)
            let readiness = try await product.client.get("/readyz")
            #expect(readiness.status == 503)
            #expect(try await product.client.get("/healthz").status == 200)
            try await product.redis.start()
            let back = ContinuousClock.now
            let count = poster.accepted.count
            try await Waiting.until("200 more events to be accepted") { poster.accepted.count >= count + 200 }
            poster.stop()
            await posting
            #expect(poster.failures == 0)
            #expect(poster.refusals.isEmpty, "\(poster.refusals.first?.status ?? 0)")
            try await Waiting.until("the outbox to be relayed") {
                try await product.database.query(
                    PostgresStatement("t_waiting", "SELECT FROM jobs.outbox WHERE relayed_at IS NULL")
                ).isEmpty
            }
            let accepted = poster.accepted
            let jobs = Set(accepted.flatMap(\.jobs) + waiting)
            #expect(jobs.count == accepted.count + 1_000)
            try await Waiting.until("every queue to be empty", within: .seconds(30)) {
                try await product.client.queues().values.allSatisfy { $0 == [0, 0, 0, 0] }
            }
            let delivered = deliveries(target)
            #expect(Set(delivered.keys) == jobs)
            for times in delivered.values where times.count > 1 {
                #expect(times[0] > kill - .seconds(2) && times[0] < back + .seconds(2), "delivered twice")
            }
            expectUnharmed(product, before)
            try await Waiting.until("all to be ready") {
                for process in product.processes { try await product.waitUntilReady(process) }
                return true
            }
        }

        @Test(.product(workers: 2, ownsPostgres: true)) func postgresKilledUnderLoadLosesNothing() async throws {
            let product = try product()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let other = try await product.makeAccount(target)
            let engagement = Samples.name("eng")
            _ = try await product.database.query(
                PostgresStatement(
                    "hub_row",
                    "INSERT INTO hub.engagements (engagement_id, domain_name, status) VALUES ($1, $2, 'completed')"),
                [.text(engagement), .text(account)])
            let before = product.processes.map(\.processIdentifier)
            let poster = Poster(product.client) { Samples.completed($0, of: account, id: $1) }
            async let posting: Void = poster.run(callers: 2)
            try await Waiting.until("100 deliveries") { target.delivered.count >= 100 }
            await product.postgres.kill()
            // Accepted and delivered meanwhile, since the event carries all and the account is known.
            let count = poster.accepted.count
            let own = try await product.client.acceptOne(Samples.completed("meanwhile", of: account))
            try await product.client.job(own, toBe: "done")
            try await Waiting.until("100 more to be accepted") { poster.accepted.count >= count + 100 }
            #expect(try await product.client.get("/readyz").status == 503)
            // What only the Hub knows waits, unspent; so does an account that nobody has asked for yet.
            let built = try await product.client.acceptOne(Samples.updated(engagement, of: account))
            let unknown = try await product.client.acceptOne(Samples.completed("unknown-account", of: other))
            for id in [built, unknown] {
                let view = try await Waiting.value("job \(id) to be put off") {
                    let view = try await product.client.job(id)
                    return view["deferrals"]?.integer ?? 0 > 0 ? view : nil
                }
                #expect(view["attempts"]?.integer == 0)
            }
            try await product.postgres.start()
            for id in [built, unknown] {
                let view = try await product.client.job(id, toBe: "done", within: .seconds(30))
                #expect(view["attempts"]?.integer == 1)
            }
            poster.stop()
            await posting
            #expect(poster.failures == 0)
            #expect(poster.refusals.isEmpty, "\(poster.refusals.first?.status ?? 0)")
            try await Waiting.until("every queue to be empty", within: .seconds(30)) {
                try await product.client.queues().values.allSatisfy { $0 == [0, 0, 0, 0] }
            }
            let delivered = Set(deliveries(target).keys)
            #expect(delivered.isSuperset(of: poster.accepted.flatMap(\.jobs) + [own, built]))
            #expect(target.delivered.contains { $0.text.contains("unknown-account") })
            #expect(target.delivered.contains { $0.text.contains(engagement) })
            expectUnharmed(product, before)
            // The history of the time without a database is in the database.
            try await Waiting.until("the history to be complete", within: .seconds(30)) {
                let rows = try await product.database.query(
                    PostgresStatement("history", "SELECT count(*) AS n FROM jobs.finished WHERE state = 'done'"))
                return try rows[0].integer("n") >= Int64(poster.accepted.count + 3)
            }
            for process in product.processes { try await product.waitUntilReady(process) }
        }

        /// Somebody is changing the Hub's view; a push that only the Hub can fill waits for it.
        @Test(.product()) func pushWaitsForABrokenViewUnspent() async throws {
            let product = try product()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let engagement = Samples.name("eng")
            try await product.database.execute("ALTER VIEW hub.engagements RENAME TO away")
            let job = try await product.client.acceptOne(Samples.updated(engagement, of: account))
            let view = try await Waiting.value("the push to be put off more than once") {
                let view = try await product.client.job(job)
                return view["deferrals"]?.integer ?? 0 >= 3 ? view : nil
            }
            #expect(view["attempts"]?.integer == 0, "\(view)")
            try await product.database.execute(
                """
                ALTER VIEW hub.away RENAME TO engagements;
                INSERT INTO hub.engagements (engagement_id, domain_name, status)
                VALUES ('\(engagement)', '\(account)', 'completed')
                """)
            let done = try await product.client.job(job, toBe: "done", within: .seconds(30))
            #expect(done["attempts"]?.integer == 1)
            #expect(target.requests.count == 1)
        }

        /// The clock of the programs' machine is set forward by an hour and back again. A beat late by an hour would give
        /// the job to another.
        @Test func clockThatIsSetTakesNobodysLease() async throws {
            let file = TestFolders.make("clock")
            defer { PrivateFile.remove(file) }
            let clock = try SteppedClock(file: file, programs: ProgramFolder.programs)
            var options = ProductOptions(environment: clock.environment)
            options.environment["CRM_WEBHOOK_TIMEOUT_SECONDS"] = "60"
            let complaints = try await Product.run(options) { product in
                let target = try FakeTarget(answers: [.held(status: 200)])
                let account = try await product.makeAccount(target)
                let job = try await product.client.acceptOne(Samples.completed("held", of: account))
                _ = try await target.requests(1)
                try clock.step(to: 3_600)
                // The first one was waited for before the step.
                for _ in 0..<2 {
                    let last = try await beats(product)
                    try await Waiting.until("the next beat", seen: { product.workers[0].logTail }) {
                        try await beats(product) != last
                    }
                }
                try clock.step(to: 0)
                target.release()
                let done = try await product.client.job(job, toBe: "done")
                #expect(done["crashes"]?.integer == 0 && done["attempts"]?.integer == 1, "\(done)")
                #expect(target.requests.count == 1)
            }
            #expect(complaints.isEmpty)
        }

        @Test(.product(workers: 2, ["CRM_WEBHOOK_TIMEOUT_SECONDS": "60"]))
        func redisThatHangsForLongerThanALeaseMakesNobodyLookDead() async throws {
            let product = try product()
            let count = 50
            let target = try FakeTarget(answers: Array(repeating: .held(status: 200), count: count))
            let account = try await product.makeAccount(target)
            let before = product.processes.map(\.processIdentifier)
            let events = (0..<count).map { Samples.completed("e-\($0)", of: account) }
            let jobs = try await product.client.accept("[\(events.joined(separator: ","))]")
            _ = try await target.requests(count)
            product.redis.freeze()
            let freeze = ContinuousClock.now
            let other = try await product.client.post(Samples.completed("other", of: account, id: "other"))
            #expect(other.status == 202 && other.object["durability"]?.string == "outbox")
            #expect(ContinuousClock.now - freeze < .seconds(8), "\(ContinuousClock.now - freeze)")
            // The lease is 9 s.
            try await Task.sleep(for: .seconds(11) - (ContinuousClock.now - freeze))
            product.redis.thaw()
            target.release()
            for job in jobs {
                let view = try await product.client.job(job, toBe: "done", within: .seconds(20))
                #expect(view["crashes"]?.integer == 0)
            }
            #expect(deliveries(target).filter { jobs.contains($0.key) }.values.allSatisfy { $0.count == 1 })
            expectUnharmed(product, before)
        }

        @Test(.product(workers: 2)) func apiKilledUnderLoadLosesNothing() async throws {
            let product = try product()
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let poster = Poster(product.client) { Samples.completed($0, of: account, id: $1) }
            async let posting: Void = poster.run(callers: 8)
            for round in 1...3 {
                try await Waiting.until("100 more to be accepted") { poster.accepted.count >= round * 100 }
                await product.api.kill()
                try await Waiting.until("a request without an answer") { poster.failures >= round }
                try await product.api.start()
            }
            try await Waiting.until("100 more to be accepted") { poster.accepted.count >= 400 }
            poster.stop()
            await posting
            try await Waiting.until("every queue to be empty", within: .seconds(30)) {
                try await product.client.queues().values.allSatisfy { $0 == [0, 0, 0, 0] }
            }
            let delivered = deliveries(target)
            #expect(Set(delivered.keys) == Set(poster.accepted.flatMap(\.jobs)))
            #expect(delivered.values.allSatisfy { $0.count == 1 })
        }
    }
}
