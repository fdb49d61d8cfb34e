import Basics
import Postgres
import Queue
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct StartStoreTests {
    private let now = StartFixture.now

    @Test func aPersonHasOneAtATimeWhoeverAsks() async throws {
        try await PostgresFixture.withDatabase(size: 8) { pool in
            let store = StartStore(pool: pool)
            let results = try await withThrowingTaskGroup(of: StartStore.Reservation.self) { group in
                for _ in 0..<24 { group.addTask { try await store.reserve(StartFixture.new("p")) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            var winners: [String] = []
            var holders: Set<String> = []
            for result in results {
                switch result {
                case .reserved(let start): winners.append(start.id)
                case .taken(let holder): holders.insert(holder)
                default: Issue.record("\(result)")
                }
            }
            #expect(winners.count == 1 && holders == Set(winners))
            // A start that was not written left no job behind.
            #expect(try await StartFixture.jobs(pool) == ["engagement.start"])
            let start = try #require(try await store.find(winners[0]))
            #expect(start.state == .accepted && start.status == "accepted" && start.engagementID == nil)
            #expect(
                try await OutboxStore(pool: pool).find(id: try #require(JobID(start.jobID)))?.kind == "engagement.start"
            )
            // Another person, and the same id in another workspace, are somebody else.
            #expect(try await store.reserve(StartFixture.new("q")).isReserved)
            #expect(try await store.reserve(StartFixture.new("p", workspace: "other")).isReserved)
            #expect(try await store.reserve(StartFixture.new("p", workspace: nil)).isReserved)
            #expect(try await !store.reserve(StartFixture.new("p", workspace: nil)).isReserved)
        }
    }

    @Test func aRepeatedWishIsTheSameStart() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = StartStore(pool: pool)
            let receipt = Receipt(key: "k", digest: "d")
            guard case .reserved(let first) = try await store.reserve(StartFixture.new("p", receipt: receipt)) else {
                Issue.record("not reserved")
                return
            }
            #expect(try await store.reserve(StartFixture.new("p", receipt: receipt)) == .repeated(first))
            let other = Receipt(key: "k", digest: "other")
            #expect(try await store.reserve(StartFixture.new("p", receipt: other)) == .otherReceipt)
            #expect(try await store.reserve(StartFixture.new("q", receipt: other)) == .otherReceipt)
            #expect(try await StartFixture.jobs(pool).count == 1)
        }
    }

    @Test(arguments: [
        (#""status":"in_progress""#, false), (#""status":null"#, false), (#""status":"completed""#, true),
        (#""status":"Cancelled""#, true), (#""status":"Broken""#, true), (#""status":"failed""#, true),
        (#""status":"done","completed_at":"2026-01-31T12:00:00Z""#, true),
    ])
    func anEngagementThatBeganElsewhereHoldsItsPerson(members: String, isFree: Bool) async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = StartStore(pool: pool)
            _ = try await StartFixture.push(
                "CA1", #""person_id":"p","workspace_id":"w","domain_name":"d.example","# + members, in: pool)
            let result = try await store.reserve(StartFixture.new("p"))
            #expect(result.isReserved == isFree)
            if !isFree { #expect(result == .taken(by: "CA1")) }
            #expect(try await store.reserve(StartFixture.new("p", workspace: "other")).isReserved)
            #expect(try await store.foreign(person: "p", workspaceID: "w") == (isFree ? nil : "CA1"))
        }
    }

    @Test func theEndOfTheEngagementFreesItsPerson() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = StartStore(pool: pool)
            let start = try await StartFixture.reserve("p", in: store)
            #expect(try await store.begin(start.id, callingUntilMilliseconds: now + 30_000) != nil)
            let started = try #require(
                try await store.started(start.id, engagementID: "eng_1", status: "accepted", atMilliseconds: now))
            #expect(started.state == .started && started.engagementID == "eng_1" && started.hubStatus == "accepted")
            #expect(try await store.find(engagementID: "eng_1")?.id == start.id)
            // The Hub's clock may be behind ours: its first push counts all the same.
            #expect(
                try await StartFixture.push("eng_1", #""status":"in_progress""#, at: now - 3_600_000, in: pool)
                    == .updated)
            #expect(try await store.find(start.id)?.status == "in_progress")
            #expect(try await !store.reserve(StartFixture.new("p")).isReserved)
            #expect(
                try await StartFixture.push(
                    "eng_1", #""status":"completed","outcome":"booked""#, at: now - 3_599_000, in: pool) == .updated)
            let over = try #require(try await store.find(start.id))
            #expect(over.state == .over && over.status == "completed" && over.outcome == "booked")
            #expect(over.endedAtMilliseconds != nil)
            #expect(try await store.reserve(StartFixture.new("p")).isReserved)
        }
    }

    @Test func aReportThatCameBeforeTheAnswerStays() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = StartStore(pool: pool)
            let start = try await StartFixture.reserve("p", in: store)
            _ = try await StartFixture.push(
                "eng_1", #""status":"completed","outcome":"no answer","domain_name":"d.example","person_id":"p""#,
                in: pool)
            let started = try #require(
                try await store.started(start.id, engagementID: "eng_1", status: "accepted", atMilliseconds: now))
            #expect(started.state == .over && started.hubStatus == "completed" && started.outcome == "no answer")
            #expect(try await store.reserve(StartFixture.new("p")).isReserved)
            let rows = try await pool.query(
                PostgresStatement("t", "SELECT person_id, workspace_id, status FROM crm.aventora_engagement"))
            #expect(try rows.count == 1 && rows[0].string("workspace_id") == "w")
        }
    }

    @Test func aStartThatIsGivenUpFreesItsPersonAndMayBeRevived() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = StartStore(pool: pool)
            let start = try await StartFixture.reserve("p", in: store)
            #expect(try await store.rest(start.id, error: "once\0more")?.state == .accepted)
            try await store.fail(start.id, error: "the Hub says no")
            let failed = try #require(try await store.find(start.id))
            #expect(failed.state == .failed && failed.error == "the Hub says no" && failed.status == "failed")
            #expect(try await store.begin(start.id, callingUntilMilliseconds: now) == nil)
            let other = try await StartFixture.reserve("p", in: store)
            #expect(try await store.revive(start.id, giveUpAtMilliseconds: now) == nil)
            try await store.fail(other.id, error: "x")
            #expect(try await store.revive(start.id, giveUpAtMilliseconds: now + 1)?.state == .accepted)
            #expect(try await !store.reserve(StartFixture.new("p")).isReserved)
        }
    }

    @Test func aCancelDoesWhatCanBeDone() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = StartStore(pool: pool)
            // Nobody is calling: it ends at once.
            let first = try await StartFixture.reserve("p", in: store)
            guard case .cancelled(let ended)? = try await store.cancel(first.id, nowMilliseconds: now) else {
                Issue.record("not cancelled")
                return
            }
            #expect(ended.state == .cancelled && ended.endedAtMilliseconds == now)
            guard case .over? = try await store.cancel(first.id, nowMilliseconds: now) else {
                Issue.record("cancelled twice")
                return
            }
            // A call is on its way: the attempt's end decides.
            let second = try await StartFixture.reserve("p", in: store)
            _ = try await store.begin(second.id, callingUntilMilliseconds: now + 1)
            guard case .waiting(let waiting)? = try await store.cancel(second.id, nowMilliseconds: now) else {
                Issue.record("not waiting")
                return
            }
            #expect(waiting.status == "cancelling" && waiting.state == .accepted)
            #expect(try await store.begin(second.id, callingUntilMilliseconds: now + 1) == nil)
            #expect(try await store.rest(second.id, error: "away")?.state == .cancelled)
            // The Hub has it: a job asks.
            let third = try await StartFixture.reserve("p", in: store)
            _ = try await store.started(third.id, engagementID: "eng_3", status: "accepted", atMilliseconds: now)
            guard case .asking(let asking, let job)? = try await store.cancel(third.id, nowMilliseconds: now) else {
                Issue.record("not asking")
                return
            }
            #expect(asking.cancelJobID == job && asking.status == "cancelling")
            #expect(try await store.cancel(third.id, nowMilliseconds: now + 59_000) == .asking(asking, job: job))
            #expect(try await StartFixture.jobs(pool).filter { $0 == "engagement.cancel" }.count == 1)
            try await store.withdrawCancel(third.id, error: "the Hub says no")
            #expect(try await store.find(third.id)?.status == "accepted")
            try await store.cancelled(third.id, nowMilliseconds: now)
            // Until the Hub's own word is written, the engagement itself holds the person.
            #expect(try await store.reserve(StartFixture.new("p")) == .taken(by: "eng_3"))
            _ = try await StartFixture.push("eng_3", #""status":"cancelled""#, in: pool)
            #expect(try await store.reserve(StartFixture.new("p")).isReserved)
            #expect(try await store.cancel("es_none", nowMilliseconds: now) == nil)
        }
    }

    @Test func aCallThatEndedAfterTheCancelIsNoted() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = StartStore(pool: pool)
            let start = try await StartFixture.reserve("p", in: store)
            _ = try await store.cancel(start.id, nowMilliseconds: now)
            let other = try await StartFixture.reserve("p", in: store)
            let late = try #require(
                try await store.started(start.id, engagementID: "eng_1", status: "accepted", atMilliseconds: now))
            #expect(late.state == .cancelled && late.engagementID == "eng_1" && late.cancelAskedAtMilliseconds != nil)
            #expect(try await store.find(other.id)?.state == .accepted)
        }
    }

    @Test func engagementsThatAreQuietAreAskedAbout() async throws {
        try await PostgresFixture.withDatabase { pool in
            let (store, open) = (StartStore(pool: pool), OpenEngagementStore(pool: pool))
            let start = try await StartFixture.reserve("p", in: store)
            _ = try await store.started(start.id, engagementID: "eng_1", status: "accepted", atMilliseconds: now)
            for (id, status) in [("CA1", "in_progress"), ("CA2", "completed")] {
                _ = try await StartFixture.push(
                    id, #""person_id":"x","domain_name":"d.example","status":"\#(status)""#, in: pool)
            }
            let later = SystemTime.now + 120_000
            func due(_ time: Int64) async throws -> [String] {
                try await open.due(quietMilliseconds: 60_000, nowMilliseconds: time, count: 10).map(\.engagementID)
                    .sorted()
            }
            #expect(try await due(SystemTime.now) == [])
            #expect(try await due(later) == ["CA1", "eng_1"])
            let ours = try await open.due(quietMilliseconds: 0, nowMilliseconds: later, count: 10).filter(\.isOurs)
            #expect(ours.map(\.engagementID) == ["eng_1"] && ours.first?.scope.workspaceID == "w")
            try await open.checked(["CA1", "eng_1"], atMilliseconds: later)
            #expect(try await due(later + 30_000) == [])
            #expect(try await due(later + 61_000) == ["CA1", "eng_1"])
            // After ten hours of silence, once an hour.
            let night = later + 36_000_000
            try await open.checked(["CA1", "eng_1"], atMilliseconds: night)
            #expect(try await due(night + 3_500_000) == [])
            #expect(try await due(night + 3_600_000) == ["CA1", "eng_1"])
        }
    }

    @Test func oldOnesAreForgotten() async throws {
        try await PostgresFixture.withDatabase { pool in
            let (store, open) = (StartStore(pool: pool), OpenEngagementStore(pool: pool))
            let ended = try await StartFixture.reserve("p", in: store)
            _ = try await store.cancel(ended.id, nowMilliseconds: now)
            let active = try await StartFixture.reserve("p", in: store)
            #expect(try await open.remove(beforeMilliseconds: now, count: 10) == 0)
            #expect(try await open.remove(beforeMilliseconds: now + 1, count: 10) == 1)
            #expect(try await store.find(ended.id) == nil)
            #expect(try await store.find(active.id) != nil)
            #expect(try await open.waiting(beforeMilliseconds: now + 1, count: 10).map(\.id) == [active.id])
        }
    }
}

extension StartStore.Reservation {
    var isReserved: Bool { if case .reserved = self { true } else { false } }
}

private enum SystemTime {
    static var now: Int64 { SystemWallClock().nowMilliseconds() }
}
