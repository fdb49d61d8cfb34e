import Basics
import Queue
import Testing

@testable import Jobs

/// Events that our own pushes caused do not go back where they came from.
@Suite(.timeLimit(.minutes(1)))
struct EchoFilterTests {
    private func arguments(
        _ origin: String?, target: CRMTarget = .twenty, ids: String = #""engagement_id":"e1""#
    ) throws -> PushArguments {
        let mark = origin.map { #","origin":"\#($0)""# } ?? ""
        let event = try Sample.event(#"{"type":"engagement.updated","domain_name":"acme",\#(ids)\#(mark)}"#)
        return try PushArguments.decode(PushArguments.encode(target: target, deliveryType: .status, event: event))
    }

    private func body(_ status: String, sentAt: String = "2026-01-01T00:00:00Z") -> [UInt8] {
        Array(
            #"{"engagement_id":"e1","status":"\#(status)","history":[{"a":1.50}],"sent_at":"\#(sentAt)","delivery_type":"status"}"#
                .utf8)
    }

    /// A delivered push, as the log has it.
    private func deliver(
        _ store: DeliveryStore, _ status: String, _ arguments: PushArguments, at milliseconds: Int64,
        outcome: DeliveryAttempt.Outcome = .delivered
    ) async throws {
        let delivery = Delivery(jobID: JobID(nowMilliseconds: milliseconds), push: arguments, lane: "")
        var attempt = DeliveryAttempt(
            delivery, fence: milliseconds, attempt: 1, outcome: outcome, startedAtMilliseconds: milliseconds)
        if outcome == .delivered { attempt.payload = KeptPush.encode(arguments, body: body(status)) }
        try await store.record([attempt])
    }

    @Test func onlyTheStateLastSentToTheOriginIsAnEcho() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = DeliveryStore(pool: pool)
            let filter = EchoFilter(deliveries: store)
            let (plain, echo) = (try arguments(nil), try arguments("twenty"))
            let now = SystemWallClock().nowMilliseconds()
            let later = body("done", sentAt: "2026-02-02T02:02:02Z")
            #expect(try await filter.isEcho(later, echo) == false)
            try await deliver(store, "ringing", plain, at: now)
            try await deliver(store, "done", plain, at: now + 1)
            try await deliver(store, "failed", plain, at: now + 2, outcome: .failed)
            #expect(try await filter.isEcho(later, echo))
            // What was sent before the last is news, as is what a person changed.
            #expect(try await filter.isEcho(body("ringing"), echo) == false)
            #expect(try await filter.isEcho(body("changed by hand"), echo) == false)
            // Without the mark, from somewhere else, and for somebody else it goes out.
            #expect(try await filter.isEcho(later, plain) == false)
            #expect(try await filter.isEcho(later, try arguments("hubspot")) == false)
            #expect(try await filter.isEcho(later, try arguments("twenty", target: .hubspot)) == false)
            #expect(try await filter.isEcho(later, try arguments("twenty", ids: #""engagement_id":"e2""#)) == false)
        }
    }

    @Test func aCallWithoutAnEngagementIsFoundByItsCall() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = DeliveryStore(pool: pool)
            let ids = #""call_sid":"CA1""#
            try await deliver(
                store, "done", try arguments(nil, ids: ids), at: SystemWallClock().nowMilliseconds())
            let filter = EchoFilter(deliveries: store)
            #expect(try await filter.isEcho(body("done"), try arguments("twenty", ids: ids)))
            #expect(
                try await filter.isEcho(body("done"), try arguments("twenty", ids: #""call_sid":"CA2""#)) == false)
        }
    }

    @Test(arguments: ["", "[]", "{", #""x""#])
    func whatIsNoBodyHasNoState(_ text: String) { #expect(EchoFilter.state(Array(text.utf8)) == nil) }

    @Test(arguments: ["null", "5", #"{"a":1}"#])
    func anOriginOfAnotherFormIsThePostersAffair(_ value: String) throws {
        let event = try Sample.event(
            #"{"type":"engagement.updated","domain_name":"d","engagement_id":"e","origin":\#(value)}"#)
        #expect(event.origin == nil)
    }
}
