import Basics
import Queue
import Testing

@testable import Jobs

/// The pure parts of a delivery.
@Suite(.timeLimit(.minutes(1)))
struct EndpointDeliveryTests {
    private typealias Decision = EndpointRule.Decision

    @Test(arguments: Array(100..<600))
    func everyStatusHasOneMeaning(_ status: Int) {
        let decision = EndpointRule.decide(
            .response(status: status, retryAfterMilliseconds: 2_000, location: nil), ageMilliseconds: 0)
        switch status {
        case 200...299: #expect(decision == .delivered)
        case 300...399: #expect(decision == .final(reason: "HTTP \(status): redirects are not followed"))
        case 410: #expect(decision == .gone(reason: "HTTP 410: the endpoint is gone"))
        case 429, 503:
            #expect(
                decision
                    == .wait(reason: "HTTP \(status): it asked to be left alone for 2 s", milliseconds: 2_000))
        default:
            #expect(decision == .retry(reason: "HTTP \(status)", holdMilliseconds: 0))
        }
    }

    @Test func aRedirectShowsWhereItLeads() {
        let decision = EndpointRule.decide(
            .response(status: 301, location: "https://new.example/\r\nX: 1"), ageMilliseconds: 0)
        guard case .final(let reason) = decision else {
            Issue.record("not final")
            return
        }
        #expect(reason.contains("https://new.example/") && !reason.contains("\r") && !reason.contains("\n"))
    }

    @Test(arguments: [nil, Int64(-5), 0])
    func withoutATimeToWaitTheTimetableDecides(_ asked: Int64?) {
        let decision = EndpointRule.decide(
            .response(status: 429, retryAfterMilliseconds: asked), ageMilliseconds: 0)
        #expect(decision == .retry(reason: "HTTP 429", holdMilliseconds: 0))
    }

    @Test(arguments: [(Int64(1), Int64(1)), (3_600_000, 3_600_000), (3_600_001, 3_600_000)])
    func boundsWhatATargetAsksFor(_ asked: Int64, _ given: Int64) {
        let result = DeliveryResult.response(status: 503, retryAfterMilliseconds: asked)
        let young = EndpointRule.decide(result, ageMilliseconds: EndpointRule.longestPatienceMilliseconds - 1)
        guard case .wait(_, given) = young else {
            Issue.record("\(young)")
            return
        }
        let old = EndpointRule.decide(result, ageMilliseconds: EndpointRule.longestPatienceMilliseconds)
        #expect(old == .retry(reason: "HTTP 503", holdMilliseconds: given))
    }

    @Test(arguments: TransportFailure.allCases)
    func failures(_ failure: TransportFailure) {
        let decision = EndpointRule.decide(.failure(failure, detail: "d"), ageMilliseconds: 0)
        let reason = "\(failure.rawValue): d"
        let again = Decision.retry(reason: reason, holdMilliseconds: 0)
        #expect(decision == (failure.isRetriable ? again : .final(reason: reason)))
    }

    @Test func argumentsKeepTheEventAndThenTheBodyToTheByte() throws {
        let event = try EndpointFixture.event(EndpointFixture.person)
        let endpoint = try EndpointFixture.endpoint("ep_1", ["*.*"], #""retry":{"attempts":2,"delay_seconds":3}"#)
        let job = try #require(EndpointRouter.plan(event, to: [endpoint], nowMilliseconds: 5).first)
        #expect(job.envelope.kind == "endpoint.deliver" && job.envelope.lane == "endpoint:ep_1")
        #expect(job.envelope.policy == RetryPolicy(attempts: 2, delayMilliseconds: 3_000))
        let arguments = try EndpointArguments(job.envelope.arguments)
        #expect(arguments.endpointID == "ep_1" && arguments.messageID == "msg_\(job.id)")
        #expect(arguments.content == .event(event))
        let body = Array(#"{"n":1.50,"s":"é\n\u0041", "o":{ }}"#.utf8)
        let kept = arguments.with(body: body)
        #expect(try EndpointArguments(kept.encoded()) == kept)
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"endpoint":"e","message":"m"}"#, #"{"endpoint":"e","message":"m","type":"a.created"}"#,
        #"{"endpoint":"e f","message":"m","type":"a.created","body":{}}"#,
        #"{"endpoint":"e","message":"m","type":"a.created","event_id":"e","at":"x","event":{}}"#,
        #"{"endpoint":"e","message":"m","type":"a.created","event_id":"e","at":"2026-01-01T00:00:00Z","event":[]}"#,
    ])
    func refusesOtherArguments(_ text: String) {
        #expect(throws: InputError.self) { try EndpointArguments(Array(text.utf8)) }
        #expect(throws: InputError.self) { try EndpointRouteArguments.decode(Array(text.utf8)) }
    }

    @Test func aRouteCarriesTheEvent() throws {
        let event = try EndpointFixture.event(EndpointFixture.person)
        let job = EndpointRouter.planRoute(event, nowMilliseconds: 5)
        #expect(try EndpointRouteArguments.decode(job.envelope.arguments) == event)
        #expect(EndpointRouter.plan(event, to: [], nowMilliseconds: 5).isEmpty)
    }

    @Test func aParkedEndpointIsTriedOneAtATime() throws {
        let endpoint = try EndpointFixture.endpoint("e", ["*.*"], #""max_in_flight":9,"rate_per_second":2"#)
        #expect(EndpointLanes.limits(of: endpoint).inFlight == 9 && EndpointLanes.limits(of: endpoint).perSecond == 2)
        #expect(EndpointLanes.limits(of: endpoint).breaker != nil)
        func limits(parked: Bool, releasing: Bool, _ members: String = "") throws -> LaneLimits {
            let parking = Endpoint.Parking(sinceMilliseconds: 0, reason: "r", probeAtMilliseconds: 0, probes: 0)
            return EndpointLanes.limits(
                of: Endpoint(
                    id: "e", settings: try EndpointFixture.settings(members), secrets: [], sealedExtras: nil,
                    parking: parked ? parking : nil, isReleasing: releasing, failuresInARow: 0,
                    createdAtMilliseconds: 0, updatedAtMilliseconds: 0))
        }
        #expect(try limits(parked: true, releasing: false).inFlight == 1)
        #expect(try limits(parked: false, releasing: true).inFlight == 1)
        #expect(try limits(parked: false, releasing: true).perSecond == 100)
        #expect(try limits(parked: false, releasing: true, #""rate_per_second":7"#).perSecond == 7)
        #expect(try limits(parked: false, releasing: false).perSecond == 0)
    }
}
