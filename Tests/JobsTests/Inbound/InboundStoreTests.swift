import Basics
import Logging
import Postgres
import Queue
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct InboundStoreTests {
    private static let age = PostgresStatement(
        "t_age", "UPDATE jobs.inbound_bodies SET first_seen_at = first_seen_at - interval '13 hours'")
    private static let account = PostgresStatement(
        "t_account", "INSERT INTO hub.account_settings (domain_name, settings) VALUES ($1, $2)")

    private func change(
        _ action: String, record: String = #"{"id":"r","updatedAt":"2026-01-31T12:00:00Z"}"#, more: String = ""
    ) throws -> InboundChange {
        let body = #"{"eventName":"person.\#(action)","workspaceId":"w"\#(more),"record":\#(record)}"#
        guard case .change(let change) = try InboundReading.read(Array(body.utf8), nowMilliseconds: 0) else {
            throw PostgresFixture.Failure(description: body)
        }
        return change
    }

    private func found(_ updatedAt: String) throws -> InboundChange {
        var arguments = try #require(
            try JSONParser.parse(
                change("updated", record: #"{"id":"r","updatedAt":"\#(updatedAt)"}"#).arguments()
            ).object)
        arguments.members.removeAll { $0.key == "source" }
        arguments.members.append(.init(key: "source", value: .string("reconciliation")))
        return try InboundChange.decode(JSONValue.object(arguments).encoded())
    }

    @Test func aJobThatRunsAgainIsToldTheSame() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = InboundStore(pool: pool)
            let (first, second, third) = (
                JobID(nowMilliseconds: 1), JobID(nowMilliseconds: 2), JobID(nowMilliseconds: 3)
            )
            let change = try change("created")
            for _ in 0..<3 { #expect(try await store.tell(change, job: first) == .created) }
            let late = try found("2026-01-31T12:00:00Z")
            for _ in 0..<2 { #expect(try await store.tell(late, job: second) == nil) }
            let newer = try found("2026-01-31T12:00:00.000001Z")
            for _ in 0..<2 { #expect(try await store.tell(newer, job: third) == .updated) }
            let told = try await store.told(workspaceID: "w", object: "person", recordIDs: ["r", "x"])
            #expect(told.count == 1 && told["r"]?.reconciledAt == newer.updatedAt)
            #expect(told["r"]?.createdBy == .webhook)
            // Of what has no id nothing is remembered.
            let nameless = try self.change("created", record: #"{"a":1}"#)
            for _ in 0..<2 { #expect(try await store.tell(nameless, job: JobID(nowMilliseconds: 4)) == .created) }
        }
    }

    @Test func ofManyWhoFindTheSameOneTells() async throws {
        try await PostgresFixture.withDatabase(size: 8) { pool in
            let store = InboundStore(pool: pool)
            let change = try found("2026-01-31T12:00:00Z")
            let told = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        try await store.tell(change, job: JobID(nowMilliseconds: Int64(number + 1))) != nil
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(told == 1)
        }
    }

    @Test func aBodyIsOldWhenNoReceiptKnowsIt() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = InboundStore(pool: pool)
            #expect(try await !store.isOldBody("a"))
            #expect(try await !store.isOldBody("a"))
            _ = try await pool.query(Self.age)
            #expect(try await store.isOldBody("a"))
            #expect(try await !store.isOldBody("b"))
        }
    }

    @Test func countsAddUpAndOldRowsGo() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = InboundStore(pool: pool)
            let now = SystemWallClock().nowMilliseconds()
            try await store.add(["accepted": 2, "move": 1], nowMilliseconds: now)
            try await store.add(["accepted": 3], nowMilliseconds: now)
            try await store.add(["accepted": 7], nowMilliseconds: now - 40 * 86_400_000)
            let today = String(Timestamp(milliseconds: now).iso8601.prefix(10))
            #expect(
                try await store.counts(days: 30) == [
                    InboundCount(day: today, result: "accepted", count: 5),
                    InboundCount(day: today, result: "move", count: 1),
                ])
            _ = try await store.tell(try change("created"), job: JobID(nowMilliseconds: 1))
            _ = try await store.isOldBody("a")
            #expect(try await store.remove(beforeMilliseconds: now - 86_400_000, count: 100) == 1)
            #expect(try await store.remove(beforeMilliseconds: now + 2 * 86_400_000, count: 1) == 2)
            #expect(try await store.removeBodies(beforeMilliseconds: now - 60_000, count: 100) == 0)
            #expect(try await store.removeBodies(beforeMilliseconds: now + 60_000, count: 100) == 1)
            #expect(try await store.remove(beforeMilliseconds: now + 2 * 86_400_000, count: 100) == 1)
        }
    }

    @Test func aWorkspaceIsTheFirstAccountsThatNamesIt() async throws {
        try await PostgresFixture.withDatabase(hasHub: true) { pool in
            for name in ["b.example", "a.example"] {
                _ = try await pool.query(Self.account, [.text(name), .json(Array(#"{"crm_workspace_id":"w"}"#.utf8))])
            }
            _ = try await pool.query(Self.account, [.text("c"), .json(Array(#"{"crm_workspace_id":7}"#.utf8))])
            let store = WorkspaceStore(pool: pool, clock: SystemMonotonicClock())
            #expect(try await store.domainName(ofWorkspace: "w") == "a.example")
            #expect(try await store.domainName(ofWorkspace: "x") == nil)
            // A Hub whose view is missing is no answer.
            try await pool.execute("ALTER VIEW hub.account_settings RENAME TO settings_away")
            for _ in 0..<2 {
                let error = await #expect(throws: JobsError.self) { try await store.domainName(ofWorkspace: "y") }
                #expect(error?.code == .hubUnreadable && error?.isRetriable == true)
            }
            try await pool.execute("ALTER VIEW hub.settings_away RENAME TO account_settings")
            #expect(try await store.domainName(ofWorkspace: "y") == nil)
        }
        // Without the Hub's views nobody has an account.
        try await PostgresFixture.withDatabase { pool in
            let store = WorkspaceStore(pool: pool, clock: SystemMonotonicClock())
            let name = try await store.domainName(ofWorkspace: "w")
            #expect(name == nil)
        }
    }

    @Test func ourOwnWritesAreNotTold() async throws {
        try await PostgresFixture.withDatabase { pool in
            let directory = EndpointDirectory(
                store: EndpointStore(pool: pool), listener: nil, logger: Logger(label: "t"))
            let handler = InboundHandler(
                store: InboundStore(pool: pool), workspaces: WorkspaceStore(pool: pool, clock: SystemMonotonicClock()),
                endpoints: directory, ownName: "Aventora Jobs", clock: SystemWallClock(), logger: Logger(label: "t"))
            var number: Int64 = 0
            func note(_ action: String, _ writer: String) async throws -> String {
                number += 1
                let record = #"{"id":"r\#(number)","updatedAt":"2026-01-31T12:00:00Z",\#(writer)}"#
                let outcome = try await handler.run(
                    try change(action, record: record), job: JobID(nowMilliseconds: number))
                guard case .done(let note, _) = outcome else { return "\(outcome)" }
                return note
            }
            let own = #""updatedBy":{"source":"API","name":"Aventora Jobs"}"#
            let echo = "not told: it is our own change"
            let first = try await note("updated", own)
            #expect(first == echo)
            #expect(try await note("created", own) == echo)
            #expect(try await note("created", #""createdBy":{"source":"API","name":"Aventora Jobs"}"#) == echo)
            // Whoever deleted it is not who wrote it last.
            #expect(try await note("deleted", own) == "person.deleted: 0 deliveries")
            #expect(try await note("restored", own) == "person.restored: 0 deliveries")
            for other in [
                #""updatedBy":{"source":"API","name":"Another"}"#,
                #""updatedBy":{"source":"MANUAL","name":"Aventora Jobs"}"#,
                #""createdBy":{"source":"API","name":"Aventora Jobs"}"#, #""updatedBy":"Aventora Jobs""#,
            ] {
                #expect(try await note("updated", other) == "person.updated: 0 deliveries", "\(other)")
            }
        }
    }
}
