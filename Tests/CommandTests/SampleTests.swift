import Foundation
import Synchronization
import Testing

@testable import Command

struct SampleCallTests {
    private static let template = """
        {"steps": [[{"type": "call.started", "id": "e-{{run}}", "occurred_at": "{{time:-90.5}}"}],
        [{"type": "x"}, {"type": "call.completed", "engagement_id": "eng-{{run}}", "{{odd}}": "{{",
        "data": {"status": "completed"}}]]}
        """

    @Test func placeholdersAreFilledIn() throws {
        let now = Date(timeIntervalSince1970: 1_700_000_000.25)
        let call = try SampleCall(template: Self.template, run: "r1", now: now)
        #expect(call.engagementID == "eng-r1")
        #expect(call.finalStatus == "completed")
        #expect(call.steps.map(\.types) == [["call.started"], ["x", "call.completed"]])
        let first = String(decoding: call.steps[0].body, as: UTF8.self)
        #expect(first == #"{"id":"e-r1","occurred_at":"2023-11-14T22:11:49.750Z","type":"call.started"}"#)
        #expect(call.steps[1].body.first == UInt8(ascii: "["))
    }

    @Test(arguments: ["", "{}", #"{"steps":[]}"#, #"{"steps":[[{"type":"a"}]]}"#])
    func brokenTemplateIsAnError(template: String) {
        let error = #expect(throws: CommandError.self) {
            _ = try SampleCall(template: template, run: "r", now: Date(timeIntervalSince1970: 0))
        }
        #expect(error?.code == .sample)
    }

    @Test func runsDiffer() {
        let now = Date(timeIntervalSince1970: 1)
        #expect(SampleCall.makeRun(now: now) != SampleCall.makeRun(now: now))
    }
}

struct HTTPReplyTests {
    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, "{}", true),
        ("HTTP/1.1 202 Accepted\r\ncontent-length: 5\r\n\r\n{}", 202, "{}", false),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", 200, "abcde",
            true
        ),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nd", 200, "abc", false),
        ("HTTP/1.0 503 No\r\n\r\nwait", 503, "wait", false),
    ])
    func parses(text: String, status: Int, body: String, isWhole: Bool) throws {
        let reply = try #require(HTTPReply(Array(text.utf8)))
        #expect(reply.status == status)
        #expect(String(decoding: reply.body, as: UTF8.self) == body)
        #expect(reply.isWhole == isWhole)
    }

    @Test(arguments: ["", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", "+PONG\r\n\r\n", "HTTP/1.1 many\r\n\r\n"])
    func noHeadIsNoReply(text: String) { #expect(HTTPReply(Array(text.utf8)) == nil) }
}

@Suite(.timeLimit(.minutes(1)))
struct SamplePosterTests {
    /// Answers in turn, per method and path; the last answer stays.
    private final class Script: SampleTransport {
        private let answers: Mutex<[String: [SampleResponse]]>
        private let sent = Mutex<[SampleRequest]>([])

        init(_ answers: [String: [(Int, String)]]) {
            self.answers = Mutex(
                answers.mapValues { $0.map { SampleResponse(status: $0.0, body: Array($0.1.utf8)) } }
            )
        }

        var requests: [SampleRequest] { sent.withLock { $0 } }

        func send(_ request: SampleRequest) async throws(CommandError) -> SampleResponse {
            sent.withLock { $0.append(request) }
            let key = "\(request.method) \(request.path)"
            let answer = answers.withLock { answers -> SampleResponse? in
                guard let list = answers[key], let first = list.first else { return nil }
                if list.count > 1 { answers[key] = Array(list.dropFirst()) }
                return first
            }
            guard let answer else { throw CommandError(.serverAway, "no answer for \(key)") }
            return answer
        }
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])

        var all: [String] { lines.withLock { $0 } }

        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private static let accepted = #"{"durability":"queued","events":[{"id":"e","duplicate":false,"jobs":["j1"]}]}"#

    private func call() throws -> SampleCall {
        let template = #"{"steps":[[{"type":"call.completed","engagement_id":"g","data":{"status":"completed"}}]]}"#
        return try SampleCall(template: template, run: "r", now: Date(timeIntervalSince1970: 0))
    }

    private func deliver(
        _ script: Script, row: String? = "completed", lines: Lines = Lines(), limit: Duration = .seconds(30)
    ) async throws {
        let poster = SamplePoster(transport: script, token: "t", limit: limit) { lines.add($0) }
        try await poster.deliver(try call()) { $0 == "g" ? row : nil }
    }

    @Test func followsTheJobToItsEndAndSaysSo() async throws {
        let script = Script([
            "POST /v1/events": [(503, "{}"), (202, Self.accepted)],
            "GET /v1/jobs/j1": [(404, "{}"), (200, #"{"state":"ready"}"#), (200, #"{"state":"done","attempts":2}"#)],
        ])
        let lines = Lines()
        try await deliver(script, lines: lines)
        #expect(lines.all.count == 2)
        #expect(lines.all[0].hasPrefix("sample: call.completed -> job j1 done, 2 attempts, "))
        #expect(lines.all[1] == "sample: receiver's row g: status completed")
        #expect(script.requests.map(\.method) == ["POST", "POST", "GET", "GET", "GET"])
        #expect(script.requests.allSatisfy { $0.token == "t" })
    }

    @Test(arguments: [
        ([(401, "{\"title\":\"no\"}")], [], "call.completed was refused, status 401"),
        ([(503, "{}")], [], "call.completed was not accepted in time, status 503"),
        ([(202, "{}")], [], "the API answered unexpected JSON"),
        ([(202, #"{"events":[]}"#)], [], "call.completed: 1 events posted, 0 answered"),
        ([(202, accepted)], [(200, #"{"state":"dead","last_error":"status 400"}"#)], "job j1 is dead: status 400"),
        ([(202, accepted)], [(200, #"{"state":"due","why":"waiting"}"#)], "job j1 is due: waiting"),
        ([(202, accepted)], [(404, "{}")], "job j1 is status 404: not over in time"),
    ])
    func saysWhatIsMissing(post: [(Int, String)], job: [(Int, String)], message: String) async throws {
        let script = Script(["POST /v1/events": post, "GET /v1/jobs/j1": job])
        let error = await #expect(throws: CommandError.self) { try await deliver(script, limit: .milliseconds(200)) }
        #expect(error?.code.exitCode == 1)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: [(nil, "no row"), ("paused", "status paused")] as [(String?, String)])
    func wrongRowIsMissing(row: String?, found: String) async throws {
        let script = Script([
            "POST /v1/events": [(202, Self.accepted)], "GET /v1/jobs/j1": [(200, #"{"state":"done"}"#)],
        ])
        let error = await #expect(throws: CommandError.self) {
            try await deliver(script, row: row, limit: .seconds(1))
        }
        #expect(error?.message == "the receiver's row of g: \(found)")
    }
}
