import Basics
import Queue
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct KindCatalogueTests {
    private static let catalogue = KindCatalogue.standard(
        pushRetry: RetryPolicy(attempts: 4, delayMilliseconds: 7_000))

    private func problems(_ kind: String, _ text: String) throws -> [FieldProblem] {
        let bytes = Array(text.utf8)
        let description = try #require(Self.catalogue[kind])
        return description.problems(of: try JSONParser.parse(bytes), bytes: bytes, at: "/args")
    }

    private static let event = #""event":{"type":"call.completed","domain_name":"acme","engagement_id":"e","x":1}"#

    @Test func knowsEveryKind() {
        #expect(
            Self.catalogue.kinds.map(\.name)
                == [
                    "call.bootstrap", "cockpit.auto_run", "crm.upsert_batch", "crm.upsert_company", "crm.upsert_person",
                    "demo.teardown", "endpoint.deliver", "endpoint.route", "engagement.bulk", "engagement.cancel",
                    "engagement.push", "engagement.reconcile", "engagement.route", "engagement.start",
                    "engagement.upsert", "hub.backfill", "hub.provision", "replay.run", "tips.bootstrap_fields",
                    "tips.sync", "tips.sync_agent", "twenty.event", "twenty.reconcile", "upkeep.log", "upkeep.prune",
                ])
        #expect(Self.catalogue["engagement.push"]?.retry.attempts == 4)
        #expect(Self.catalogue["engagement.upsert"]?.queue == JobQueue.crm)
        #expect(Self.catalogue["nothing"] == nil)
    }

    @Test(arguments: [
        ("engagement.push", #"{"target":"twenty","delivery_type":"status",\#(event)}"#),
        ("engagement.route", "{\(event)}"),
        ("engagement.upsert", #"{"engagement_id":"e","sent_at":"2026-01-31T12:00:00Z","history":[1],"extra":2}"#),
        ("replay.run", #"{"replay":"rp_1"}"#), ("engagement.start", #"{"start":"es_1"}"#),
        ("hub.provision", #"{"action":"sync_members","workspaceId":"w"}"#),
        ("hub.backfill", #"{"backfill":"bf_1","workspace":"w"}"#),
        ("demo.teardown", #"{"subdomain":"demo-1","workspaceId":"w","expires_at":"2026-01-31T12:00:00Z"}"#),
        ("engagement.cancel", #"{"engagement_id":"e","start":null,"domain_name":"d.example"}"#),
        ("engagement.bulk", #"{"bulk":"eb_1"}"#), ("engagement.reconcile", #"{"quiet_seconds":0}"#),
        ("engagement.reconcile", "{}"),
        ("cockpit.auto_run", #"{"person_id":"p","signal":"MISSED_CALL","phones":["+14165550100"]}"#),
        ("tips.sync", "{}"), ("tips.sync", #"{"dry_run":true}"#),
        ("tips.sync_agent", #"{"run":"1","agent":{"id":"7","email":"a@b.c"}}"#), ("tips.bootstrap_fields", "{}"),
        ("upkeep.prune", "{}"), ("upkeep.prune", #"{"keep_days":30}"#), ("upkeep.log", #"{"keep_days":1}"#),
        ("endpoint.deliver", #"{"endpoint":"ep_1","message":"msg_1","type":"a.created","body":{"a":1}}"#),
        (
            "endpoint.route",
            #"{"event_id":"e","at":"2026-01-31T12:00:00Z","type":"a.created","event":{"type":"a.created"}}"#
        ),
    ])
    func acceptsWhatTheHandlerReads(kind: String, arguments: String) throws {
        #expect(try problems(kind, arguments) == [])
    }

    @Test(arguments: [
        ("engagement.push", "{}", ["/args/target", "/args/delivery_type", "/args/event"]),
        ("engagement.push", #"{"target":"x","delivery_type":"y",\#(event)}"#, ["/args/target", "/args/delivery_type"]),
        (
            "engagement.push", #"{"target":"twenty","delivery_type":"status","body":"x",\#(event)}"#, ["/args/body"]
        ),
        (
            "engagement.push",
            #"{"target":"twenty","delivery_type":"status","event":{"type":"x.y","domain_name":"d"}}"#,
            ["/args/event/type"]
        ),
        (
            "engagement.push",
            #"{"target":"twenty","delivery_type":"status","event":{"type":"call.completed","domain_name":"d"}}"#,
            ["/args/event/call_sid"]
        ),
        (
            "engagement.push",
            #"{"target":"twenty","delivery_type":"status","event":{"type":"call.started","domain_name":"d","call_sid":"c"}}"#,
            ["/args/event/type"]
        ),
        ("engagement.route", #"{"event":{"type":"person.created","domain_name":"d"}}"#, ["/args/event/type"]),
        ("engagement.route", #"{"event":7}"#, ["/args/event"]),
        ("engagement.upsert", #"{"engagement_id":"e","sent_at":"now","status":5}"#, ["/args/sent_at", "/args/status"]),
        ("engagement.reconcile", #"{"quiet_seconds":-1}"#, ["/args/quiet_seconds"]),
        ("cockpit.auto_run", #"{"signal":"S"}"#, ["/args/person_id"]),
        ("cockpit.auto_run", #"{"person_id":"p","signal":"S","phone":"what"}"#, ["/args/phone"]),
        ("upkeep.prune", #"{"keep_days":0,"x":1}"#, ["/args/keep_days", "/args/x"]),
        ("hub.provision", #"{"action":"half","x":1}"#, ["/args/action", "/args/workspaceId", "/args/x"]),
        ("hub.backfill", "{}", ["/args/backfill", "/args/workspace"]),
        ("demo.teardown", #"{"subdomain":"No"}"#, ["/args/subdomain"]),
    ])
    func refusesWhatTheHandlerCannotRead(kind: String, arguments: String, expected: [String]) throws {
        #expect(try problems(kind, arguments).map(\.pointer) == expected)
    }

    /// A job by hand stands in the same lane as one that an event made.
    @Test func aJobByHandTakesTurnsWithTheOthers() throws {
        let event = try Sample.event(#"{"type":"call.completed","domain_name":"ac me","call_sid":"c"}"#)
        let push = try #require(EventRouter.plan(event, targets: [.zoho]).first)
        let route = try #require(EventRouter.planRoute(event).first)
        for job in [push, route] {
            let arguments = try #require(try JSONParser.parse(job.arguments).object)
            #expect(Self.catalogue[job.kind]?.lane(of: arguments) == job.lane)
            #expect(try problems(job.kind, Sample.text(job.arguments)) == [])
        }
        #expect(Self.catalogue["engagement.upsert"]?.lane(of: JSONObject()) == "")
    }
}
