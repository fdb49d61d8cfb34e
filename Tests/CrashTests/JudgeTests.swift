import Testing

@testable import aventora_crash

/// Each promise is broken on purpose, and the judge says so.
@Suite struct JudgeTests {
    /// Two events, delivered once each, with everything as it should be.
    private func good() -> SeedFacts {
        var facts = SeedFacts()
        facts.workerCount = 2
        facts.accepted = [
            AcceptedEvent(event: event("a"), jobs: ["job-a"], at: 100),
            AcceptedEvent(event: event("b"), jobs: ["job-b"], at: 110),
        ]
        facts.visits = [visit("a", at: 120), visit("b", at: 130)]
        facts.ended = ["job-a": done(at: 121), "job-b": done(at: 131)]
        facts.counters = ["webhooks": ["enqueued": 2, "done": 2]]
        return facts
    }

    private func event(_ name: String) -> LoadEvent { LoadEvent(kind: .carried, account: 0, engagement: name) }

    private func visit(_ name: String, at time: Int64, mood: Mood = .good) -> Scenery.Visit {
        Scenery.Visit(
            job: "job-\(name)", account: 0, at: time, mood: mood, isSuccess: mood == .good,
            deliveredAt: mood == .good ? time : nil, engagement: name)
    }

    private func done(attempts: Int = 1, at time: Int64?) -> EndedJob {
        EndedJob(
            isDead: false, isQuarantined: false, kind: "engagement.push", queue: "webhooks", attempts: attempts,
            at: time, note: "HTTP 200")
    }

    private func judge(_ facts: SeedFacts) -> SeedLedger {
        var ledger = SeedLedger(plan: FaultPlan(seed: 1, window: 8_000))
        Judge(facts).fill(&ledger)
        return ledger
    }

    @Test func whatIsDeliveredOnceIsGood() {
        let ledger = judge(good())
        #expect(ledger.isGood, "\(ledger.broken)")
        #expect(ledger.accepted == 2 && ledger.delivered == 2)
    }

    @Test func acceptedAndGoneIsLost() {
        var facts = good()
        facts.visits.removeLast()
        // Said to be done, and never delivered.
        #expect(judge(facts).lost == 1)
        facts.ended["job-b"] = nil
        facts.counters["webhooks"]?["done"] = 1
        let ledger = judge(facts)
        #expect(ledger.lost == 1 && !ledger.isGood)
    }

    @Test func stillPendingIsNotLostAndNotGood() {
        var facts = good()
        facts.visits.removeLast()
        facts.ended["job-b"] = nil
        facts.counters["webhooks"]?["done"] = 1
        facts.pending = ["job-b"]
        let ledger = judge(facts)
        #expect(ledger.lost == 0 && ledger.pending == 1 && !ledger.isGood)
    }

    @Test func deliveredTwiceNeedsACause() {
        var facts = good()
        facts.visits.append(visit("a", at: 9_000))
        #expect(judge(facts).duplicated == ["unexplained": 1])
        #expect(!judge(facts).isGood)
        facts.disturbances = [Disturbance(subject: "api-0", action: "kill", start: 130, end: 900)]
        #expect(!judge(facts).isGood)
        facts.disturbances = [Disturbance(subject: FaultClock.redis.subject, action: "step 9 s", start: 130, end: 900)]
        #expect(!judge(facts).isGood)
        facts.disturbances = [Disturbance(subject: "worker-0", action: "kill", start: 130, end: 900)]
        #expect(judge(facts).duplicated == ["worker: kill": 1])
        #expect(judge(facts).isGood)
    }

    @Test func oneEventUnderTwoJobsIsBroken() {
        var facts = good()
        var second = visit("a", at: 300)
        second = Scenery.Visit(
            job: "job-c", account: 0, at: 300, mood: .good, isSuccess: true, deliveredAt: 300, engagement: "a")
        facts.visits.append(second)
        #expect(!judge(facts).isGood)
    }

    @Test func attemptWithoutAFailureIsBroken() {
        var facts = good()
        facts.ended["job-a"] = done(attempts: 2, at: 121)
        #expect(judge(facts).overspent == 1)
        #expect(!judge(facts).isGood)
        facts.visits.insert(visit("a", at: 60, mood: .error), at: 0)
        #expect(judge(facts).isGood, "\(judge(facts).broken)")
    }

    @Test func anEventMakesOneJobBesideTheLookForItsEndpoints() {
        var facts = good()
        facts.crowds = ["e-a": ["job-a", "job-z"]]
        #expect(!judge(facts).isGood)
        facts.ended["job-z"] = EndedJob(
            isDead: false, isQuarantined: false, kind: "endpoint.route", queue: "webhooks", attempts: 1, at: 120,
            note: "")
        facts.counters["webhooks"]?["done"] = 3
        facts.counters["webhooks"]?["enqueued"] = 3
        #expect(judge(facts).isGood, "\(judge(facts).broken)")
    }

    @Test func totalsThatDoNotAddUpAreBroken() {
        var facts = good()
        facts.counters["webhooks"] = ["enqueued": 3, "done": 2]
        #expect(!judge(facts).isGood)
        facts.counters["webhooks"] = ["enqueued": 2, "done": 3]
        #expect(!judge(facts).isGood)
    }

    @Test func jobsOfADeadWorkerRunElsewhereInTime() {
        var facts = good()
        facts.disturbances = [Disturbance(subject: "worker-0", action: "kill", start: 125, end: 900)]
        facts.bereavements = [Bereavement(worker: "worker-0", action: "kill", at: 125, held: ["job-a"])]
        facts.visits.append(visit("a", at: 15_125))
        #expect(judge(facts).isGood && judge(facts).longestRecovery == 15_000)
        facts.visits[2] = visit("a", at: 15_126)
        #expect(judge(facts).late == 1 && !judge(facts).isGood)
        // Nobody could: the time counts from the end of the outage.
        facts.disturbances.append(Disturbance(subject: "redis", action: "freeze", start: 3_000, end: 9_000))
        #expect(judge(facts).isGood && judge(facts).longestRecovery == 6_126)
        facts.disturbances[1] = Disturbance(
            subject: FaultClock.redis.subject, action: "step -9 s", start: 3_000, end: 9_000)
        #expect(judge(facts).isGood && judge(facts).longestRecovery == 6_125)
        facts.disturbances[1] = Disturbance(
            subject: FaultClock.programs.subject, action: "step -9 s", start: 3_000, end: 9_000)
        #expect(!judge(facts).isGood)
        facts.visits.removeLast()
        facts.ended["job-a"] = done(at: 121)
        #expect(!judge(facts).isGood)
        // When it ended is not known, but that it did is.
        facts.ended["job-a"] = done(at: nil)
        #expect(judge(facts).late == 0)
    }

    @Test func lateResultsOfAFrozenWorkerAreRefused() {
        var facts = good()
        facts.disturbances = [Disturbance(subject: "worker-0", action: "freeze", start: 110, end: 13_000)]
        facts.bereavements = [
            Bereavement(
                worker: "worker-0", action: "freeze", at: 110, held: ["job-a"], taken: ["job-a"], staleBefore: 1)
        ]
        facts.counters["webhooks"]?["stale"] = 1
        #expect(!judge(facts).isGood)
        facts.counters["webhooks"]?["stale"] = 2
        #expect(judge(facts).isGood, "\(judge(facts).broken)")
    }
}
