import Basics
import Postgres
import Queue
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct DeliveryStoreTests {
    private typealias Samples = DeliverySamples

    /// Every row of both tables as text, for a look at all that is kept.
    private func dump(_ pool: PostgresPool) async throws -> [String] {
        try await pool.query(
            PostgresStatement(
                "dump",
                "SELECT d::text AS line FROM jobs.deliveries d UNION ALL SELECT a::text FROM jobs.attempts a ORDER BY 1"
            )
        )
        .map { try $0.string("line") }
    }

    @Test func attemptsAndTheirDeliveryAreKept() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = DeliveryStore(pool: pool)
            let id = Samples.id(Samples.now)
            var first = Samples.attempt(id, attempt: 1, outcome: .retry, status: 500)
            first.retryAtMilliseconds = Samples.now + 5_000
            first.errorCode = "status"
            first.worker = "w-1"
            first.prepareMicroseconds = 1_500
            first.exchange?.times.dns = 7
            first.exchange?.times.total = 8_000_000_000
            first.exchange?.isReused = true
            first.exchange?.address = "127.0.0.1:80"
            try await store.record([first])
            var row = try #require(try await store.find(id.description))
            #expect(row.state == .retrying && row.attempts == 1 && row.status == 500 && row.error == "HTTP 500")
            #expect(row.retryAtMilliseconds == Samples.now + 5_000)
            #expect(row.createdAtMilliseconds == Samples.now && row.delivery == first.delivery)
            var second = Samples.attempt(id, fence: Samples.now + 6_000, attempt: 2)
            second.payload = [1, 0, 2]
            try await store.record([second])
            row = try #require(try await store.find(id.description))
            #expect(row.state == .delivered && row.attempts == 2 && row.error == nil && row.retryAtMilliseconds == nil)
            #expect(try await store.payload(of: id.description) == [1, 0, 2])
            let attempts = try await store.attempts(at: id.description)
            #expect(attempts.map(\.number) == [1, 2] && attempts.map(\.outcome) == ["retry", "delivered"])
            let kept = attempts[0]
            #expect(kept.claimedAtMilliseconds == Samples.now && kept.startedAtMilliseconds == Samples.now + 1)
            #expect(kept.worker == "w-1" && kept.errorCode == "status" && kept.isReused == true && !kept.isCut)
            #expect(kept.prepareMicroseconds == 1_500 && kept.times == first.exchange?.times)
            #expect(kept.responseBody == Array("ok".utf8) && kept.responseHead == "HTTP/1.1 500")
            #expect(kept.requestHead?.hasPrefix("POST http://127.0.0.1:1/… HTTP/1.1") == true)
            #expect(try await store.attempts(at: id.description, count: 1).map(\.number) == [2])
        }
    }

    /// Late, twice, several of one delivery at once: the end is the same.
    @Test func orderAndRepetitionDoNotMatter() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = DeliveryStore(pool: pool)
            let id = Samples.id(Samples.now)
            let rows = (0..<4).map { number in
                Samples.attempt(
                    id, fence: Samples.now + Int64(number), attempt: number + 1,
                    outcome: number == 3 ? .failed : .retry,
                    status: 500 + number)
            }
            try await store.record([rows[3], rows[1], rows[1]])
            let before = try await dump(pool)
            try await store.record([rows[1]])
            try await store.record([rows[3], rows[1]])
            #expect(try await dump(pool) == before)
            try await store.record([rows[0], rows[2]])
            let row = try #require(try await store.find(id.description))
            #expect(row.state == .failed && row.attempts == 4 && row.status == 503)
            #expect(try await store.attempts(at: id.description).map(\.status) == [500, 501, 502, 503])
        }
    }

    @Test func whatTextCannotHoldDoesNotStopARow() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = DeliveryStore(pool: pool)
            let id = Samples.id(Samples.now)
            var row = Samples.attempt(id, outcome: .failed, body: [0, 0xFF, 0xC3, 0, 10])
            row.delivery.eventID = "a\u{0}b"
            row.delivery.engagementID = String(repeating: "ü", count: 5_000)
            row.error = String(repeating: "x\u{0}", count: 5_000)
            row.exchange?.responseHead = "HTTP/1.1 200\nX: \u{0}\u{FFFD}"
            try await store.record([row])
            let kept = try #require(try await store.attempts(at: id.description).first)
            #expect(kept.responseBody == [0, 0xFF, 0xC3, 0, 10])
            #expect(kept.responseHead == "HTTP/1.1 200\nX: ?\u{FFFD}")
            #expect(kept.error?.utf8.count == DeliveryAttempt.maximumErrorBytes)
            let delivery = try #require(try await store.find(id.description)).delivery
            #expect(delivery.eventID == "a?b" && delivery.engagementID?.utf8.count == 1_024)
            #expect(try await store.page(DeliveryFilter(), count: 10).count == 1)
            var strange = DeliveryFilter()
            strange.fields[.callSID] = "\u{0}"
            #expect(try await store.page(strange, count: 10).isEmpty)
        }
    }

    /// A day that nobody prepared is made by the writer, also by several at once.
    @Test func missingDaysAreMadeByTheWriters() async throws {
        try await PostgresFixture.withDatabase(size: 8) { pool in
            let store = DeliveryStore(pool: pool)
            let ids = (0..<8).map { Samples.id(Samples.now + Int64($0 / 2) * Samples.day) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in ids { group.addTask { try await store.record([Samples.attempt(id)]) } }
                try await group.waitForAll()
            }
            // The earliest and the latest that an id can say.
            let edges = [Samples.id(0), Samples.id((1 << 45) - 1)]
            try await store.record(edges.map { Samples.attempt($0) })
            #expect(try await store.page(DeliveryFilter(), count: 20).count == 10)
            for id in ids + edges { #expect(try await store.attempts(at: id.description).count == 1) }
            let days = try await pool.query(
                PostgresStatement(
                    "days",
                    "SELECT tableoid::regclass::text AS name FROM jobs.deliveries WHERE id = $1"),
                [.text(ids[0].description)])
            #expect(try days[0].string("name") == "jobs.deliveries_20270115")
        }
    }

    @Test func daysAreMadeAheadAndOldOnesDropped() async throws {
        struct Clock: WallClock {
            func nowMilliseconds() -> Int64 { Samples.now }
        }
        try await PostgresFixture.withDatabase { pool in
            let store = DeliveryStore(pool: pool)
            // The migration made days by the real clock; those are not what is looked at here.
            for _ in 0..<3 {
                _ = try await LogPartitions(pool: pool).dropOldest(beforeMilliseconds: 4_000_000_000_000)
            }
            let handler = LogHandler(partitions: LogPartitions(pool: pool), clock: Clock())
            #expect(try await handler.run(keepDays: 30) == .done(note: "made 6 partitions, dropped 0 days"))
            #expect(try await handler.run(keepDays: 30) == .done(note: "made 0 partitions, dropped 0 days"))
            for age in [0, 29, 30, 31, 45] as [Int64] {
                try await store.record([Samples.attempt(Samples.id(Samples.now - age * Samples.day))])
            }
            #expect(
                try await handler.run(keepDays: 30)
                    == .done(note: "made 0 partitions, dropped 2 days up to 2026-12-15"))
            let rows = try await store.page(DeliveryFilter(), count: 10)
            #expect(rows.map { (Samples.now - $0.createdAtMilliseconds) / Samples.day } == [0, 29, 30])
            let left = try await pool.query(
                PostgresStatement("left", "SELECT count(*) AS n FROM jobs.attempts"))[0].integer("n")
            #expect(left == 3)
        }
    }

    /// Who reads or writes for long is not waited for, and nobody waits behind the one who waits.
    @Test func aDropGivesWayToWhoeverHoldsTheLog() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = DeliveryStore(pool: pool)
            try await store.record([Samples.attempt(Samples.id(1_000))])
            let partitions = LogPartitions(pool: pool)
            try await pool.transaction { transaction in
                _ = try await transaction.query(PostgresStatement("hold", "SELECT count(*) FROM jobs.attempts"))
                let failure = await #expect(throws: JobsError.self) {
                    try await partitions.dropOldest(beforeMilliseconds: Samples.now)
                }
                #expect(failure?.isRetriable == true, "\(String(describing: failure))")
            }
            #expect(try await partitions.dropOldest(beforeMilliseconds: Samples.now) == "1970-01-01")
        }
    }

    @Test(arguments: [0, 1, 999, 1_000, 1_800_000_000_000, 35_184_372_088_831, 35_184_372_088_832] as [Int64])
    func theSmallestIdOfAMomentIsThatOfItsIds(milliseconds: Int64) async throws {
        try await PostgresFixture.withDatabase { pool in
            let floor = PostgresStatement(
                "floor", "SELECT jobs.job_id_floor(to_timestamp(0) + make_interval(secs => $1)) AS floor")
            let text = try await pool.query(floor, [.double(Double(milliseconds) / 1_000)])[0].string("floor")
            guard milliseconds < 1 << 45 else {
                #expect(text == "~")
                return
            }
            let id = Samples.id(milliseconds).description
            #expect(id.hasPrefix(text), "\(id) \(text)")
        }
    }

    @Test func pagesNeitherRepeatNorPassOverWhileRowsComeIn() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = DeliveryStore(pool: pool)
            let old = (0..<25).map { Samples.id(Samples.now + Int64($0) * 10_000_000) }
            try await store.record(old.shuffled().map { Samples.attempt($0) })
            var seen: [String] = []
            var cursor: String?
            repeat {
                let page = try await store.page(DeliveryFilter(), below: cursor, count: 4)
                seen += page.map(\.delivery.id)
                cursor = page.count < 4 ? nil : page.last?.delivery.id
                let fresh = Samples.id(Samples.now + Samples.day * 10 + Int64(seen.count))
                try await store.record([Samples.attempt(fresh)])
                // And an old one changes.
                try await store.record([Samples.attempt(old[seen.count % 25], fence: Samples.now + 500)])
            } while cursor != nil
            #expect(seen == old.reversed().map(\.description))
        }
    }

    @Test func filtersMeanWhatTheySay() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = DeliveryStore(pool: pool)
            var rows: [DeliveryAttempt] = []
            for number in 0..<12 as Range<Int64> {
                var row = Samples.attempt(
                    Samples.id(Samples.now + number), outcome: number % 3 == 0 ? .failed : .delivered,
                    target: number % 2 == 0 ? "twenty" : "zoho", domainName: "d\(number % 4)")
                if number == 5 { row.delivery.endpointID = "ep" }
                if number == 6 { row.delivery.eventType = "person.updated" }
                rows.append(row)
            }
            try await store.record(rows)
            func numbers(_ change: (inout DeliveryFilter) -> Void) async throws -> [Int64] {
                var filter = DeliveryFilter()
                change(&filter)
                return try await store.page(filter, count: 100).map { $0.createdAtMilliseconds - Samples.now }
            }
            #expect(try await numbers { _ in } == (0..<12).reversed())
            #expect(try await numbers { $0.fields[.target] = "zoho" } == [11, 9, 7, 5, 3, 1])
            #expect(try await numbers { $0.fields[.state] = "failed" } == [9, 6, 3, 0])
            #expect(try await numbers { $0.fields[.endpoint] = "ep" } == [5])
            #expect(try await numbers { $0.fields[.eventType] = "person.updated" } == [6])
            #expect(try await numbers { $0.fields[.domainName] = "d1" } == [9, 5, 1])
            #expect(try await numbers { $0.fields[.engagementID] = rows[7].delivery.engagementID } == [7])
            #expect(try await numbers { $0.fields[.callSID] = rows[8].delivery.callSID } == [8])
            #expect(
                try await numbers {
                    $0.sinceMilliseconds = Samples.now + 3
                    $0.untilMilliseconds = Samples.now + 6
                } == [5, 4, 3])
            #expect(
                try await numbers {
                    $0.fields = [.target: "twenty", .state: "delivered", .domainName: "d2"]
                    $0.untilMilliseconds = Samples.now + 9
                } == [2])
            #expect(try await numbers { $0.untilMilliseconds = 0 } == [])
        }
    }

    /// An end that no attempt knew of, and one that is sent to work again afterwards.
    @Test func endsWithoutAnAttemptAreTakenOver() async throws {
        try await PostgresFixture.withDatabase { pool in
            let (store, history) = (DeliveryStore(pool: pool), FinishedStore(pool: pool))
            let ids = (0..<4).map { Samples.id(Samples.now + Int64($0)) }
            try await store.record(
                ids.map { Samples.attempt($0, outcome: $0 == ids[3] ? .delivered : .retry, status: 500) })
            let states: [FinishedJob.State] = [.cancelled, .dead, .done, .cancelled]
            try await history.record(
                zip(ids, states).map { id, state in
                    FinishedJob(
                        id: id.description, kind: "k", queue: "q", state: state, attempts: 1,
                        finishedAtMilliseconds: Samples.now + 10, error: state == .dead ? "it crashed" : nil)
                })
            try await store.conclude(ids.map(\.description) + ["unknown"])
            try await store.conclude([])
            var rows = try await store.page(DeliveryFilter(), count: 9)
            #expect(rows.map(\.state) == [.delivered, .delivered, .failed, .cancelled])
            #expect(rows.map(\.error) == [nil, nil, "it crashed", "HTTP 500"])
            let later = Samples.attempt(ids[1], fence: Samples.now + 9_000, attempt: 1, outcome: .retry, status: 502)
            try await store.record([later])
            try await store.conclude(ids.map(\.description))
            rows = try await store.page(DeliveryFilter(), count: 9)
            #expect(rows.map(\.state) == [.delivered, .delivered, .retrying, .cancelled])
        }
    }
}
