import Basics
import Testing

@testable import Jobs

/// Short ways to make input.
enum Sample {
    static func json(_ text: String) throws -> JSONValue { try JSONParser.parse(Array(text.utf8)) }
    static func object(_ text: String) throws -> JSONObject { try #require(try json(text).object) }
    static func event(_ text: String) throws -> Event { try Event(try json(text)) }
    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

@Suite(.timeLimit(.minutes(1)))
struct EventTests {
    @Test(arguments: [
        ("engagement.created", EventType.Family.engagement), ("engagement.updated", .engagement),
        ("call.started", .call),
        ("call.paused", .call), ("call.resumed", .call), ("call.cancelled", .call), ("call.completed", .call),
        ("call_log.updated", .callLog), ("workspace.provisioned", .workspace), ("workspace.member_added", .workspace),
        ("person.created", .object), ("Company_2.updated", .object), ("a.destroyed", .object), ("x.restored", .object),
        ("engagement.deleted", .object), ("call_log.created", .object),
    ])
    func knowsTypes(_ name: String, _ family: EventType.Family) throws {
        let type = try #require(EventType(name))
        #expect(type.family == family)
        #expect(type.name == "\(type.object).\(type.action)")
        #expect(type.isPushed == [.engagement, .call, .callLog].contains(family))
    }

    @Test(arguments: [
        "", ".", "call", "call.", ".created", "call.exploded", "call.started ", "Call.started", "1a.created",
        "_a.created", "a-b.created",
        "a.b.created", "é.created", "a.Created", "workspace.removed", String(repeating: "a", count: 65) + ".created",
    ])
    func refusesTypes(_ name: String) {
        #expect(EventType(name) == nil)
    }

    @Test func decodesAll() throws {
        let event = try Sample.event(
            #"{"id":"e1","type":"call.completed","domain_name":"acme","occurred_at":"2026-01-01T00:00:00+01:00","call_sid":"CA1","engagement_id":"g1","workspace_id":"w","person_id":"p","data":{"x":1},"extra":[true]}"#
        )
        #expect(event.id == "e1" && event.domainName == "acme" && event.callSID == "CA1" && event.engagementID == "g1")
        #expect(event.workspaceID == "w" && event.personID == "p" && event.data?["x"] == .number("1"))
        #expect(event.occurredAt?.iso8601 == "2025-12-31T23:00:00.000Z")
        #expect(!event.carriesEngagement)
    }

    @Test func canonicalBytesIgnoreOrderOnly() throws {
        let one = try Sample.event(
            #"{"type":"a.created","domain_name":"d","data":{"b":1,"a":[2,{"z":0,"y":"\u0041"}]}}"#)
        let two = try Sample.event(#" {"data":{"a":[2,{"y":"A","z":0}],"b":1}, "domain_name":"d","type":"a.created"}"#)
        let other = try Sample.event(
            #"{"type":"a.created","domain_name":"d","data":{"b":1.0,"a":[2,{"z":0,"y":"A"}]}}"#)
        let more = try Sample.event(
            #"{"type":"a.created","domain_name":"d","data":{"b":1,"a":[2,{"z":0,"y":"A"}]},"k":0}"#)
        #expect(one.canonicalBytes() == two.canonicalBytes())
        #expect(one.canonicalBytes() != other.canonicalBytes())
        #expect(one.canonicalBytes() != more.canonicalBytes())
    }

    @Test(arguments: [
        (#"{}"#, ["/type", "/domain_name"]), (#"{"type":7,"domain_name":""}"#, ["/type", "/domain_name"]),
        (#"{"type":"nope","domain_name":"d"}"#, ["/type"]),
        (#"{"type":"call.started","domain_name":"d"}"#, ["/call_sid"]),
        (#"{"type":"call_log.updated","domain_name":"d","call_sid":null}"#, ["/call_sid"]),
        (#"{"type":"engagement.updated","domain_name":"d"}"#, ["/engagement_id"]),
        (#"{"type":"workspace.provisioned","domain_name":"d","call_sid":"x"}"#, ["/workspace_id"]),
        (
            #"{"type":"a.created","domain_name":"d","occurred_at":"soon","data":[],"id":1,"call_sid":{}}"#,
            ["/id", "/occurred_at", "/call_sid", "/data"]
        ),
        (#"{"type":"a.created","domain_name":"d\u0007","person_id":"a\nb"}"#, ["/domain_name", "/person_id"]),
        (
            #"{"type":"call.paused","domain_name":"d","call_sid":"c","data":{"status":5,"history":{},"started_at":"x"}}"#,
            ["/data/status", "/data/started_at", "/data/history"]
        ),
        (#"{"type":"call.paused","domain_name":"d","call_sid":"c","data":{"status":""}}"#, ["/data/status"]),
    ])
    func collectsProblems(_ text: String, _ pointers: [String]) throws {
        let error = try #require(throws: InputError.self) { try Sample.event(text) }
        #expect(error.kind == .invalid)
        #expect(error.problems.map(\.pointer) == pointers)
        #expect(error.problems.allSatisfy { !$0.detail.isEmpty })
    }

    @Test(arguments: ["id", "domain_name", "call_sid", "engagement_id", "workspace_id", "person_id"])
    func boundsIDs(_ key: String) throws {
        func event(_ id: String) throws -> Event {
            var object: JSONObject = [
                "type": .string("call.paused"), "domain_name": .string("d"), "call_sid": .string("c"),
            ]
            object.members.removeAll { $0.key == key }
            object.members.append(JSONObject.Member(key: key, value: .string(id)))
            if key == "call_sid" { object.members.append(JSONObject.Member(key: "engagement_id", value: .string("g"))) }
            return try Event(.object(object))
        }
        _ = try event(String(repeating: "é", count: 255))
        for bad in [
            "", String(repeating: "x", count: 256), String(repeating: "x", count: 10_000), "a\u{7f}", "a\u{85}",
        ] {
            let error = try #require(throws: InputError.self) { try event(bad) }
            #expect(error.problems.map(\.pointer) == ["/" + key])
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct EventBatchTests {
    private static let good = #"{"type":"call.paused","domain_name":"d","call_sid":"c"}"#

    private func array(_ count: Int) -> [UInt8] {
        Array("[\(Array(repeating: Self.good, count: count).joined(separator: ","))]".utf8)
    }

    @Test func takesOneOrMany() throws {
        let one = try EventBatch.decode(Array(Self.good.utf8))
        #expect(one.events.count == 1 && !one.isArray)
        let many = try EventBatch.decode(array(1_000))
        #expect(many.events.count == 1_000 && many.isArray)
    }

    @Test(arguments: [
        ("", InputError.Kind.malformed), ("nope", .malformed), ("{", .malformed), ("\u{feff}{}", .malformed),
        ("[]", .invalid), ("7", .invalid),
        ("\"x\"", .invalid), ("null", .invalid), ("[1]", .invalid), ("[[]]", .invalid), (#"{"a":"\u0000"}"#, .invalid),
        (#"{"a":90071992547409931}"#, .invalid),
        (#"{"a":1,"a":2}"#, .malformed),
    ])
    func tellsMalformedFromInvalid(_ text: String, _ kind: InputError.Kind) throws {
        let error = try #require(throws: InputError.self) { try EventBatch.decode(Array(text.utf8)) }
        #expect(error.kind == kind)
        #expect(!error.problems.isEmpty && !error.message.isEmpty)
    }

    @Test func boundsTheNumberOfEvents() throws {
        let error = try #require(throws: InputError.self) { try EventBatch.decode(array(1_001)) }
        #expect(error.kind == .invalid)
        #expect(error.problems.first?.detail.contains("1001") == true)
    }

    @Test func pointsIntoTheArray() throws {
        let text = "[\(Self.good),{\"type\":\"call.paused\",\"domain_name\":\"d\"},\(Self.good),{\"type\":\"x\"}]"
        let error = try #require(throws: InputError.self) { try EventBatch.decode(Array(text.utf8)) }
        #expect(error.problems.map(\.pointer) == ["/1/call_sid", "/3/type", "/3/domain_name"])
        let many = "[\(Array(repeating: "{}", count: 500).joined(separator: ","))]"
        let bounded = try #require(throws: InputError.self) { try EventBatch.decode(Array(many.utf8)) }
        #expect(bounded.problems.count == InputError.maximumProblems)
    }
}
