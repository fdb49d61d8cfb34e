import Basics
import Queue
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct ProvisionTests {
    private static let provisioning = HubProvisioning(isEnabled: true, callback: nil)

    private func plan(_ text: String, _ provisioning: HubProvisioning = provisioning) throws -> PlannedJob? {
        ProvisionRouter.plan(try Sample.event(text), provisioning)
    }

    private static func event(_ action: String, workspace: String = "w-1") -> String {
        #"{"type":"workspace.\#(action)","domain_name":"acme.example","workspace_id":"\#(workspace)"}"#
    }

    @Test(arguments: [
        ("provisioned", "full", Int64(60_000)), ("member_added", "sync_members", 30_000),
    ])
    func eachEventAsksForItsAction(event: String, action: String, delay: Int64) throws {
        let job = try #require(try plan(Self.event(event)))
        #expect(job.kind == "hub.provision" && job.queue == JobQueue.hub && job.lane.isEmpty)
        #expect(
            job.key
                == .debounce("provision:\(action):w-1", quietMilliseconds: delay, longestMilliseconds: delay))
        #expect(
            Sample.text(job.arguments)
                == #"{"action":"\#(action)","workspaceId":"w-1","domainName":"acme.example"}"#)
        #expect(
            ProvisionHandler.description.problems(of: try JSONParser.parse(job.arguments), bytes: job.arguments, at: "")
                .isEmpty)
    }

    @Test func othersAskForNothingAndNothingIsAskedWhileItIsOff() throws {
        #expect(try plan(Self.event("provisioned"), .off) == nil)
        #expect(try plan(#"{"type":"workspace.created","domain_name":"d","workspace_id":"w"}"#) == nil)
        #expect(try plan(#"{"type":"call.started","domain_name":"d","call_sid":"c","workspace_id":"w"}"#) == nil)
    }

    @Test func anyWorkspaceHasAKeyOfItsOwn() throws {
        let names = [String(repeating: "a", count: 255), String(repeating: "a", count: 254) + "b", "ä b", "ä c", "w"]
        let keys = try names.map { try #require(try plan(Self.event("provisioned", workspace: $0))?.key?.name) }
        #expect(Set(keys).count == names.count && keys.allSatisfy { Envelope.isToken($0) })
    }

    @Test func theDelaysAreWhatTheVariablesSay() throws {
        let other = HubProvisioning(
            isEnabled: true, callback: nil, fullDelayMilliseconds: 0, membersDelayMilliseconds: 5_000)
        #expect(
            try plan(Self.event("provisioned"), other)?.key
                == .debounce("provision:full:w-1", quietMilliseconds: 0, longestMilliseconds: 0))
        #expect(try plan(Self.event("member_added"), other)?.delayMilliseconds == 5_000)
    }

    @Test func threeAttempts() {
        #expect(ProvisionHandler.description.retry.attempts == 3)
    }

    @Test(arguments: [
        ("{}", ["/workspaceId", "/action"]), (#"{"action":"half","workspaceId":"w"}"#, ["/action"]),
        (#"{"action":"full","workspaceId":""}"#, ["/workspaceId"]), ("[]", [""]),
    ])
    func wrongArgumentsAreNamed(text: String, pointers: [String]) throws {
        let error = #expect(throws: InputError.self) { try ProvisionArguments(Array(text.utf8)) }
        #expect(error?.problems.map(\.pointer) == pointers)
    }

    private struct Unexpected: Error {}

    private static let arguments = Array(#"{"action":"full","workspaceId":"w-1","domainName":"acme"}"#.utf8)

    /// What the assistant gets, and what each of its answers means.
    @Test(
        arguments: [
            (HubBench.json(#"{"status":"ok","domainName":"acme"}"#), JobOutcome.done(note: "ok")),
            (
                HubBench.json(#"{"status":"skipped","reason":"hub_not_linked"}"#),
                .done(note: "skipped: hub_not_linked")
            ),
            (HubBench.json(""), .done(note: "ok")), (HubBench.json("{}", status: 202), .done(note: "ok")),
            (
                HubBench.json(#"{"status":"error","message":"no such \#(HubBench.token)"}"#),
                .retry(reason: "service says error: no such ***")
            ),
            (HubBench.json("[]"), .retry(reason: "service unreadable: the answer is an array")),
            (
                HubBench.json("<html>"),
                .retry(reason: "service unreadable: the answer is not JSON (unexpected_byte)")
            ),
            (HubBench.json("busy", status: 503), .retry(reason: "service failed: status 503: busy")),
            (HubBench.json("no", status: 401), .bury(reason: "service unauthorized: status 401: no")),
            (HubBench.json("bad", status: 422), .bury(reason: "service refused: status 422: bad")),
            (
                .reply(status: 429, headers: [("Retry-After", "7")], body: []),
                .defer(milliseconds: 7_000, reason: "service limited: status 429")
            ),
        ] as [(TargetAnswer, JobOutcome)])
    func anAnswerMeans(answer: TargetAnswer, expected: JobOutcome) async throws {
        let target = try FakeTarget(answers: [answer])
        let id = JobID(nowMilliseconds: 1)
        let outcome = try await HubBench.withService(target.url(HubProvisioning.path)) {
            await ProvisionHandler(assistant: $0).run(Self.arguments, id: id)
        }
        #expect(outcome == expected)
        let request = try #require(target.requests.first)
        #expect(request.method == "POST" && request.path == "/internal/crm-hub-provision")
        #expect(request.header("Authorization") == "Bearer \(HubBench.token)")
        #expect(request.header("Idempotency-Key") == id.description)
        #expect(request.body == Self.arguments)
    }

    @Test func whatIsNotThereIsSaid() async throws {
        guard
            case .bury(let reason) = await ProvisionHandler(assistant: nil).run(
                Self.arguments, id: JobID(nowMilliseconds: 1))
        else { throw Unexpected() }
        #expect(reason.contains("AVENTORA_HUB_PROVISION_CALLBACK_URL"))
        let target = try FakeTarget(isListening: false)
        let outcome = try await HubBench.withService(target.url("")) {
            await ProvisionHandler(assistant: $0).run(Self.arguments, id: JobID(nowMilliseconds: 1))
        }
        guard case .retry(let reason, _, _) = outcome else { throw Unexpected() }
        #expect(reason.hasPrefix("service unreachable"))
    }
}
