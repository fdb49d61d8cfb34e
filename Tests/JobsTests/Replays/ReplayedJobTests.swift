import Basics
import Queue
import Testing

@testable import Jobs

@Suite struct ReplayedJobTests {
    private static let old = DeliverySamples.id()

    private func delivery(endpoint: String? = nil) -> Delivery {
        var delivery = Delivery(jobID: Self.old, target: "twenty", webhookID: "msg_first")
        delivery.endpointID = endpoint
        return delivery
    }

    private func make(
        _ arguments: [UInt8], endpoint: String? = nil, of known: Endpoint? = nil, lane: String? = nil
    ) throws(ReplayedJob.Refusal) -> NewJob {
        try ReplayedJob.make(
            delivery(endpoint: endpoint), arguments: arguments, lane: lane, endpoint: known,
            pushRetry: ReplayBench.retry, nowMilliseconds: 5)
    }

    /// Every byte but the delivery type's stays.
    @Test(arguments: [
        (
            #"{"a":"é \u0041","delivery_type":"status","history":[{"delivery_type":"status"}]}"#,
            #"{"a":"é \u0041","delivery_type":"replay","history":[{"delivery_type":"status"}]}"#
        ),
        (
            #"{"history":[{"delivery_type":"x"}] , "delivery_type" : "call_log" }"#,
            #"{"history":[{"delivery_type":"x"}] , "delivery_type" : "replay" }"#
        ),
        (#"{"n":1.50}"#, #"{"n":1.50}"#),
    ])
    func aPushKeepsItsBody(sent: String, repeated: String) throws {
        let event = try KeptPush(try ReplayBench.push()).arguments.event
        let arguments = KeptPush.encode(
            PushArguments(target: .zoho, deliveryType: .status, event: event), body: Array(sent.utf8))
        let job = try make(arguments)
        let push = try KeptPush(job.envelope.arguments)
        #expect(push.body.map { String(decoding: $0, as: UTF8.self) } == repeated)
        #expect(push.arguments.deliveryType == .replay && push.arguments.target == .zoho)
        #expect(push.arguments.messageID == "msg_first" && push.arguments.replayOf == Self.old.description)
        #expect(push.arguments.event == event && job.envelope.kind == JobKind.engagementPush)
        #expect(job.envelope.lane == "zoho:acme.example" && job.envelope.policy == ReplayBench.retry)
        #expect(job.id != Self.old && job.envelope.attempts == 0)
        let logged = Delivery(jobID: job.id, push: push.arguments, lane: "replay:rp_1")
        #expect(logged.webhookID == "msg_first" && logged.replayOf == Self.old.description)
        #expect(logged.deliveryType == "replay" && logged.replayID == "rp_1")
    }

    @Test func aPushThatWasNeverBuiltIsBuiltAnew() throws {
        let event = try KeptPush(try ReplayBench.push()).arguments.event
        let job = try make(PushArguments.encode(target: .twenty, deliveryType: .status, event: event), lane: "replay:r")
        let push = try KeptPush(job.envelope.arguments)
        #expect(push.body == nil && push.arguments.deliveryType == .replay && job.envelope.lane == "replay:r")
    }

    @Test func anEndpointsDeliveryKeepsEveryByte() throws {
        let endpoint = try EndpointFixture.endpoint(
            "ep_1", ["*.*"], #""retry":{"attempts":7,"delay_seconds":3}"#)
        let event = try EndpointFixture.event(EndpointFixture.person)
        let body = Array(#"{"z":1.0,  "a":"\/"}"#.utf8)
        let first = EndpointArguments(endpointID: "ep_1", messageID: "msg_first", event: event)
        for arguments in [first, first.with(body: body)] {
            let job = try make(arguments.encoded(), endpoint: "ep_1", of: endpoint)
            let again = try EndpointArguments(job.envelope.arguments)
            #expect(again.content == arguments.content && again.messageID == "msg_first")
            #expect(again.replayOf == Self.old.description && again.subject == arguments.subject)
            #expect(job.envelope.policy.attempts == 7 && job.envelope.lane == endpoint.lane)
        }
    }

    @Test func whatCannotBeSentSaysWhy() throws {
        let off = try EndpointFixture.endpoint("ep_1", ["*.*"], #""enabled":false"#)
        func skip(_ body: () throws(ReplayedJob.Refusal) -> NewJob) -> Replay.Skip? {
            do throws(ReplayedJob.Refusal) { _ = try body() } catch { return error.skip }
            return nil
        }
        let push = try ReplayBench.push()
        #expect(skip { () throws(ReplayedJob.Refusal) in try make(push, endpoint: "ep_1") } == .endpointDeleted)
        #expect(skip { () throws(ReplayedJob.Refusal) in try make(push, endpoint: "ep_1", of: off) } == .endpointOff)
        #expect(skip { () throws(ReplayedJob.Refusal) in try make([1, 2]) } == .unreadable)
        let event = try KeptPush(push).arguments.event
        let arguments = PushArguments(target: .zoho, deliveryType: .status, event: event)
        let room = Limits.maximumArgumentsBytes - KeptPush.encode(arguments, body: []).count
        let long = KeptPush.encode(arguments, body: [UInt8](repeating: 0x31, count: room))
        #expect(long.count == Limits.maximumArgumentsBytes)
        #expect(skip { () throws(ReplayedJob.Refusal) in try make(long) } == .unreadable)
    }
}
