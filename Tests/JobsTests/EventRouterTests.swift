import Basics
import Queue
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct EventRouterTests {
    @Test(arguments: [
        ("call.started", DeliveryType.bootstrap, "engagement.created"),
        ("engagement.created", .bootstrap, "engagement.created"),
        ("engagement.updated", .status, "engagement.updated"), ("call.paused", .status, "call.paused"),
        ("call.resumed", .status, "call.resumed"), ("call.cancelled", .status, "call.cancelled"),
        ("call.completed", .status, "call.completed"), ("call_log.updated", .callLog, "call_log.updated"),
    ])
    func plansOnePushForEachTarget(_ type: String, _ delivery: DeliveryType, _ pushedAs: String) throws {
        let event = try Sample.event(
            #"{"id":"e","type":"\#(type)","domain_name":"acme","call_sid":"CA1","occurred_at":"2026-01-01T00:00:00Z","data":{"n":1.50}}"#
        )
        let jobs = EventRouter.plan(event, targets: [.twenty, .salesforce, .twenty])
        #expect(jobs.map(\.lane) == ["salesforce:acme", "twenty:acme"])
        #expect(jobs.allSatisfy { $0.kind == "engagement.push" && $0.queue == "webhooks" && $0.delayMilliseconds == 0 })
        let arguments = try PushArguments.decode(try #require(jobs.last).arguments)
        #expect(arguments.target == .twenty && arguments.deliveryType == delivery)
        #expect(arguments.event.type.name == pushedAs)
        #expect(arguments.event.engagementID == (type == "call.started" ? "CA1" : nil))
        #expect(arguments.event.id == "e" && arguments.event.occurredAt == event.occurredAt)
        #expect(arguments.event.data == event.data)
        #expect(EventRouter.plan(event, targets: []).isEmpty)
    }

    private func keys(_ type: String, _ ids: String, calls: CallPushes = .standard) throws -> [JobKey?] {
        let event = try Sample.event(#"{"type":"\#(type)","domain_name":"acme",\#(ids)}"#)
        return EventRouter.plan(event, targets: [.zoho, .twenty], calls: calls).map(\.key)
    }

    @Test func gathersWhatACallLogsAndEndsItWithAStatus() throws {
        let ids = #""call_sid":"CA1","engagement_id":"e1""#
        func gathered(_ target: String) -> JobKey {
            .debounce("call:\(target):acme:CA1", quietMilliseconds: 3_000, longestMilliseconds: 15_000)
        }
        #expect(try keys("call_log.updated", ids) == [gathered("zoho"), gathered("twenty")])
        for type in ["call.paused", "call.completed", "engagement.updated", "call.started"] {
            #expect(try keys(type, ids) == [.ending("call:zoho:acme:CA1"), .ending("call:twenty:acme:CA1")])
        }
        #expect(try keys("engagement.updated", #""engagement_id":"e1""#).first == .ending("call:zoho:acme:e1"))
        let long = String(repeating: "x y", count: 60)
        for key in try keys("call_log.updated", #""call_sid":"\#(long)""#) {
            #expect(key.map { Envelope.isToken($0.name) } == true)
        }
        let off = CallPushes(quietMilliseconds: 0, longestMilliseconds: 15_000)
        #expect(try keys("call_log.updated", ids, calls: off) == [nil, nil])
        // A longest wait below the quiet time would never let anything wait.
        let odd = CallPushes(quietMilliseconds: 5_000, longestMilliseconds: 1)
        #expect(
            try keys("call_log.updated", ids, calls: odd).first
                == .debounce("call:zoho:acme:CA1", quietMilliseconds: 5_000, longestMilliseconds: 5_000))
    }

    @Test(arguments: [("e 1", true), ("ev-1", false), (String(repeating: "i", count: 200), true)])
    func labelsAPushWithItsEvent(_ id: String, isHashed: Bool) throws {
        let event = try Sample.event(
            #"{"id":"\#(id)","type":"call_log.updated","domain_name":"acme","call_sid":"CA1"}"#)
        let label = try #require(EventRouter.plan(event, name: "other", targets: [.zoho]).first?.label)
        #expect(Envelope.isToken(label) && (label == id) == !isHashed)
        let unnamed = try Sample.event(#"{"type":"call_log.updated","domain_name":"acme","call_sid":"CA1"}"#)
        #expect(EventRouter.plan(unnamed, name: "evt_1", targets: [.zoho]).first?.label == "evt_1")
        #expect(EventRouter.plan(unnamed, targets: [.zoho]).first?.label == nil)
    }

    @Test func keepsAnEngagementIDOfAStartedCall() throws {
        let event = try Sample.event(#"{"type":"call.started","domain_name":"d","call_sid":"CA1","engagement_id":"g"}"#)
        let job = try #require(EventRouter.plan(event, targets: [.zoho]).first)
        #expect(try PushArguments.decode(job.arguments).event.engagementID == "g")
        #expect(Sample.text(job.arguments).hasPrefix(#"{"target":"zoho","delivery_type":"bootstrap","event":{"#))
    }

    @Test(arguments: ["workspace.provisioned", "workspace.member_added", "person.created", "call.deleted"])
    func plansNothingForOthers(_ type: String) throws {
        let event = try Sample.event(#"{"type":"\#(type)","domain_name":"d","workspace_id":"w"}"#)
        #expect(!EventRouter.needsTargets(event))
        #expect(EventRouter.plan(event, targets: CRMTarget.allCases).isEmpty)
        #expect(EventRouter.planRoute(event).isEmpty)
    }

    @Test func routesLaterWithTheSameResult() throws {
        let event = try Sample.event(
            #"{"type":"call.started","domain_name":"acme","call_sid":"CA1","data":{"status":"ringing","history":[{"a":"\n"}]}}"#
        )
        let jobs = EventRouter.planRoute(event)
        #expect(jobs.count == 1 && jobs.first?.kind == "engagement.route" && jobs.first?.lane == "route:acme")
        let again = try RouteArguments.decode(try #require(jobs.first).arguments)
        #expect(again.domainName == "acme")
        #expect(
            EventRouter.plan(again, targets: CRMTarget.allCases) == EventRouter.plan(event, targets: CRMTarget.allCases)
        )
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"target":"lotus","delivery_type":"status","event":{}}"#,
        #"{"target":"twenty","delivery_type":"x"}"#, #"{"target":"twenty","delivery_type":"status"}"#,
    ])
    func refusesForeignArguments(_ text: String) {
        #expect(throws: InputError.self) { try PushArguments.decode(Array(text.utf8)) }
        #expect(throws: InputError.self) { try RouteArguments.decode(Array(text.utf8)) }
    }
}
