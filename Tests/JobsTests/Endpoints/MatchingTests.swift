import Basics
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct MatchingTests {
    @Test(arguments: [
        "person.created", "person.*", "*.created", "*.*", "call.completed", "call.*", "*.completed", "call_log.updated",
        "*.provisioned", "workspace.member_added", "*.member_added", "Company_2.destroyed", "*.restored", "x.*",
    ])
    func takesPatterns(_ text: String) { #expect(EventPattern(text)?.text == text) }

    @Test(arguments: [
        "", "*", ".", "person", "person.", ".created", "*.", ".*", "person.archived", "*.archived", "*.Created",
        "a.b.c",
        "*.*.*", "per*.created", "person.*d", "1a.*", "é.*", " person.*", "person.* ", "**.*", "call.exploded",
        String(repeating: "a", count: 65) + ".*",
    ])
    func refusesPatternsThatNothingMatches(_ text: String) { #expect(EventPattern(text) == nil) }

    /// Every kind of pattern against every kind of event, judged by the definition.
    @Test func matchesByTheFourForms() throws {
        let objects = ["person", "company", "call", "call_log", "engagement", "workspace"]
        let actions = ["created", "updated", "completed", "provisioned"]
        let patterns = (objects + ["*"]).flatMap { object in (actions + ["*"]).map { "\(object).\($0)" } }
            .filter { EventPattern($0) != nil }
        let matcher = EndpointMatcher(try patterns.map { try EndpointFixture.endpoint($0, [$0]) })
        var seen = 0
        for object in objects {
            for action in actions where EventType("\(object).\(action)") != nil {
                let event = try EndpointFixture.event(
                    #"{"type":"\#(object).\#(action)","domain_name":"d","call_sid":"c","workspace_id":"w"}"#)
                let expected = patterns.filter { pattern in
                    let parts = pattern.split(separator: ".")
                    return (parts[0] == "*" || parts[0] == object) && (parts[1] == "*" || parts[1] == action)
                }
                #expect(matcher.endpoints(wanting: event).map(\.id) == expected)
                #expect(expected.count == 4 || EventPattern("*.\(action)") == nil)
                seen += 1
            }
        }
        #expect(seen > 12)
    }

    @Test func namesEachEndpointOnceAndNoneThatIsOff() throws {
        let matcher = EndpointMatcher([
            try EndpointFixture.endpoint("a", ["*.*", "person.*", "person.updated", "*.updated", "*.*"]),
            try EndpointFixture.endpoint("b", ["*.*"], #""enabled":false"#),
            try EndpointFixture.endpoint("c", ["person.created"]),
            try EndpointFixture.endpoint("d", ["person.updated"]),
        ])
        #expect(!matcher.isEmpty)
        #expect(matcher.endpoints(wanting: try EndpointFixture.event(EndpointFixture.person)).map(\.id) == ["a", "d"])
        #expect(EndpointMatcher([]).isEmpty)
        #expect(EndpointMatcher([try EndpointFixture.endpoint("b", ["*.*"], #""enabled":false"#)]).isEmpty)
    }

    @Test(arguments: [
        (#"{}"#, true), (#"{"objects":["person"]}"#, true), (#"{"objects":["company","person"]}"#, true),
        (#"{"objects":["company"]}"#, false), (#"{"objects":[]}"#, true),
        (#"{"conditions":{"city":"Bonn"}}"#, true), (#"{"conditions":{"city":"bonn"}}"#, false),
        (#"{"conditions":{"name.lastName":"Doe"}}"#, true), (#"{"conditions":{"name.lastName":"Smith"}}"#, false),
        (#"{"conditions":{"name.lastName.x":"Doe"}}"#, false), (#"{"conditions":{"score":1.5}}"#, true),
        (#"{"conditions":{"score":15e-1}}"#, true), (#"{"conditions":{"score":"1.50"}}"#, false),
        (#"{"conditions":{"score":[1,1.5]}}"#, true), (#"{"conditions":{"city":["Ulm","Bonn"]}}"#, true),
        (#"{"conditions":{"city":["Ulm","Kiel"]}}"#, false), (#"{"conditions":{"tags":"b"}}"#, true),
        (#"{"conditions":{"tags":["c","b"]}}"#, true), (#"{"conditions":{"tags":"c"}}"#, false),
        (#"{"conditions":{"nothing":null}}"#, true), (#"{"conditions":{"city":null}}"#, false),
        (#"{"conditions":{"nothing.at.all":null}}"#, true), (#"{"conditions":{"name":"Doe"}}"#, false),
        (#"{"conditions":{"event.domain_name":"acme"}}"#, true), (#"{"conditions":{"event.domain_name":"x"}}"#, false),
        (#"{"conditions":{"city":"Bonn","name.firstName":"Jane"}}"#, true),
        (#"{"conditions":{"city":"Bonn","name.firstName":"Joe"}}"#, false),
        (#"{"objects":["company"],"conditions":{"city":"Bonn"}}"#, false),
    ])
    func filters(_ filter: String, _ isWanted: Bool) throws {
        let matcher = EndpointMatcher([try EndpointFixture.endpoint("a", ["person.*"], #""filter":\#(filter)"#)])
        let event = try EndpointFixture.event(EndpointFixture.person)
        #expect(matcher.endpoints(wanting: event).isEmpty == !isWanted)
    }

    /// Random endpoints and events: the compiled matcher says what asking each endpoint says.
    @Test func agreesWithTheDefinition() throws {
        let seed: UInt64 = 20_261_121
        var generator = SeededRandom(seed: seed)
        let patterns = ["person.created", "person.*", "*.created", "*.*", "company.updated", "company.*", "*.updated"]
        for round in 0..<100 {
            let endpoints = try (0..<8).map { number in
                try EndpointFixture.endpoint(
                    "\(number)",
                    (0..<Int.random(in: 1...3, using: &generator)).map { _ in patterns.randomElement(using: &generator)!
                    },
                    #""enabled":\#(Bool.random(using: &generator)),"filter":{"conditions":{"n":\#(Int.random(in: 0...1, using: &generator))}}"#
                )
            }
            let type = ["person.created", "company.updated", "company.created", "person.updated", "deal.deleted"]
                .randomElement(using: &generator)!
            let number = Int.random(in: 0...1, using: &generator)
            let event = try EndpointFixture.event(#"{"type":"\#(type)","domain_name":"d","data":{"n":\#(number)}}"#)
            let expected = endpoints.filter { endpoint in
                endpoint.settings.isEnabled && endpoint.settings.filter.conditions[0].value == .number("\(number)")
                    && endpoint.settings.operations.contains { pattern in
                        let (wanted, given) = (pattern.text.split(separator: "."), type.split(separator: "."))
                        return zip(wanted, given).allSatisfy { $0 == "*" || $0 == $1 }
                    }
            }
            #expect(
                EndpointMatcher(endpoints).endpoints(wanting: event).map(\.id) == expected.map(\.id),
                "seed \(seed), round \(round)")
        }
    }
}
