import Basics
import Queue

@testable import Jobs

/// Endpoints and events for tests.
enum EndpointFixture {
    static func settings(_ members: String = "") throws -> EndpointSettings {
        try EndpointDraft.decode(Array(body(members).utf8)).settings
    }

    static func body(_ members: String = "") -> String {
        #"{"url":"https://hooks.example/a?token=t","operations":["*.*"]\#(members.isEmpty ? "" : ",")\#(members)}"#
    }

    static func endpoint(_ id: String, _ operations: [String], _ members: String = "") throws -> Endpoint {
        let list = operations.map { "\"\($0)\"" }.joined(separator: ",")
        let text = #"{"url":"https://hooks.example/","operations":[\#(list)]\#(members.isEmpty ? "" : ",")\#(members)}"#
        return Endpoint(
            id: id, settings: try EndpointDraft.decode(Array(text.utf8)).settings, secrets: [],
            sealedExtras: nil, parking: nil, failuresInARow: 0, createdAtMilliseconds: 0, updatedAtMilliseconds: 0)
    }

    static func event(_ text: String, id: String = "evt_1") throws -> EndpointEvent {
        EndpointEvent(try Sample.event(text), id: id, acceptedMilliseconds: 1_767_225_600_123)
    }

    static let person = """
        {"type":"person.updated","domain_name":"acme","workspace_id":"w-1","occurred_at":"2026-01-01T10:00:00.5Z","data":{\
        "record":{"id":"p-1","name":{"firstName":"Jane","lastName":"Doe"},"score":1.50,"city":"Bonn","tags":["a","b"]},\
        "previousRecord":{"id":"p-1","name":{"firstName":"Jane","lastName":"Smith"},"score":1.50,"phone":"1"}}}
        """
}
