import Basics
import Curl
import Guard
import Queue
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1))) struct TwentyErrorTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let status: Int
        let body: String
        let code: TwentyError.Code
        var wait: Int64?
        var headers: [(name: String, value: String)] = []
        var testDescription: String { "\(status) \(body.prefix(60))" }
    }

    static let cases = [
        Case(
            status: 403,
            body: #"{"statusCode":403,"error":"FORBIDDEN_EXCEPTION","messages":["Missing authentication token"]}"#,
            code: .authError),
        Case(
            status: 401, body: #"{"statusCode":401,"error":"UNAUTHENTICATED","messages":["Token invalid."]}"#,
            code: .authError),
        // The three historical answers at the limit.
        Case(
            status: 400,
            body: #"{"statusCode":400,"message":"Limit reached (100 tokens per 60000 ms)","error":"Bad Request"}"#,
            code: .rateLimit, wait: 60_000),
        Case(
            status: 400, body: #"{"statusCode":400,"error":"BadRequestException","messages":["Limit reached"]}"#,
            code: .rateLimit, wait: 60_000),
        Case(status: 429, body: "", code: .rateLimit, wait: 60_000),
        Case(
            status: 429, body: #"{"statusCode":429,"error":"RATE_LIMITED","messages":["x"],"retryAfterSeconds":7}"#,
            code: .rateLimit, wait: 9_000, headers: [("Retry-After", "9")]),
        Case(
            status: 429, body: #"{"statusCode":429,"error":"RATE_LIMITED","retryAfterSeconds":7.5}"#, code: .rateLimit,
            wait: 7_500),
        Case(
            status: 429, body: #"{"error":"RATE_LIMITED"}"#, code: .rateLimit, wait: 1_000,
            headers: [("Retry-After", "0")]),
        Case(status: 402, body: #"{"error":"QUOTA_EXHAUSTED","retryAfterSeconds":1}"#, code: .rateLimit, wait: 900_000),
        Case(
            status: 400, body: #"{"error":"BadRequestException","messages":["A duplicate entry was detected"]}"#,
            code: .duplicate),
        Case(status: 409, body: "", code: .duplicate),
        Case(
            status: 400, body: #"{"messages":["x"],"code":"UPSERT_MULTIPLE_MATCHING_RECORDS_CONFLICT"}"#,
            code: .ambiguous),
        Case(status: 404, body: #"{"error":"NotFoundException","messages":["Record not found"]}"#, code: .notFound),
        Case(status: 400, body: #"{"error":"NotFoundException","messages":["Record not found"]}"#, code: .notFound),
        Case(
            status: 400, body: #"{"messages":["Object person doesn't have any \"shoeSize\" field."]}"#,
            code: .validationError),
        Case(status: 400, body: #"{"messages":["Invalid UUID"]}"#, code: .validationError),
        Case(status: 422, body: "{}", code: .validationError),
        // What Twenty says when it does not know itself, and what a proxy says.
        Case(
            status: 400, body: #"{"statusCode":400,"error":"Error","messages":["Query read timeout"]}"#,
            code: .serverError),
        Case(status: 400, body: "<html>Bad Request</html>", code: .serverError),
        Case(status: 502, body: "<html>Bad Gateway</html>", code: .serverError),
        Case(status: 503, body: "{}", code: .serverError, wait: nil),
        Case(status: 408, body: "", code: .timeout),
        Case(status: 200, body: "<html>fine</html>", code: .serverError),
        Case(status: 200, body: #"{"data":{"something":"else"}}"#, code: .serverError),
        Case(status: 200, body: "[]", code: .serverError),
    ]

    @Test(arguments: cases)
    func anAnswerIsClassifiedByStatusAndMessage(_ example: Case) async throws {
        let target = try FakeTarget(
            then: .reply(status: example.status, headers: example.headers, body: Array(example.body.utf8)))
        try await TwentyFixture.withClient(target) { client, limits in
            let error = await #expect(throws: TwentyError.self) { try await client.page(.people) }
            #expect(error?.code == example.code)
            #expect(error?.retryAfterMilliseconds == example.wait)
            #expect(error?.description.contains(TwentyFixture.key) == false)
            // Everybody hears of a limit.
            let held = try await limits.held(client.bucket)
            #expect((held > 0) == (example.code == .rateLimit))
            if let wait = example.wait { #expect(held <= wait && held > wait - 30_000) }
        }
    }

    @Test(arguments: [
        (TargetAnswer.reset, TwentyError.Code.networkError), (.close, .networkError), (.garbage, .networkError),
    ])
    func anAnswerThatDoesNotComeIsANetworkError(_ answer: TargetAnswer, _ code: TwentyError.Code) async throws {
        try await TwentyFixture.withClient(try FakeTarget(then: answer)) { client, _ in
            let error = await #expect(throws: TwentyError.self) { try await client.page(.people) }
            #expect(error?.code == code && error?.isRetriable == true)
        }
    }

    @Test func anAnswerThatHangsIsATimeout() async throws {
        try await TwentyFixture.withClient(try FakeTarget(then: .hang), timeoutMilliseconds: 200) { client, _ in
            let error = await #expect(throws: TwentyError.self) { try await client.page(.people) }
            #expect(error?.code == .timeout && error?.isRetriable == true)
        }
    }

    @Test func onlyALimitAndOurOwnFaultsAreFree() {
        func outcome(_ code: TwentyError.Code, _ wait: Int64? = nil) -> JobOutcome {
            TwentyError(code, "x", retryAfterMilliseconds: wait).outcome
        }
        #expect(outcome(.rateLimit, 5_000) == .defer(milliseconds: 5_000, reason: "RATE_LIMIT: x"))
        #expect(outcome(.rateLimit) == .defer(milliseconds: 60_000, reason: "RATE_LIMIT: x"))
        #expect(outcome(.interrupted) == .defer(milliseconds: 1_000, reason: "INTERRUPTED: x"))
        for code: TwentyError.Code in [.timeout, .networkError, .serverError] {
            #expect(outcome(code) == .retry(reason: "\(code): x"))
        }
        for code: TwentyError.Code in [
            .authError, .notFound, .validationError, .duplicate, .ambiguous, .operationFailed,
        ] { #expect(outcome(code) == .bury(reason: "\(code): x")) }
    }
}
