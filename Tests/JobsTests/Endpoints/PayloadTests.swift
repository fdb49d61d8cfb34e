import Basics
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct PayloadTests {
    private func body(_ format: PayloadFormat, _ event: String) throws -> String {
        Sample.text(format.body(of: try EndpointFixture.event(event), endpointID: "ep_1"))
    }

    @Test func recordOfAnUpdate() throws {
        #expect(
            try body(.record, EndpointFixture.person) == """
                {"id":"evt_1","workspaceId":"w-1","webhookId":"ep_1","operation":"person.updated",\
                "timestamp":"2026-01-01T10:00:00.500Z","record":{"id":"p-1","name":{"firstName":"Jane","lastName":"Doe"},\
                "score":1.50,"city":"Bonn","tags":["a","b"]},"previousRecord":{"id":"p-1","name":{"firstName":"Jane",\
                "lastName":"Smith"},"score":1.50,"phone":"1"}}
                """)
    }

    @Test func eventOfAnUpdateHasTheOldValuesOfWhatChanged() throws {
        #expect(
            try body(.event, EndpointFixture.person) == """
                {"id":"evt_1","event":"person.updated","timestamp":"2026-01-01T10:00:00.500Z","workspaceId":"w-1",\
                "data":{"object":"person","id":"p-1","attributes":{"id":"p-1","name":{"firstName":"Jane",\
                "lastName":"Doe"},"score":1.50,"city":"Bonn","tags":["a","b"]},"previousAttributes":{"name":{\
                "firstName":"Jane","lastName":"Smith"},"phone":"1","city":null,"tags":null}}}
                """)
    }

    @Test func eventsOfANewRecord() throws {
        let event = #"{"type":"person.created","domain_name":"d","data":{"id":"p-1","email":"a@b.c"}}"#
        #expect(
            try body(.record, event) == """
                {"id":"evt_1","workspaceId":null,"webhookId":"ep_1","operation":"person.created",\
                "timestamp":"2026-01-01T00:00:00.123Z","record":{"id":"p-1","email":"a@b.c"},"previousRecord":null}
                """)
        #expect(
            try body(.event, event).hasSuffix(#""attributes":{"id":"p-1","email":"a@b.c"},"previousAttributes":null}}"#)
        )
    }

    @Test(arguments: ["deleted", "destroyed"])
    func eventsOfARemoval(_ action: String) throws {
        let event = #"{"type":"person.\#(action)","domain_name":"d","data":{"record":{"id":"p-1"}}}"#
        #expect(try body(.record, event).hasSuffix(#""record":{"id":"p-1"},"previousRecord":{"id":"p-1"}}"#))
        #expect(
            try body(.event, event).hasSuffix(#""id":"p-1","attributes":null,"previousAttributes":{"id":"p-1"}}}"#))
    }

    @Test func anEventOfTheHubHasItsIDs() throws {
        let event =
            #"{"type":"call.completed","domain_name":"d","call_sid":"CA1","person_id":null,"data":{"status":"done","call_sid":"own"}}"#
        #expect(
            try body(.record, event).hasSuffix(
                #""record":{"id":"CA1","domain_name":"d","status":"done","call_sid":"own"},"previousRecord":null}"#))
    }

    @Test func attributesAreARecordToo() throws {
        let event = #"{"type":"person.created","domain_name":"d","data":{"id":"p-9","attributes":{"a":1}}}"#
        #expect(try body(.record, event).contains(#""record":{"id":"p-9","a":1}"#))
    }

    @Test func rawIsWhatWasPosted() throws {
        let event = #"{"z":1.50,"type":"person.created","domain_name":"d","data":null,"extra":{"b":[],"a":"é"}}"#
        #expect(try body(.raw, event) == event)
    }

    @Test func theSameEventGivesTheSameBytes() throws {
        for format in PayloadFormat.allCases {
            #expect(try body(format, EndpointFixture.person) == body(format, EndpointFixture.person))
            #expect(throws: Never.self) { try JSONParser.parse(Array(try body(format, EndpointFixture.person).utf8)) }
        }
    }

    @Test func theTestEventHasEveryFormat() throws {
        let event = EndpointEvent.test(id: "evt_t", atMilliseconds: 0, endpointID: "ep_1")
        for format in PayloadFormat.allCases {
            let text = Sample.text(format.body(of: event, endpointID: "ep_1"))
            #expect(text.contains("endpoint.test") && text.contains("A test of this endpoint."))
        }
    }
}
