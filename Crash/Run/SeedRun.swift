// One seed from an empty folder to its ledger. Load and faults run side by side; then everything is mended, the system
// drains, the programs are stopped, and only then is it judged.

import Command
import Foundation
import Postgres
import TestKit

/// The run of one seed.
struct SeedRun: Sendable {
    let plan: FaultPlan
    let place: CrashSystem.Place
    let postgres: SlotPostgres
    /// Callers who post side by side.
    private static let callerCount = 4
    /// How long the mended system may take until nothing waits.
    private static let drainLimit = Duration.seconds(60)
    /// How long callers may take to have their last events accepted.
    private static let callerLimit = Duration.seconds(60)

    /// - Throws: when the suite itself could not go on; a broken promise is in the ledger.
    func run() async throws -> SeedLedger {
        let start = ContinuousClock.now
        let system = try await CrashSystem.start(plan, place: place, postgres: postgres)
        var ledger = SeedLedger(plan: plan)
        do {
            let facts = try await observe(system)
            await system.end()
            Judge(facts).fill(&ledger)
            if !ledger.isGood { keepFacts(facts) }
        } catch {
            postgres.thaw()
            system.redis.thaw()
            await system.end()
            throw error
        }
        try await postgres.removeDatabase(place.databaseName)
        ledger.seconds = (ContinuousClock.now - start) / .seconds(1)
        return ledger
    }

    private func observe(_ system: CrashSystem) async throws -> SeedFacts {
        let scenery = Scenery(plan: plan, clock: system.chronicle.clock)
        let target = try FakeTarget(choosing: scenery.choose)
        defer { target.stop() }
        try await prepare(system, target)
        let load = Load(system: system)
        do {
            let facts = try await observe(system, scenery, target, load)
            await load.shutdown()
            return facts
        } catch {
            await load.shutdown()
            throw error
        }
    }

    private func observe(
        _ system: CrashSystem, _ scenery: Scenery, _ target: FakeTarget, _ load: Load
    ) async throws -> SeedFacts {
        scenery.begin()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await load.run(callers: Self.callerCount) }
            do {
                try await Injector(system: system).run()
                try await Task.sleep(for: .milliseconds(500))
            } catch {
                load.stop()
                group.cancelAll()
                throw error
            }
            scenery.calm()
            load.stop()
            group.addTask {
                try await Task.sleep(for: Self.callerLimit)
                throw CrashError("the callers did not come to an end")
            }
            _ = try await group.next()
            group.cancelAll()
        }
        var facts = SeedFacts()
        let isDrained = try await drain(system)
        if !isDrained { facts.complaints.append("not drained within \(Self.drainLimit)") }
        try await system.examine()
        await system.stopPrograms()
        try await collect(system, &facts)
        facts.visits = scenery.visits(target)
        facts.accepted = load.accepted
        facts.refusals = load.refusals
        facts.crowds = load.crowds
        facts.complaints += load.complaints
        return facts
    }

    private func prepare(_ system: CrashSystem, _ target: FakeTarget) async throws {
        let hub = try ProgramFolder.sourceText("deploy/sample/hub.sql")
        try await postgres.withPool(system.databaseURL) { pool in
            try await pool.execute(hub)
            for account in 0..<FaultPlan.accountCount {
                let settings = #"{"twenty_webhook_url":"\#(target.url(Scenery.path(account)))"}"#
                _ = try await pool.query(
                    PostgresStatement(
                        "account", "INSERT INTO hub_sample.account_settings (domain_name, settings) VALUES ($1, $2)"),
                    [.text(Scenery.domainName(account)), .json(Array(settings.utf8))])
            }
            try await pool.execute(
                """
                INSERT INTO hub_sample.engagements (engagement_id, domain_name, status)
                SELECT 'hub-' || n, 'account-' || n % \(FaultPlan.accountCount) || '.example', 'completed'
                FROM generate_series(1, \(LoadEvent.hubRowCount)) n
                """)
        }
    }

    /// Waits until nothing is ready, due or running, the outbox has ended and the history is complete; false at the limit.
    private func drain(_ system: CrashSystem) async throws -> Bool {
        let client = APIReader(system)
        let result: Result<Void, any Error>
        do {
            // A minute that begins while the programs stop would leave a job behind.
            try await wait("the schedules to be paused") { try await client.pauseSchedules() }
            result = .success(
                try await postgres.withPool(system.databaseURL) { pool in
                    try await wait("the drain") { try await isDrained(system, client, pool) }
                })
        } catch {
            result = .failure(error)
        }
        await client.shutdown()
        do { try result.get() } catch is WaitExpired { return false }
        return true
    }

    /// A condition that cannot be looked at is not there yet: a program or a server is on its way up.
    private func wait(_ purpose: String, until condition: () async throws -> Bool) async throws {
        try await Waiting.until(purpose, within: Self.drainLimit) {
            do { return try await condition() } catch {
                try Task.checkCancellation()
                return false
            }
        }
    }

    private func isDrained(_ system: CrashSystem, _ client: APIReader, _ pool: PostgresPool) async throws -> Bool {
        guard try await client.isIdle(), try await system.inspector.isDrained() else { return false }
        guard try await system.inspector.waitingTraces() == 0 else { return false }
        return try await pool.query(Self.openRows).isEmpty
    }

    private func collect(_ system: CrashSystem, _ facts: inout SeedFacts) async throws {
        let clock = system.chronicle.clock
        let dead = try await system.inspector.dead()
        let (rows, outbox) = try await postgres.withPool(system.databaseURL) { pool in
            (
                try await pool.query(PostgresStatement("ended", "SELECT * FROM jobs.finished")),
                try await pool.query(PostgresStatement("outbox", "SELECT id, carried_by, ended_at FROM jobs.outbox"))
            )
        }
        // The engine's times are those of Redis.
        let isTimeKnown = system.clocks[.redis] == nil
        for row in rows {
            facts.ended[try row.string("id")] = EndedJob(
                isDead: try row.string("state") == "dead", isQuarantined: false, kind: try row.string("kind"),
                queue: try row.string("queue"), attempts: Int(try row.integer("attempts")),
                at: isTimeKnown ? clock.milliseconds(wall: try row.instantMilliseconds("finished_at")) : nil,
                note: try row.optionalString("note") ?? "")
        }
        for job in dead {
            // A job of the outbox tells the history when it is buried, too.
            if facts.ended[job.id]?.isDead == false {
                facts.complaints.append("\(job.id) is dead, and has ended before")
            }
            facts.ended[job.id] = EndedJob(
                isDead: true, isQuarantined: job.isQuarantined, kind: job.kind, queue: job.queue,
                attempts: job.attempts, at: nil, note: job.reason)
        }
        let ids = Set(dead.map(\.id))
        facts.pending = try await system.inspector.jobs().subtracting(ids)
        for row in outbox {
            let id = try row.string("id")
            if let carrier = try row.optionalString("carried_by") { facts.carriers[id] = carrier }
            if try row.isNull("ended_at") { facts.pending.insert(id) }
        }
        facts.leftovers = try await Leftover.find(system.inspector, dead: ids)
        for queue in RedisInspector.queues { facts.counters[queue] = try await system.inspector.counters(of: queue) }
        facts.workerCount = plan.workerCount
        facts.disturbances = system.chronicle.disturbances
        facts.bereavements = system.chronicle.bereavements
        facts.complaints += system.chronicle.complaints
        facts.reached = system.chronicle.reached
    }

    private static let openRows = PostgresStatement(
        "open", "SELECT id FROM jobs.outbox WHERE ended_at IS NULL LIMIT 1")

    /// For whoever looks for the cause: every fault and every visit, in order.
    private func keepFacts(_ facts: SeedFacts) {
        let events =
            facts.disturbances.map { ($0.start, "\($0)") }
            + facts.bereavements.map { ($0.at, "\($0.action) \($0.worker) held \($0.held?.sorted() ?? [])") }
            + facts.accepted.map { ($0.at, "accepted \($0.event.engagement) \($0.jobs)") }
            + facts.visits.map { visit in
                let end = visit.deliveredAt.map { "2xx at \($0) ms" } ?? "no 2xx"
                return (visit.at, "visit \(visit.job) \(visit.engagement) \(visit.mood) \(end)")
            }
            + facts.ended.map { ($0.value.at ?? .max, "ended \($0.key) \($0.value)") }
        let text = events.sorted { $0.0 < $1.0 }.map { "\($0.0) \($0.1)" }.joined(separator: "\n")
        do {
            try PrivateFile.write(text + "\n", to: "\(place.directory)/facts.txt")
        } catch {
            CrashCommand.tell("cannot write the facts: \(error)")
        }
    }
}
