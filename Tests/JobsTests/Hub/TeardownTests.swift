import Basics
import Queue
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct TeardownTests {
    private func run(
        _ arguments: String, _ answers: [TargetAnswer]
    ) async throws -> (JobOutcome, [TargetRequest]) {
        let target = try FakeTarget(answers: answers, then: HubBench.json("{}", status: 500))
        let outcome = try await HubBench.withService(target.url("")) {
            await TeardownHandler(crm: $0, clock: HubBench.Clock()).run(Array(arguments.utf8))
        }
        return (outcome, target.requests)
    }

    private static let demo = #"{"subdomain":"demo-1"}"#
    private static let meant = #"{"subdomain":"demo-1","workspaceId":"w-1"}"#
    private static let gone = HubBench.json(#"{"statusCode":404,"message":"Workspace not found"}"#, status: 404)

    @Test(
        arguments: [
            (demo, [HubBench.json(#"{"deleted":true}"#)], JobOutcome.done(note: "deleted")),
            (demo, [HubBench.json("", status: 204)], .done(note: "deleted")),
            (demo, [gone], .done(note: "it was gone already")),
            (meant, [gone], .done(note: "it was gone already")),
            (meant, [HubBench.json(#"{"workspaceId":"w-1"}"#), HubBench.json("{}")], .done(note: "deleted")),
            (meant, [HubBench.json(#"{"workspace":{"id":"w-1"}}"#), HubBench.json("{}")], .done(note: "deleted")),
            (
                meant, [HubBench.json(#"{"workspaceId":"w-2"}"#)],
                .done(note: "left alone: another workspace has this subdomain now, w-2")
            ),
            (meant, [HubBench.json("{}")], .retry(reason: "service unreadable: the answer names no workspace")),
            (demo, [HubBench.json("down", status: 502)], .retry(reason: "service failed: status 502: down")),
            (demo, [HubBench.json("no", status: 401)], .bury(reason: "service unauthorized: status 401: no")),
            (
                demo, [HubBench.json(#"{"message":"Cannot DELETE /auth"}"#, status: 404)],
                .bury(
                    reason: #"service not_found: there is no such route: status 404: {"message":"Cannot DELETE /auth"}"#
                )
            ),
        ] as [(String, [TargetAnswer], JobOutcome)])
    func itMeans(arguments: String, answers: [TargetAnswer], expected: JobOutcome) async throws {
        let (outcome, requests) = try await run(arguments, answers)
        #expect(outcome == expected)
        #expect(requests.count == answers.count)
        for request in requests {
            #expect(request.path == "/auth/provision/workspace?subdomain=demo-1")
            #expect(request.header("Authorization") == "Bearer \(HubBench.token)")
        }
    }

    @Test func itWaitsForTheExpiry() async throws {
        let later = Timestamp(milliseconds: HubBench.Clock().milliseconds + 90_000).iso8601
        let (outcome, requests) = try await run(#"{"subdomain":"demo-1","expires_at":"\#(later)"}"#, [])
        #expect(outcome == .defer(milliseconds: 90_000, reason: "the demo has not expired yet"))
        #expect(requests.isEmpty)
        let earlier = Timestamp(milliseconds: HubBench.Clock().milliseconds).iso8601
        let (over, _) = try await run(
            #"{"subdomain":"demo-1","expires_at":"\#(earlier)"}"#, [HubBench.json("{}")])
        #expect(over == .done(note: "deleted"))
    }

    @Test(arguments: [
        ("{}", ["/subdomain"]), (#"{"subdomain":"Demo"}"#, ["/subdomain"]), (#"{"subdomain":"ab"}"#, ["/subdomain"]),
        (#"{"subdomain":"a&subdomain=b"}"#, ["/subdomain"]),
        (#"{"subdomain":"\#(String(repeating: "a", count: 31))"}"#, ["/subdomain"]),
        (#"{"subdomain":"demo","expires_at":"soon"}"#, ["/expires_at"]),
    ])
    func wrongArgumentsAreNamed(text: String, pointers: [String]) throws {
        let error = #expect(throws: InputError.self) { try TeardownArguments(Array(text.utf8)) }
        #expect(error?.problems.map(\.pointer) == pointers)
    }

    @Test func withoutACRMItIsSaid() async throws {
        let outcome = await TeardownHandler(crm: nil, clock: HubBench.Clock()).run(Array(Self.demo.utf8))
        #expect(
            outcome
                == .bury(reason: "CRM_API_URL or CRM_PROVISIONING_SECRET is not set for the worker that ran it"))
    }
}
