import Basics
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct EngagementPushTests {
    private let fields = [
        "engagement_id", "person_id", "status", "outcome", "summary", "started_at", "completed_at", "history",
        "transcript", "channel",
        "type", "contact_identifier", "direction", "call_sid", "domain_name", "workspace_id", "sent_at",
        "delivery_type", "event_type",
    ]

    private func event(_ more: String = "") throws -> Event {
        try Sample.event(#"{"type":"call.completed","domain_name":"acme","call_sid":"CA1"\#(more)}"#)
    }

    @Test func writesExactlyTheFields() throws {
        var record = EngagementRecord()
        record.historyJSON = Array(#"[ {"n":1.50,"t":"a\/b"} ]"#.utf8)
        record.workspaceID = "w"
        record.startedAt = "2026-01-01T00:00:00.000Z"
        let body = EngagementPush.body(
            event: try event(), record: record, deliveryType: .status, sentAtMilliseconds: 1_736_942_400_123)
        let object = try #require(try JSONParser.parse(body).object)
        #expect(object.members.map(\.key) == fields)
        #expect(Sample.text(body).contains(#""history":[ {"n":1.50,"t":"a\/b"} ],"transcript":null"#))
        #expect(object["engagement_id"] == .string("CA1") && object["person_id"] == .null && object["status"] == .null)
        #expect(
            object["sent_at"] == .string("2025-01-15T12:00:00.123Z") && object["delivery_type"] == .string("status"))
        #expect(object["event_type"] == .string("call.completed") && object["domain_name"] == .string("acme"))
        record.workspaceID = nil
        let without = EngagementPush.body(
            event: try event(), record: record, deliveryType: .callLog, sentAtMilliseconds: 0)
        #expect(try JSONParser.parse(without).object?.members.map(\.key) == fields.filter { $0 != "workspace_id" })
    }

    @Test func takesTheEventsOwnFields() throws {
        let event = try event(
            #","person_id":"p1","data":{"status":"completed","outcome":"Won","person_id":"p2","workspace_id":"w2","engagement_id":"g2","result_json":{"summary":"Short"},"started_at":"2026-01-01T00:00:00Z","completed_at":"2026-01-01 02:00:00+01:00","history":[{"at":1.0}],"transcript":[],"channel":"phone","type":"informational","contact_identifier":"+1","direction":"outbound","call_sid":"other","secret_extra":1}"#
        )
        let record = try #require(EngagementRecord(data: event.data))
        let push = EngagementPush(event: event, record: record, deliveryType: .status, sentAtMilliseconds: 0)
        let text = Sample.text(push.body())
        let expected =
            #"{"engagement_id":"g2","person_id":"p1","status":"completed","outcome":"Won","summary":"Short","started_at":"2026-01-01T00:00:00Z","completed_at":"2026-01-01T01:00:00.000Z","history":[{"at":1.0}],"transcript":[],"channel":"phone","type":"informational","contact_identifier":"+1","direction":"outbound","call_sid":"CA1","domain_name":"acme","workspace_id":"w2","sent_at":"1970-01-01T00:00:00.000Z","delivery_type":"status","event_type":"call.completed"}"#
        #expect(text == expected)
        #expect(push.historyCount == 1 && push.transcriptCount == 0)
        #expect(EngagementRecord(data: ["outcome": .string("x")]) == nil && EngagementRecord(data: nil) == nil)
        #expect(EngagementRecord(data: ["status": .null]) == nil)
    }

    @Test(
        arguments: [
            ("Own", "Won", "done", "[1]", "[1]", "Own"), ("", "Won", "done", "[]", "[]", "Outcome: Won"),
            (nil, "Won", "done", "[1]", nil, "Outcome: Won"),
            (nil, nil, "done", nil, nil, "Status: done."), (nil, "", "done", "[]", " [ ] ", "Status: done."),
            (nil, nil, "done", "[1]", nil, nil),
            (nil, nil, "done", nil, "[{}]", nil), (nil, nil, nil, nil, nil, nil),
        ] as [(String?, String?, String?, String?, String?, String?)])
    func followsTheSummaryRule(_ row: (String?, String?, String?, String?, String?, String?)) throws {
        var record = EngagementRecord()
        (record.summary, record.outcome, record.status) = (row.0, row.1, row.2)
        record.historyJSON = row.3.map { Array($0.utf8) }
        record.transcriptJSON = row.4.map { Array($0.utf8) }
        let push = EngagementPush(event: try event(), record: record, deliveryType: .status, sentAtMilliseconds: 0)
        #expect(push.summary == row.5)
    }

    @Test(arguments: [
        ("[]", 0), (" [ ] ", 0), ("[1]", 1), ("[[],[1,2],{\"a\":[1,2]}]", 3), (#"["a,b","\",[",{}]"#, 3), ("{}", 0),
        ("null", 0), ("", 0),
        ("[[]]", 1), ("[\"\"]", 1), ("\n[\n1 ,\n2\n]\n", 2),
    ])
    func countsItems(_ text: String, _ count: Int) {
        #expect(JSONArrayCount.count(Array(text.utf8)) == count)
    }

    @Test func logsWithoutThePayload() throws {
        var record = EngagementRecord()
        record.status = "completed"
        record.summary = String(repeating: "long ", count: 100)
        record.historyJSON = Array("[1,2,3]".utf8)
        let push = EngagementPush(event: try event(), record: record, deliveryType: .status, sentAtMilliseconds: 0)
        let line = push.logLine(targets: [.twenty, .zoho])
        #expect(
            line.metadata.map(\.key) == [
                "engagement_id", "status", "summary", "sent_at", "history_count", "transcript_count", "targets",
            ])
        #expect(line.summary?.count == 120 && line.historyCount == 3 && line.transcriptCount == 0)
        #expect(line.metadata.last?.value == "twenty,zoho")
        #expect(Sample.text(push.body()).contains(String(repeating: "long ", count: 100)))
    }

    @Test func sendsTheHeaders() throws {
        let bare = PushHeaders.make(webhookID: "job1", secret: nil)
        #expect(bare.map(\.name) == ["Content-Type", "webhook-id"] && bare[1].value == "job1")
        let full = PushHeaders.make(webhookID: "job1", secret: WebhookSecret("s"))
        #expect(full.last?.name == "X-Aventora-Webhook-Secret" && full.last?.value == "s")
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ReceivedPushTests {
    @Test func keepsOnlyWhatIsThere() throws {
        let push = try ReceivedPush.decode(
            Array(
                #"{"engagement_id":"g","sent_at":"2025-01-15T12:00:00.123456+00:00","status":"done","outcome":null,"history":[{"a":1}],"person_id":"p","domain_name":"d","unknown":{}}"#
                    .utf8))
        #expect(push.engagementID == "g" && push.sentAt.microseconds == 1_736_942_400_123_456)
        #expect(push.fields.members.map(\.key) == ["person_id", "domain_name", "status", "outcome", "history"])
        #expect(push.fields["outcome"] == .null)
        #expect(push.historyCount == 1 && push.transcriptCount == nil && push.reasonNotCreatable == nil)
        #expect(try ReceivedPush.decode(push.arguments()) == push)
    }

    @Test(arguments: [
        ("{}", ["/engagement_id", "/sent_at"]),
        (#"{"engagement_id":7,"sent_at":"now"}"#, ["/engagement_id", "/sent_at"]),
        (
            #"{"engagement_id":"g","sent_at":"2025-01-15T12:00:00Z","status":1,"history":{},"transcript":"x","started_at":5,"person_id":[]}"#,
            ["/person_id", "/status", "/started_at", "/history", "/transcript"]
        ),
        (#"{"engagement_id":"g","sent_at":null}"#, ["/sent_at"]), ("[]", [""]),
    ])
    func collectsProblems(_ text: String, _ pointers: [String]) throws {
        let error = try #require(throws: InputError.self) { try ReceivedPush.decode(Array(text.utf8)) }
        #expect(error.kind == .invalid && error.problems.map(\.pointer) == pointers)
    }

    @Test(arguments: [
        (#""person_id":"p","workspace_id":"w""#, true), (#""person_id":"p","domain_name":"d""#, true),
        (#""person_id":"p""#, false),
        (#""workspace_id":"w""#, false), (#""person_id":null,"workspace_id":"w""#, false),
    ])
    func knowsWhatCanBeCreated(_ members: String, _ isCreatable: Bool) throws {
        let push = try ReceivedPush.decode(
            Array("{\"engagement_id\":\"g\",\"sent_at\":\"2025-01-15T12:00:00Z\",\(members)}".utf8))
        #expect((push.reasonNotCreatable == nil) == isCreatable)
    }

    /// What we push is what we receive.
    @Test func readsOurOwnBody() throws {
        let event = try Sample.event(
            #"{"type":"call.started","domain_name":"acme","call_sid":"CA1","person_id":"p","data":{"status":"ringing"}}"#
        )
        let record = try #require(EngagementRecord(data: event.data))
        let body = EngagementPush.body(event: event, record: record, deliveryType: .bootstrap, sentAtMilliseconds: 5)
        let push = try ReceivedPush.decode(body)
        #expect(push.engagementID == "CA1" && push.status == "ringing" && push.reasonNotCreatable == nil)
        #expect(
            push.fields["event_type"] == .string("engagement.created")
                && push.fields["summary"] == .string("Status: ringing."))
    }
}
