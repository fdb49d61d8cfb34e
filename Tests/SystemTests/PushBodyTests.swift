import Basics
import Postgres
import TestKit
import Testing

extension SystemTests.Shared {
    @Suite struct PushBodyTests {
        private let product: Product

        init() throws { product = try currentProduct() }

        /// The contract's fields in the contract's order.
        private static let fields = [
            "engagement_id", "person_id", "status", "outcome", "summary", "started_at", "completed_at", "history",
            "transcript", "channel", "type", "contact_identifier", "direction", "call_sid", "domain_name",
            "workspace_id", "sent_at", "delivery_type", "event_type",
        ]

        /// The body that this event is pushed with.
        private func push(_ target: FakeTarget, _ event: String) async throws -> JSONObject {
            let id = try await product.client.acceptOne(event)
            try await product.client.job(id, toBe: "done")
            let requests = target.requests
            let body = try #require(requests.last?.body)
            return try #require(try JSONParser.parse(body).object)
        }

        private func expect(_ body: JSONObject, _ expected: [String: JSONValue], keys: [String] = fields) throws {
            #expect(body.members.map(\.key) == keys)
            for (key, value) in expected { #expect(body[key] == value, "\(key)") }
            let sentAt = try #require(body["sent_at"]?.string)
            #expect(Timestamp(iso8601: sentAt)?.iso8601 == sentAt)
        }

        @Test func eventWithAStatusIsPushedWithItsOwnFields() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let body = try await push(
                target,
                """
                {"type":"call.started","domain_name":"\(account)","call_sid":"CA1","workspace_id":"w-1",
                "person_id":"p-1","data":{"status":"in_progress","outcome":null,"summary":"Zoë \\u0026 \\"Łu\\" 😅",
                "started_at":"2026-01-31T12:00:00.000Z","history":[{"a":1.50},{"b":[]}],"transcript":[{"text":"é"}],
                "channel":"voice","type":"inbound_call","contact_identifier":"+1416","direction":"inbound"}}
                """)
            try expect(
                body,
                [
                    "engagement_id": .string("CA1"), "call_sid": .string("CA1"), "person_id": .string("p-1"),
                    "status": .string("in_progress"), "outcome": .null, "summary": .string("Zoë & \"Łu\" 😅"),
                    "started_at": .string("2026-01-31T12:00:00.000Z"), "completed_at": .null,
                    "history": .array([.object(["a": .number("1.50")]), .object(["b": .array([])])]),
                    "transcript": .array([.object(["text": .string("é")])]), "channel": .string("voice"),
                    "type": .string("inbound_call"), "contact_identifier": .string("+1416"),
                    "direction": .string("inbound"), "domain_name": .string(account), "workspace_id": .string("w-1"),
                    "delivery_type": .string("bootstrap"), "event_type": .string("engagement.created"),
                ])
        }

        @Test(arguments: [
            ("engagement.created", "bootstrap"), ("engagement.updated", "status"), ("call.paused", "status"),
            ("call.resumed", "status"), ("call.cancelled", "status"), ("call.completed", "status"),
            ("call_log.updated", "call_log"),
        ])
        func deliveryTypeFollowsTheEvent(type: String, delivery: String) async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let body = try await push(
                target,
                #"{"type":"\#(type)","domain_name":"\#(account)","engagement_id":"e","data":{"status":"x"}}"#)
            try expect(
                body,
                ["event_type": .string(type), "delivery_type": .string(delivery), "summary": .string("Status: x.")],
                keys: Self.fields.filter { $0 != "workspace_id" })
        }

        /// The call result's summary; else the outcome; else, with neither history nor transcript, the status.
        @Test(arguments: [
            (#""outcome":"booked","summary":"own","history":[1]"#, "own"),
            (#""outcome":"booked","result_json":{"summary":"of the result"}"#, "of the result"),
            (#""outcome":"booked","history":[1]"#, "Outcome: booked"),
            (#""outcome":"booked","summary":"""#, "Outcome: booked"),
            (#""outcome":"","history":[],"transcript":[]"#, "Status: done."),
            (#""history":[{}]"#, nil),
            (#""transcript":["a"]"#, nil),
        ])
        func summaryFollowsTheRule(data: String, summary: String?) async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let body = try await push(
                target,
                """
                {"type":"call.completed","domain_name":"\(account)","engagement_id":"e",
                "data":{"status":"done",\(data)}}
                """)
            #expect(body["summary"] == summary.map(JSONValue.string) ?? .null)
        }

        @Test func longListsAreNeverShortened() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let entries = (0..<4_000).map { #"{"at":\#($0),"text":"entry number \#($0) of a long call"}"# }
            let body = try await push(
                target,
                """
                {"type":"call.completed","domain_name":"\(account)","engagement_id":"e",
                "data":{"status":"done","history":[\(entries.joined(separator: ","))],"transcript":[]}}
                """)
            let text = try #require(target.requests.last?.text)
            #expect(text.contains(#""history":[\#(entries.joined(separator: ","))],"transcript":[]"#))
            #expect(body["history"]?.array?.count == 4_000)
        }

        @Test func hubRowOfTheEngagementIsPushed() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let engagement = Samples.name("eng")
            _ = try await product.database.query(
                PostgresStatement(
                    "hub_row",
                    """
                    INSERT INTO hub.engagements VALUES ($1, $2, 'w-7', 'p-7', 'CA7', 'completed', 'booked',
                        '{"summary": "as the Hub says"}', '2026-01-31 12:00:00.5+00', '2026-01-31 14:00:00+02',
                        '[{"event": "ringing"}]', '[{"text": "hello"}]', 'phone', 'conversational', '+1416', 'outbound')
                    """), [.text(engagement), .text(account)])
            let body = try await push(target, Samples.updated(engagement, of: account))
            try expect(
                body,
                [
                    "engagement_id": .string(engagement), "person_id": .string("p-7"), "status": .string("completed"),
                    "outcome": .string("booked"), "summary": .string("as the Hub says"),
                    "started_at": .string("2026-01-31T12:00:00.500Z"),
                    "completed_at": .string("2026-01-31T12:00:00.000Z"),
                    "history": .array([.object(["event": .string("ringing")])]),
                    "transcript": .array([.object(["text": .string("hello")])]), "channel": .string("phone"),
                    "type": .string("conversational"), "contact_identifier": .string("+1416"),
                    "direction": .string("outbound"), "call_sid": .string("CA7"), "domain_name": .string(account),
                    "workspace_id": .string("w-7"), "delivery_type": .string("status"),
                    "event_type": .string("engagement.updated"),
                ])
        }

        @Test func callWithoutAnEngagementIsPushedFromItsLogHistoryAndTranscript() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let call = Samples.name("CA")
            for (number, sql) in [
                """
                INSERT INTO hub.call_logs (call_sid, domain_name, status, outcome, result_json, started_at, channel)
                VALUES ($1, $2, 'completed', NULL, '{"summary": 5}', '2026-02-01 00:00:00+00', 'phone')
                """,
                """
                INSERT INTO hub.call_history (call_sid, event, details, created_at)
                SELECT $1, 'step ' || n, '{"n": 1}', timestamptz '2026-02-01 00:00:00+00' + n * interval '1 second'
                FROM generate_series(2, 1, -1) AS n WHERE $2 <> ''
                """,
                """
                INSERT INTO hub.call_transcription (call_sid, speaker, text, created_at)
                SELECT $1, 'agent', 'line ' || n, '2026-02-01 00:00:09.25+00' FROM generate_series(1, 2) AS n
                WHERE $2 <> ''
                """,
            ].enumerated() {
                _ = try await product.database.query(
                    PostgresStatement("call_\(number)", sql), [.text(call), .text(account)])
            }
            let body = try await push(
                target, #"{"type":"call.completed","domain_name":"\#(account)","call_sid":"\#(call)"}"#)
            let step = { (number: Int) -> JSONValue in
                .object([
                    "event": .string("step \(number)"), "details": .object(["n": .number("1")]),
                    "created_at": .string("2026-02-01T00:00:0\(number).000Z"),
                ])
            }
            #expect(body.members.map(\.key) == Self.fields.filter { $0 != "workspace_id" })
            #expect(body["engagement_id"]?.string == call)
            #expect(body["call_sid"]?.string == call)
            #expect(body["summary"] == .null)
            #expect(body["started_at"]?.string == "2026-02-01T00:00:00.000Z")
            let history = try #require(body["history"]?.array)
            #expect(history.map(Self.sorted) == [step(1), step(2)].map(Self.sorted))
            let transcript = try #require(body["transcript"]?.array)
            #expect(transcript.map { $0.object?["text"]?.string } == ["line 1", "line 2"])
            #expect(transcript.map { $0.object?["speaker"]?.string } == ["agent", "agent"])
            #expect(transcript.allSatisfy { $0.object?["created_at"]?.string == "2026-02-01T00:00:09.250Z" })
        }

        private static func sorted(_ value: JSONValue) -> [UInt8] { value.canonical() }

        @Test func anotherAccountsEngagementIsNeverPushed() async throws {
            let target = try FakeTarget()
            let owner = try await product.makeAccount(target)
            let other = try await product.makeAccount(target)
            let engagement = Samples.name("eng")
            _ = try await product.database.query(
                PostgresStatement(
                    "foreign_row",
                    "INSERT INTO hub.engagements (engagement_id, domain_name, status) VALUES ($1, $2, 'completed')"),
                [.text(engagement), .text(owner)])
            let id = try await product.client.acceptOne(Samples.updated(engagement, of: other))
            let job = try await product.client.job(id, toBe: "dead")
            #expect(job["attempts"]?.integer == 3)
            #expect(job["reason"]?.string?.contains(engagement) == true)
            #expect(target.requests.isEmpty)
        }

        @Test func pushIsLoggedInOneCompactLine() async throws {
            let target = try FakeTarget()
            let account = try await product.makeAccount(target)
            let engagement = Samples.name("eng")
            _ = try await push(
                target,
                """
                {"type":"call.completed","domain_name":"\(account)","engagement_id":"\(engagement)",
                "data":{"status":"done","outcome":"booked","history":[1,2],"transcript":[3]}}
                """)
            let lines = product.workers[0].log.compactMap { $0 }.filter { $0["engagement_id"]?.string == engagement }
            let line = try #require(lines.first { $0["targets"] != nil })
            #expect(line["status"]?.string == "done")
            #expect(line["outcome"]?.string == "booked")
            #expect(line["summary"]?.string == "Outcome: booked")
            #expect(line["sent_at"]?.string != nil)
            #expect(line["history_count"]?.string == "2")
            #expect(line["transcript_count"]?.string == "1")
            #expect(line["targets"]?.string == "twenty")
        }

        @Test func lastFailureIsAWarningAndEachAttemptIsLogged() async throws {
            let target = try FakeTarget(then: .status(500))
            let account = try await product.makeAccount(target)
            let engagement = Samples.name("eng")
            let id = try await product.client.acceptOne(Samples.completed(engagement, of: account))
            try await product.client.job(id, toBe: "dead")
            let lines = product.workers[0].log.compactMap { $0 }.filter { $0["job"]?.string == id }
            #expect(lines.map { $0["attempt"]?.string } == ["1/3", "2/3", "3/3"])
            #expect(lines.map { $0["level"]?.string } == ["info", "info", "warning"])
            #expect(lines.allSatisfy { $0["engagement_id"]?.string == engagement && $0["target"]?.string == "twenty" })
        }
    }
}
