import Basics
import Postgres
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct HubStoreTests {
    private func event(_ ids: String, domain: String = "acme") throws -> Event {
        try Sample.event(#"{"type":"call.completed","domain_name":"\#(domain)",\#(ids)}"#)
    }

    private func found(_ answer: HubAnswer) throws -> EngagementRecord {
        guard case .found(let record) = answer else { throw PostgresFixture.Failure(description: "\(answer)") }
        return record
    }

    private func json(_ bytes: [UInt8]?) throws -> JSONValue { try JSONParser.parse(try #require(bytes)) }

    private static let rows = """
        INSERT INTO hub.engagements (engagement_id, domain_name, workspace_id, person_id, call_sid, status, outcome, result_json,
            started_at, completed_at, history, transcript, channel, type, contact_identifier, direction)
        VALUES ('g1', 'acme', 'w', 'p', 'CA1', 'completed', 'Won', '{"summary": "Short"}', '2026-01-01T01:00:00.1239+01:00', NULL,
            '[{"n": 1.50}]', '[{"text": "hi"}]', 'phone', 'informational', '+1', 'outbound');
        INSERT INTO hub.engagements (engagement_id, domain_name, call_sid, status) VALUES ('g2', 'acme', 'CA2', 'paused');
        INSERT INTO hub.call_logs (call_sid, domain_name, status, result_json, history) VALUES
            ('CA2', 'acme', 'other', NULL, NULL), ('CA3', 'acme', 'in_progress', '{"summary": {"no": "text"}}', '[{"old": true}]'),
            ('CA4', 'acme', 'done', NULL, '[{"old": true}]');
        INSERT INTO hub.call_logs (call_sid, domain_name, engagement_id, status) VALUES ('CA5', 'acme', 'g5', 'x');
        INSERT INTO hub.call_history (call_sid, event, details, created_at) VALUES
            ('CA2', 'paused', NULL, '2026-01-01T00:00:02Z'), ('CA3', 'resumed', '{"by": "ann"}', '2026-01-01T00:00:03Z'),
            ('CA3', 'paused', NULL, '2026-01-01T01:00:02.5+01:00');
        INSERT INTO hub.call_transcription (call_sid, speaker, text, created_at) VALUES
            ('CA3', 'agent', 'Hello', '2026-01-01T00:00:01Z'), ('CA3', 'person', 'Hi "you"', '2026-01-01T00:00:01Z');
        """

    @Test func readsAnEngagement() async throws {
        try await PostgresFixture.withDatabase(hasHub: true) { pool in
            try await pool.execute(Self.rows)
            let hub = HubStore(pool: pool)
            for ids in [#""engagement_id":"g1""#, #""call_sid":"CA1""#, #""engagement_id":"g1","call_sid":"CA3""#] {
                let record = try found(try await hub.record(for: event(ids)))
                #expect(
                    record.engagementID == "g1" && record.personID == "p" && record.workspaceID == "w"
                        && record.callSID == "CA1")
                #expect(record.status == "completed" && record.outcome == "Won" && record.summary == "Short")
                #expect(record.startedAt == "2026-01-01T00:00:00.123Z" && record.completedAt == nil)
                #expect(try json(record.historyJSON) == .array([.object(["n": .number("1.50")])]))
                #expect(try json(record.transcriptJSON) == .array([.object(["text": .string("hi")])]))
                #expect(record.channel == "phone" && record.type == "informational" && record.contactIdentifier == "+1")
                #expect(record.direction == "outbound" && record.domainName == "acme")
            }
            // No history of its own: the call's.
            let record = try found(try await hub.record(for: event(#""call_sid":"CA2""#)))
            #expect(
                record.engagementID == "g2" && record.status == "paused" && record.transcriptJSON == Array("[]".utf8))
            #expect(try json(record.historyJSON).array?.count == 1)
        }
    }

    @Test func readsACall() async throws {
        try await PostgresFixture.withDatabase(hasHub: true) { pool in
            try await pool.execute(Self.rows)
            let hub = HubStore(pool: pool)
            for ids in [#""call_sid":"CA3""#, #""engagement_id":"CA3""#] {
                let record = try found(try await hub.record(for: event(ids)))
                #expect(
                    record.callSID == "CA3" && record.status == "in_progress" && record.summary == nil
                        && record.engagementID == nil)
                let history = try #require(try json(record.historyJSON).array)
                #expect(history.map { $0.object?["event"]?.string } == ["paused", "resumed"])
                #expect(history.first?.object?["created_at"]?.string == "2026-01-01T00:00:02.500Z")
                #expect(history.last?.object?["details"]?.object?["by"]?.string == "ann")
                let transcript = try #require(try json(record.transcriptJSON).array)
                #expect(transcript.map { $0.object?["text"]?.string } == ["Hello", "Hi \"you\""])
                #expect(transcript.first?.object?.members.map(\.key).sorted() == ["created_at", "speaker", "text"])
            }
            let logged = try found(try await hub.record(for: event(#""call_sid":"CA4""#)))
            #expect(try json(logged.historyJSON) == .array([.object(["old": .bool(true)])]))
            #expect(logged.transcriptJSON == Array("[]".utf8))
            #expect(try found(try await hub.record(for: event(#""engagement_id":"g5""#))).callSID == "CA5")
        }
    }

    @Test func knowsNothingOfOthers() async throws {
        try await PostgresFixture.withDatabase(hasHub: true) { pool in
            try await pool.execute(Self.rows)
            let hub = HubStore(pool: pool)
            for event in [
                try event(#""call_sid":"none""#), try event(#""engagement_id":"g1""#, domain: "rival"),
                try event(#""call_sid":"CA3""#, domain: "rival"),
            ] {
                guard case .nothingYet(let reason) = try await hub.record(for: event) else {
                    Issue.record("another account's data was read")
                    return
                }
                #expect(reason.contains(event.domainName))
            }
        }
    }

    @Test func readsSettings() async throws {
        try await PostgresFixture.withDatabase(hasHub: true) { pool in
            try await pool.execute(
                """
                INSERT INTO hub.account_settings VALUES
                    ('a', '{"twenty_webhook_url": "http://a.example", "twenty_webhook_secret": "s", "other": 99999999999999999999}'),
                    ('b', '[1]'), ('c', '{"zoho_webhook_url": 99999999999999999999, "zoho_webhook_secret": null}');
                """)
            let hub = HubStore(pool: pool)
            let all = try await hub.settings(domainNames: ["a", "b", "c", "d"])
            #expect(all.keys.sorted() == ["a", "b", "c"])
            #expect(all["a"]?.members.count == 2 && all["b"]?.members.isEmpty == true)
            #expect(all["c"]?["zoho_webhook_url"] == .bool(false) && all["c"]?["zoho_webhook_secret"] == .null)
            #expect(try await hub.settings(domainName: "d") == nil)
            #expect(TargetSettings().targets(account: try await hub.settings(domainName: "a")) == [.twenty])
        }
    }

    @Test func sampleCanBeChangedThroughTheViewsAndRunAgain() async throws {
        try await PostgresFixture.withDatabase(hasHub: true) { pool in
            try await pool.execute(Self.rows)
            try await pool.execute(try PostgresFixture.hubSQL())
            try await pool.execute(
                """
                UPDATE hub.engagements SET status = 'moved' WHERE engagement_id = 'g1';
                UPDATE hub.call_logs SET status = 'moved'; UPDATE hub.call_history SET event = 'moved';
                UPDATE hub.call_transcription SET text = 'moved';
                INSERT INTO hub.account_settings (domain_name) VALUES ('x') ON CONFLICT (domain_name) DO UPDATE SET settings = '{}';
                UPDATE hub.account_settings SET settings = '{"a": 1}';
                """)
            let record = try found(try await HubStore(pool: pool).record(for: event(#""call_sid":"CA3""#)))
            #expect(record.status == "moved")
            #expect(try json(record.historyJSON).array?.allSatisfy { $0.object?["event"]?.string == "moved" } == true)
        }
    }

    @Test func tellsAMissingHubFromAnEmptyOne() async throws {
        try await PostgresFixture.withDatabase { pool in
            let event = try event(#""call_sid":"c""#)
            let error = await #expect(throws: JobsError.self) { try await HubStore(pool: pool).record(for: event) }
            #expect(error?.code == .storage && error?.isRetriable == false)
        }
    }

    @Test(arguments: [
        "ALTER VIEW hub.engagements RENAME TO away", "ALTER VIEW hub.engagements RENAME COLUMN person_id TO away",
        "ALTER VIEW hub.call_transcription RENAME TO away",
    ])
    func tellsABrokenViewFromAMissingHub(_ fault: String) async throws {
        try await PostgresFixture.withDatabase(hasHub: true) { pool in
            let (hub, event) = (HubStore(pool: pool), try event(#""call_sid":"c""#))
            guard case .nothingYet = try await hub.record(for: event) else { return #expect(Bool(false)) }
            try await pool.execute(fault)
            let error = await #expect(throws: JobsError.self) { try await hub.record(for: event) }
            #expect(error?.code == .hubUnreadable && error?.isRetriable == true)
        }
    }
}
