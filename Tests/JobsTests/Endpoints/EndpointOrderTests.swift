import Basics
import Queue
import Testing

@testable import Jobs

struct EndpointOrderTests {
    private func key(_ order: EndpointOrder, _ event: String) throws -> String? {
        order.key(of: try EndpointFixture.event(event), endpointID: "ep_1")
    }

    @Test(arguments: [
        // A Hub event: its ids stand beside its data.
        (EndpointOrder.callSID, #"{"type":"call.completed","domain_name":"d","call_sid":"CA1","data":{}}"#, "ep_1:CA1"),
        (.engagementID, #"{"type":"engagement.updated","domain_name":"d","engagement_id":"e 1"}"#, "#"),
        (.engagementID, #"{"type":"engagement.updated","domain_name":"d","engagement_id":"e1"}"#, "ep_1:e1"),
        (.recordID, #"{"type":"engagement.updated","domain_name":"d","engagement_id":"e1"}"#, "ep_1:e1"),
        // An object's event: the record's own fields, and what it is about.
        (.recordID, EndpointFixture.person, "ep_1:p-1"),
        (.recordID, #"{"type":"a.created","domain_name":"d","data":{"id":17}}"#, "ep_1:17"),
        (.recordID, #"{"type":"a.created","domain_name":"d","data":{"id":"r","record":{"n":1}}}"#, "ep_1:r"),
        (.callSID, #"{"type":"a.created","domain_name":"d","data":{"id":"r","call_sid":"CA2"}}"#, "ep_1:CA2"),
        (.callSID, #"{"type":"a.created","domain_name":"d","call_sid":"CA3","data":{"call_sid":"CA2"}}"#, "ep_1:CA3"),
        // Nothing to order by.
        (.callSID, EndpointFixture.person, ""),
        (.recordID, #"{"type":"a.created","domain_name":"d","data":{"n":1}}"#, ""),
        (.recordID, #"{"type":"a.created","domain_name":"d","data":{"id":""}}"#, ""),
        (.recordID, #"{"type":"a.created","domain_name":"d","data":{"id":null}}"#, ""),
        (.recordID, #"{"type":"a.created","domain_name":"d","data":{"id":{"a":1}}}"#, ""),
    ])
    func theKeyIsTheValueUnderTheEndpoint(_ order: EndpointOrder, _ event: String, _ expected: String) throws {
        // #: a value that cannot stand in a key, which is told apart by its digest.
        let key = try key(order, event)
        if expected != "#" {
            #expect(key ?? "" == expected)
        } else {
            #expect(key?.hasPrefix("ep_1:sha256:") == true && key?.utf8.count == 12 + 64)
        }
        if let key { #expect(Envelope.isToken(key) && key.hasPrefix(EndpointOrder.keyPrefix("ep_1"))) }
    }

    @Test func aLongOrForeignValueBecomesADigestOfItsOwn() throws {
        func key(_ id: String) throws -> String {
            let event = #"{"type":"a.created","domain_name":"d","data":{"id":"\#(id)"}}"#
            return try #require(try self.key(.recordID, event))
        }
        let longest = String(repeating: "x", count: 195)
        #expect(try key(longest) == "ep_1:" + longest)
        let keys = try ["é", "ü", longest + "x", longest + "y"].map(key)
        #expect(Set(keys).count == 4 && keys.allSatisfy { Envelope.isToken($0) && $0.hasPrefix("ep_1:sha256:") })
        #expect(try key("é") == keys[0])
    }

    @Test func onlyDeliveriesOfAnEndpointWithAnOrderHaveOne() throws {
        let event = try EndpointFixture.event(EndpointFixture.person)
        let endpoints = [
            try EndpointFixture.endpoint("ep_1", ["*.*"], #""order_by":"record_id""#),
            try EndpointFixture.endpoint("ep_2", ["*.*"]),
            try EndpointFixture.endpoint("ep_3", ["*.*"], #""order_by":"call_sid""#),
        ]
        let jobs = EndpointRouter.plan(event, to: endpoints, nowMilliseconds: 5)
        #expect(jobs.map(\.envelope.options.orderKey) == ["ep_1:p-1", nil, nil])
        #expect(jobs.map(\.envelope.lane) == ["endpoint:ep_1", "endpoint:ep_2", "endpoint:ep_3"])
        // A test waits for nobody.
        let test = EndpointRouter.planTest(of: endpoints[0], nowMilliseconds: 5)
        #expect(test.envelope.options.orderKey == nil)
    }
}
