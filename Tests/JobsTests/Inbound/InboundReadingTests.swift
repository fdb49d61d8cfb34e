import Basics
import Queue
import Testing

@testable import Jobs

/// The bodies that Twenty sends, and those that its documents describe.
@Suite(.timeLimit(.minutes(1)))
struct InboundReadingTests {
    private static let now: Int64 = 1_709_546_400_123

    private func read(_ text: String) throws -> InboundReading {
        try InboundReading.read(Array(text.utf8), nowMilliseconds: Self.now)
    }

    private func change(_ text: String) throws -> InboundChange {
        guard case .change(let change) = try read(text) else {
            throw PostgresFixture.Failure(description: "\(try read(text))")
        }
        return change
    }

    private func event(_ text: String) throws -> JSONObject {
        try change(text).event(domainName: "acme.example").source
    }

    private static let real = """
        {"targetUrl":"https://x/","workspaceId":"w-1","webhookId":"h-1","eventName":"person.updated",\
        "objectMetadata":{"id":"o","nameSingular":"person"},"eventDate":"2026-01-31T12:00:00.000Z","userId":"u-1",\
        "workspaceMemberId":"m-1","record":{"id":"p-1","name":{"firstName":"Ann","lastName":"O'Brien"},\
        "emails":{"primaryEmail":"ann@x.example"},"n":1.50,"updatedAt":"2026-01-31T11:59:59.900Z"},\
        "updatedFields":["jobTitle","emails"]}
        """
    private static let documented = """
        {"id":"e-1","workspaceId":"w-1","webhookId":"h-1","operation":"person.updated","timestamp":"2024-03-04T10:30:00.000Z",\
        "record":{"id":"p-1","jobTitle":"B","city":null,"updatedAt":"2024-03-04T10:30:00.000Z"},\
        "previousRecord":{"id":"p-1","jobTitle":"A","updatedAt":"2024-03-04T10:00:00.000Z"}}
        """
    private static let guide = """
        {"id":"e-2","event":"person.updated","timestamp":"2024-01-01T13:00:00Z","workspaceId":"w-1","data":{"object":"person",\
        "id":"p-1","attributes":{"lastName":"Doe","email":"jane@x.example","updatedAt":"2024-01-01T13:00:00Z"},\
        "previousAttributes":{"lastName":"Smith","phone":null}}}
        """

    @Test func theRealForm() throws {
        let change = try change(Self.real)
        #expect(change.object == "person" && change.action == .updated && change.workspaceID == "w-1")
        #expect(change.recordID == "p-1" && change.webhookID == "h-1" && change.previous == nil)
        #expect(change.updatedFields == ["emails", "jobTitle"])
        #expect(change.updatedAt == Timestamp(iso8601: "2026-01-31T11:59:59.900Z")?.microseconds)
        let event = try event(Self.real)
        #expect(event["type"]?.string == "person.updated" && event["domain_name"]?.string == "acme.example")
        #expect(event["occurred_at"]?.string == "2026-01-31T12:00:00.000Z" && event["origin"]?.string == "twenty")
        #expect(event["workspace_id"]?.string == "w-1" && event["person_id"]?.string == "p-1")
        let data = try #require(event["data"]?.object)
        #expect(data["id"]?.string == "p-1" && data["object"]?.string == "person" && data["userId"]?.string == "u-1")
        #expect(data["record"]?.object?["n"] == .number("1.50") && data["previousRecord"] == nil)
        #expect(data["updatedFields"] == .array([.string("emails"), .string("jobTitle")]))
        // It is an event of the contract: the very same may be posted.
        #expect(try Event(.object(event)).type.family == .object)
    }

    @Test func theDocumentedForm() throws {
        let change = try change(Self.documented)
        #expect(change.updatedFields == ["jobTitle", "updatedAt"])
        #expect(change.previous?["jobTitle"]?.string == "A" && change.record["jobTitle"]?.string == "B")
        #expect(change.at == Timestamp(iso8601: "2024-03-04T10:30:00.000Z"))
        let gone = try self.change(
            Self.documented.replacing("person.updated", with: "person.deleted")
                .replacing(#""record":{"#, with: #""record":null,"x":{"#))
        #expect(gone.action == .deleted && gone.record["jobTitle"]?.string == "A" && gone.previous == gone.record)
    }

    @Test func theFormOfTheGuide() throws {
        let change = try change(Self.guide)
        #expect(change.recordID == "p-1" && change.record["lastName"]?.string == "Doe")
        #expect(change.updatedFields == ["lastName"])
        let previous = try #require(change.previous)
        #expect(previous["lastName"]?.string == "Smith" && previous["email"]?.string == "jane@x.example")
        let gone = try self.change(
            #"{"event":"note.deleted","workspaceId":"w","data":{"object":"note","id":"n-1","attributes":null,"previousAttributes":{"title":"T"}}}"#
        )
        #expect(gone.recordID == "n-1" && gone.record["title"]?.string == "T")
        #expect(gone.at == Timestamp(milliseconds: Self.now))
        let bare = try self.change(
            #"{"event":"note.deleted","workspaceId":"w","data":{"object":"note","id":"n-1","attributes":null,"previousAttributes":null}}"#
        )
        #expect(bare.recordID == "n-1")
        // The official page puts the record itself into data.
        let page = try self.change(
            #"{"event":"note.created","timestamp":"2026-01-31T12:00:00Z","workspaceId":"w","data":{"id":"n-2","title":"T"}}"#
        )
        #expect(page.recordID == "n-2" && page.record["title"]?.string == "T")
    }

    @Test(arguments: [
        (#"{"eventName":"metadata.field.created","event":{"a":1},"workspaceId":"w"}"#, "metadata"),
        (#"{"eventName":"metadata.view.updated","workspaceId":"w","record":{"id":"1"}}"#, "metadata"),
        (#"{"eventName":"person.updated","workspaceId":"w","record":{"id":"1"},"updatedFields":["position"]}"#, "move"),
        (
            #"{"eventName":"person.updated","workspaceId":"w","record":{"id":"1"},"updatedFields":["updatedAt","position","updatedBy"]}"#,
            "move"
        ),
        (
            #"{"operation":"task.updated","workspaceId":"w","record":{"id":"1","position":1,"updatedAt":"2026-01-31T12:00:00Z"},"previousRecord":{"id":"1","position":2,"updatedAt":"2026-01-31T11:00:00Z"}}"#,
            "move"
        ),
        ("{}", "unknown"), ("[]", "unknown"), ("7", "unknown"), (#"[{"eventName":"person.created"}]"#, "unknown"),
        (#"{"eventName":"person.created","workspaceId":"w"}"#, "unknown"),
        (#"{"eventName":"person.created","record":{"id":"1"}}"#, "unknown"),
        (#"{"eventName":"person.upserted","workspaceId":"w","record":{"id":"1"}}"#, "unknown"),
        (#"{"eventName":"person","workspaceId":"w","record":{"id":"1"}}"#, "unknown"),
        (#"{"eventName":"a.b.created","workspaceId":"w","record":{"id":"1"}}"#, "unknown"),
        (#"{"eventName":"..created","workspaceId":"w","record":{"id":"1"}}"#, "unknown"),
        (#"{"eventName":"per son.created","workspaceId":"w","record":{"id":"1"}}"#, "unknown"),
        (#"{"eventName":7,"workspaceId":"w","record":{"id":"1"}}"#, "unknown"),
        (#"{"eventName":"person.created","workspaceId":7,"record":{"id":"1"}}"#, "unknown"),
        (#"{"eventName":"person.created","workspaceId":"","record":{"id":"1"}}"#, "unknown"),
        (#"{"eventName":"person.created","workspaceId":"w","record":[1]}"#, "unknown"),
    ])
    func whatIsNotWorkedFor(body: String, reason: String) throws {
        #expect(try read(body) == .ignored(try #require(InboundReading.Ignored(rawValue: reason))))
    }

    @Test(arguments: ["", "{", "\u{FEFF}{}", "{}x", "{'a':1}", "nul"])
    func noJSONIsMalformed(_ body: String) {
        #expect(throws: InputError.self) { try read(body) }
    }

    /// A change told again has the same key, whatever is made anew each time; another change has another.
    @Test func theKeyIsTheChange() throws {
        let key = try change(Self.real).key
        func changed(_ old: String, _ new: String) throws -> String {
            try change(Self.real.replacing(old, with: new)).key
        }
        #expect(try changed("12:00:00.000Z", "12:00:09.000Z") == key)
        #expect(try changed(#""jobTitle","emails""#, #""emails","jobTitle""#) == key)
        #expect(try changed("https://x/", "https://y/") == key)
        for (old, new) in [
            ("11:59:59.900Z", "11:59:59.901Z"), ("person.updated", "person.restored"), ("h-1", "h-2"),
            (#""jobTitle","emails""#, #""jobTitle""#), (#"{"id":"p-1""#, #"{"id":"p-2""#), ("w-1", "w-2"),
        ] {
            #expect(try changed(old, new) != key, "\(old)")
        }
        // An id of the event's own goes before.
        let own = try change(Self.documented).key
        #expect(try change(Self.documented.replacing("10:30:00", with: "10:31:00")).key == own)
        #expect(try change(Self.documented.replacing("e-1", with: "e-9")).key != own)
        // Without id and time, the content.
        let bare =
            #"{"eventName":"person.created","workspaceId":"w","eventDate":"2026-01-31T12:00:00Z","record":{"a":1,"b":2}}"#
        #expect(
            try change(bare).key
                == change(bare.replacing(#""a":1,"b":2"#, with: #""b":2,"a":1"#)).key)
        #expect(try change(bare).key != change(bare.replacing(#""a":1"#, with: #""a":3"#)).key)
    }

    /// An object of a CRM may have any name: what it is called makes it no event of ours.
    @Test func aNameOfOursIsNoEventOfOurs() throws {
        let change = try change(
            #"{"eventName":"engagement.created","workspaceId":"w","record":{"id":"1","status":"x"}}"#)
        let event = change.event(domainName: "d")
        #expect(event.type == "engagement.created" && event.record["status"]?.string == "x")
        #expect(
            try InboundReading.read(
                Array(#"{"eventName":"call.completed","workspaceId":"w","record":{"id":"1"}}"#.utf8), nowMilliseconds: 0
            ) == .ignored(.unknown))
    }

    @Test func argumentsSurviveTheirWriting() throws {
        for text in [Self.real, Self.documented, Self.guide] {
            let change = try change(text)
            #expect(try InboundChange.decode(change.arguments()) == change)
            let description = InboundHandler.description
            let bytes = change.arguments()
            #expect(description.problems(of: try JSONParser.parse(bytes), bytes: bytes, at: "") == [])
        }
        for text in ["{}", "[]", #"{"source":"x"}"#] {
            #expect(throws: InputError.self) { try InboundChange.decode(Array(text.utf8)) }
        }
    }

    /// The job of any change can be enqueued: its lane and keys are tokens.
    @Test func anyWorkspaceHasALane() throws {
        for workspace in ["w", "ä b", String(repeating: "x", count: 255)] {
            let change = try change(
                #"{"eventName":"person.created","workspaceId":"\#(workspace)","record":{"id":"\#(workspace)"}}"#)
            let job = InboundHandler.job(change, nowMilliseconds: 0)
            #expect(Envelope.isToken(job.envelope.lane))
            #expect(job.envelope.options.orderKey.map(Envelope.isToken) == true)
        }
    }
}
