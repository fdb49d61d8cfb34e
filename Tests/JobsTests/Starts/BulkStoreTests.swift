import Basics
import Postgres
import Queue
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct BulkStoreTests {
    private let now = StartFixture.now
    private let scope = EngagementStart.Scope(workspaceID: "w", domainName: "d.example")

    private func request(_ people: [String]) throws -> BulkRequest {
        let list = people.map { #"{"personId":"\#($0)","phones":["+14165550100"]}"# }.joined(separator: ",")
        return try BulkRequest.decode(Array(#"{"people":[\#(list)],"channel":"sms","pacePerMinute":60}"#.utf8))
    }

    private func create(
        _ people: [String], _ bulks: BulkStore, receipt: Receipt? = nil
    ) async throws -> BulkStore.Creation {
        try await bulks.create(try request(people), in: scope, receipt: receipt, nowMilliseconds: now)
    }

    private func made(_ people: [String], _ bulks: BulkStore) async throws -> EngagementBulk {
        guard case .created(let bulk) = try await create(people, bulks) else { throw StartFixture.NotReserved() }
        return bulk
    }

    @Test func aBulkIsWrittenWithItsPeopleAndItsJob() async throws {
        try await PostgresFixture.withDatabase { pool in
            let bulks = BulkStore(pool: pool)
            let receipt = Receipt(key: "k", digest: "d")
            guard case .created(let bulk) = try await create(["a", "b"], bulks, receipt: receipt) else {
                Issue.record("not created")
                return
            }
            #expect(bulk.state == .running && bulk.total == 2 && bulk.wish.channel == .sms)
            #expect(try await StartFixture.jobs(pool) == ["engagement.bulk"])
            #expect(try await create(["a", "b"], bulks, receipt: receipt) == .repeated(bulk))
            let other = Receipt(key: "k", digest: "x")
            #expect(try await create(["a"], bulks, receipt: other) == .otherReceipt)
            let turns = try await bulks.turns(of: bulk.id, count: 10)
            #expect(turns.map(\.personID) == ["a", "b"] && turns[0].fields["phones"]?.array?.count == 1)
            #expect(try await bulks.progress(of: bulk.id).waiting == 2)
            #expect(try await bulks.running().map(\.id) == [bulk.id])
        }
    }

    @Test func aTurnIsTakenOnceByTheJobThatWorksThroughIt() async throws {
        try await PostgresFixture.withDatabase { pool in
            let (bulks, starts) = (BulkStore(pool: pool), StartStore(pool: pool))
            let bulk = try await made(["a", "b", "c"], bulks)
            let turns = try await bulks.turns(of: bulk.id, count: 3)
            func accept(_ index: Int, _ runner: String) async throws -> BulkStore.TurnResult {
                var start = StartFixture.new(turns[index].personID)
                start.bulkID = bulk.id
                return try await bulks.accept(turns[index], of: bulk, runner: runner, start: start, in: starts)
            }
            #expect(try await accept(0, "another") == .notOurs)
            #expect(try await accept(0, bulk.runner) == .accepted)
            // The same turn again leaves nothing behind, neither start nor job.
            #expect(try await [.taken, .notOurs].contains(accept(0, bulk.runner)))
            _ = try await StartFixture.reserve("b", in: starts)
            #expect(try await accept(1, bulk.runner) == .taken)
            try await bulks.skip(turns[1], of: bulk, reason: "active")
            var progress = try await bulks.progress(of: bulk.id)
            #expect(progress.waiting == 1 && progress.skipped == ["active": 1] && progress.starts == [.accepted: 1])
            #expect(try await StartFixture.jobs(pool).filter { $0 == "engagement.start" }.count == 2)
            #expect(try await bulks.cancel(bulk.id)?.state == .cancelled)
            #expect(try await accept(2, bulk.runner) == .notOurs)
            #expect(try await bulks.cancel(bulk.id) == nil)
            progress = try await bulks.progress(of: bulk.id)
            #expect(progress.waiting == 1)
        }
    }

    @Test func aLostJobIsReplacedOnce() async throws {
        try await PostgresFixture.withDatabase { pool in
            let bulks = BulkStore(pool: pool)
            let bulk = try await made(["a"], bulks)
            #expect(try await bulks.takeOver(bulk.id, from: bulk.runner))
            #expect(try await !bulks.takeOver(bulk.id, from: bulk.runner))
            let runner = try #require(try await bulks.find(bulk.id)?.runner)
            #expect(runner != bulk.runner && JobID(runner) != nil)
            #expect(try await StartFixture.jobs(pool).count == 2)
            #expect(try await bulks.hand(bulk.id, from: runner, to: "next"))
            try await bulks.end(bulk.id, as: .failed, error: "why")
            #expect(try await bulks.find(bulk.id)?.error == "why")
            #expect(try await !bulks.takeOver(bulk.id, from: "next"))
        }
    }

    @Test func tenThousandPeopleAreTaken() async throws {
        try await PostgresFixture.withDatabase { pool in
            let bulks = BulkStore(pool: pool)
            let people = (0..<BulkRequest.maximumPeople).map { "p\($0)" }
            let bulk = try await made(people, bulks)
            #expect(try await bulks.progress(of: bulk.id).waiting == people.count)
            _ = try await bulks.cancel(bulk.id)
            let far = SystemWallClock().nowMilliseconds() + 1_000
            #expect(
                try await OpenEngagementStore(pool: pool).remove(beforeMilliseconds: far, count: 10) == 1)
            #expect(try await bulks.turns(of: bulk.id, count: 1).isEmpty)
        }
    }
}

@Suite(.timeLimit(.minutes(2)))
struct CockpitStoreTests {
    private let scope = EngagementStart.Scope(workspaceID: "w", domainName: "d.example")
    /// Noon, UTC.
    private let noon = StartFixture.now - StartFixture.now % 86_400_000 + 43_200_000

    private func rule(_ key: String, cooldown: Int, maximum: Int) throws -> CockpitRule {
        var fields = FieldReader([
            "key": .string(key), "signals": .array([.string("MISSED_CALL")]), "action": .string("CALL_LEAD"),
            "enabled": .bool(true),
            "auto_run": .bool(true), "cooldown_seconds": .number("\(cooldown)"), "daily_maximum": .number("\(maximum)"),
        ])
        return try #require(CockpitRule(&fields))
    }

    private func occasion(_ signal: String, _ rule: CockpitRule) -> CockpitStore.Occasion {
        .init(signalID: signal, signal: "MISSED_CALL", scope: scope, personID: "p", rule: rule)
    }

    @Test func cooldownAndDailyMaximumHoldBack() async throws {
        try await PostgresFixture.withDatabase { pool in
            let (cockpit, starts) = (CockpitStore(pool: pool), StartStore(pool: pool))
            let rule = try rule("r", cooldown: 3_600, maximum: 2)
            func run(_ signal: String, _ rule: CockpitRule, after hours: Double) async throws -> String {
                let at = noon + Int64(hours * 3_600_000)
                let result = try await cockpit.execute(
                    occasion(signal, rule), StartFixture.new("p", at: at), in: starts)
                switch result {
                case .executed(let start):
                    // It is over at once, so that only the rule's own limits count.
                    _ = try await starts.cancel(start, nowMilliseconds: at)
                    return "executed"
                case .skipped(let reason): return reason
                }
            }
            #expect(try await run("s1", rule, after: 0) == "executed")
            #expect(try await run("s2", rule, after: 0.99) == "cooldown")
            #expect(try await run("s3", rule, after: 1.01) == "executed")
            #expect(try await run("s4", rule, after: 3) == "daily_maximum")
            // What rules did counts together.
            #expect(try await run("s4", try self.rule("other", cooldown: 0, maximum: 2), after: 3) == "daily_maximum")
            #expect(try await run("s5", try self.rule("third", cooldown: 0, maximum: 3), after: 3) == "executed")
            // The next day begins at midnight.
            #expect(try await run("s6", rule, after: 12.01) == "executed")
            // The same signal again is answered as it was, whatever the time.
            #expect(try await cockpit.find(occasion("s2", rule)) == .skipped(reason: "cooldown"))
            #expect(try await run("s4", rule, after: 40) == "daily_maximum")
            #expect(try await StartFixture.jobs(pool).count == 4)
        }
    }

    @Test func oneSignalOrManyAtOnceMakeOneEngagement() async throws {
        try await PostgresFixture.withDatabase(size: 8) { pool in
            let (cockpit, starts) = (CockpitStore(pool: pool), StartStore(pool: pool))
            let rule = try rule("r", cooldown: 3_600, maximum: 5)
            let runs = try await withThrowingTaskGroup(of: CockpitStore.Run.self) { group in
                for number in 0..<16 {
                    let occasion = occasion("s\(number % 4)", rule)
                    group.addTask { try await cockpit.execute(occasion, StartFixture.new("p", at: noon), in: starts) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let executed = Set(runs.compactMap { if case .executed(let start) = $0 { start } else { nil } })
            #expect(executed.count == 1)
            #expect(try await StartFixture.jobs(pool).count == 1)
            let rows = try await pool.query(
                PostgresStatement(
                    "t", "SELECT count(*) AS n, count(*) FILTER (WHERE is_executed) AS e FROM crm.cockpit_run"))
            #expect(try rows[0].integer("n") == 4 && rows[0].integer("e") == 1)
        }
    }

    @Test func aTakenPersonIsNotedAndNotEngaged() async throws {
        try await PostgresFixture.withDatabase { pool in
            let (cockpit, starts) = (CockpitStore(pool: pool), StartStore(pool: pool))
            let rule = try rule("r", cooldown: 0, maximum: 5)
            _ = try await StartFixture.reserve("p", in: starts)
            let run = try await cockpit.execute(occasion("s", rule), StartFixture.new("p", at: noon), in: starts)
            #expect(run == .skipped(reason: "active"))
            #expect(try await cockpit.find(occasion("s", rule)) == run)
        }
    }
}
