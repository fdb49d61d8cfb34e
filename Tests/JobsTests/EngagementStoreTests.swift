import Basics
import Postgres
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct EngagementStoreTests {
    private func push(
        _ members: String, at time: String = "2026-01-01T00:00:00Z", id: String = "g"
    ) throws
        -> ReceivedPush
    {
        try ReceivedPush.decode(Array("{\"engagement_id\":\"\(id)\",\"sent_at\":\"\(time)\"\(members)}".utf8))
    }

    private func row(_ pool: PostgresPool, id: String = "g") async throws -> JSONObject? {
        let statement = PostgresStatement(
            "t_row", "SELECT to_jsonb(e) AS row FROM crm.aventora_engagement e WHERE engagement_id = $1")
        guard let row = try await pool.query(statement, [.text(id)]).first else { return nil }
        return try JSONParser.parse(try row.json("row")).object
    }

    @Test func createsUpdatesAndKeepsTheNewer() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EngagementStore(pool: pool)
            let known = #","person_id":"p","domain_name":"acme""#
            #expect(
                try await store.upsert(
                    push(
                        known
                            + #","status":"ringing","summary":"s","history":[{"n":1.50}],"started_at":"2026-01-01T01:00:00+01:00""#
                    )) == .created)
            #expect(try await store.upsert(push(#","status":"other""#)) == .older)
            #expect(try await store.upsert(push(#","status":"other""#, at: "2025-12-31T23:59:59.999Z")) == .older)
            // One microsecond newer.
            #expect(
                try await store.upsert(
                    push(#","status":"done","summary":null,"person_id":null"#, at: "2026-01-01T00:00:00.000001Z"))
                    == .updated)
            let row = try #require(try await row(pool))
            #expect(row["status"] == .string("done") && row["summary"] == .null && row["person_id"] == .string("p"))
            #expect(row["domain_name"] == .string("acme") && row["transcript"] == .null)
            #expect(row["history"] == .array([.object(["n": .number("1.50")])]))
            #expect(row["started_at"] == .string("2026-01-01T00:00:00+00:00"))
            #expect(row["sent_at"] == .string("2026-01-01T00:00:00.000001+00:00"))
            #expect(
                try await store.upsert(push(#","history":null,"transcript":[]"#, at: "2026-01-02T00:00:00Z"))
                    == .updated)
            let cleared = try #require(try await self.row(pool))
            #expect(
                cleared["history"] == .null && cleared["transcript"] == .array([])
                    && cleared["status"] == .string("done"))
        }
    }

    @Test func ignoresWhatCannotBePlaced() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EngagementStore(pool: pool)
            for (members, word) in [(#","workspace_id":"w""#, "person_id"), (#","person_id":"p""#, "workspace_id")] {
                let push = try push(members, id: "u" + word)
                for _ in 0..<2 {
                    guard case .ignored(let reason) = try await store.upsert(push) else {
                        Issue.record("not ignored")
                        return
                    }
                    #expect(reason.contains(word))
                }
                #expect(try await row(pool, id: "u" + word) == nil)
            }
            let rows = try await pool.query(PostgresStatement("t", "SELECT reason, times FROM crm.ignored_push"))
            #expect(rows.count == 2)
            #expect(try rows.allSatisfy { try $0.integer("times") == 2 })
            #expect(try await store.upsert(push(#","person_id":"p","workspace_id":"w""#, id: "uperson_id")) == .created)
        }
    }

    @Test func survivesAwkwardText() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EngagementStore(pool: pool)
            let text = #"'; DROP TABLE x; -- \\ \" \u2028 😀 $1 ?"#
            let push = try push(",\"person_id\":\"\(text)\",\"workspace_id\":\"w\",\"summary\":\"\(text)\"")
            let result = try await store.upsert(push)
            #expect(result == .created)
            let row = try await row(pool)
            #expect(row?["summary"]?.string == "'; DROP TABLE x; -- \\ \" \u{2028} 😀 $1 ?")
        }
    }

    /// Parallel pushes of one engagement, in random order and from nothing: the newest wins, exactly one creates.
    @Test(arguments: 1...5)
    func isRightUnderParallelPushes(_ seed: UInt64) async throws {
        try await PostgresFixture.withDatabase(size: 10) { pool in
            let store = EngagementStore(pool: pool)
            var random = SeededRandom(seed: seed)
            let order = (10..<30).shuffled(using: &random)
            let results = try await withThrowingTaskGroup(of: UpsertResult.self) { group in
                for minute in order {
                    let members = #","person_id":"p\#(minute)","domain_name":"d","status":"s\#(minute)""#
                    let push = try push(members, at: "2026-01-01T00:\(minute):00Z")
                    group.addTask { try await store.upsert(push) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.filter { $0 == .created }.count == 1)
            #expect(results.allSatisfy { $0 == .created || $0 == .updated || $0 == .older })
            let row = try #require(try await row(pool))
            #expect(row["status"] == .string("s29") && row["person_id"] == .string("p29"))
        }
    }
}
