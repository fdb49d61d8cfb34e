import Basics
import Testing

@testable import Jobs

@Suite struct ReplayRequestTests {
    private static let range = #""from":"2026-01-01T00:00:00Z","to":"2026-01-02T00:00:00Z""#

    @Test func allOfItIsRead() throws {
        let text = """
            {\(Self.range),"state":"failed","target":"zoho","endpoint":"ep_1","event_type":"call.completed",\
            "domain_name":"d","pace_per_second":7,"dry_run":true}
            """
        let request = try ReplayRequest.decode(Array(text.utf8))
        #expect(
            request.filter.fields == [
                .state: "failed", .target: "zoho", .endpoint: "ep_1", .eventType: "call.completed", .domainName: "d",
            ])
        #expect(request.pace == 7 && request.isDryRun)
        #expect(request.filter.sinceMilliseconds == 1_767_225_600_000)
        #expect(request.toMilliseconds == 1_767_312_000_000)
        #expect(request.filter(atMilliseconds: 1_767_300_000_000).untilMilliseconds == 1_767_300_000_000)
        #expect(request.filter(atMilliseconds: 1_767_400_000_000).untilMilliseconds == 1_767_312_000_000)
        let plain = try ReplayRequest.decode(Array("{\(Self.range)}".utf8))
        #expect(plain.pace == 50 && !plain.isDryRun && plain.filter.fields.isEmpty)
    }

    @Test(arguments: [
        (#"{}"#, ["/from", "/to"]),
        (#"{"from":"yesterday","to":1}"#, ["/from", "/to"]),
        (#"{"from":"2026-01-02T00:00:00Z","to":"2026-01-02T00:00:00Z"}"#, ["/to"]),
        (#"{\#(range),"state":"pending"}"#, ["/state"]),
        (#"{\#(range),"state":"gone"}"#, ["/state"]),
        (#"{\#(range),"pace_per_second":0}"#, ["/pace_per_second"]),
        (#"{\#(range),"pace_per_second":1001}"#, ["/pace_per_second"]),
        (#"{\#(range),"pace_per_second":1.5}"#, ["/pace_per_second"]),
        (#"{\#(range),"dry_run":"yes"}"#, ["/dry_run"]),
        (#"{\#(range),"call_sid":"CA-1"}"#, ["/call_sid"]),
        (#"{\#(range),"target":""}"#, ["/target"]),
        (#"[]"#, []),
    ])
    func whatIsWrongIsSaid(text: String, pointers: [String]) throws {
        let error = try #require(throws: InputError.self) { try ReplayRequest.decode(Array(text.utf8)) }
        #expect(error.kind == .invalid && error.problems.map(\.pointer).sorted() == pointers)
    }
}
