import Basics
import Curl
import Guard
import Queue
import TestKit
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1))) struct ServiceClientTests {
    private static let token = "token-of-the-service"

    /// Calls a target that answers so; nothing is in `OUTBOUND_ALLOW`.
    private func call(
        _ answer: TargetAnswer, _ request: ServiceRequest = ServiceRequest(.get, "/x"), base: String = "/api/",
        isNamed: Bool = true, timeoutMilliseconds: Int = 5_000, responseLimitBytes: Int = 1_000
    ) async throws -> (TargetRequest?, Result<ServiceReply, ServiceError>) {
        let target = try FakeTarget(then: answer)
        let address = try ServiceAddress(
            name: "crm", url: target.url(base), token: WebhookSecret(Self.token), isNamedByOperator: isNamed)
        let curl = CurlClient(configuration: CurlConfiguration())
        let client = ServiceClient(
            address, client: curl, outbound: AddressGuard(), clock: SystemWallClock(),
            timeoutMilliseconds: timeoutMilliseconds, responseLimitBytes: responseLimitBytes)
        let result: Result<ServiceReply, ServiceError>
        do throws(ServiceError) { result = .success(try await client.send(request)) } catch { result = .failure(error) }
        await curl.shutdown()
        return (target.requests.first, result)
    }

    @Test func aCallCarriesWhatItShould() async throws {
        let (request, result) = try await call(
            .status(200),
            ServiceRequest(
                .post, "/people/a%2Fb", query: [("phone", "+1 416"), ("filter", #"a[eq]:"b&c""#)],
                headers: [("Idempotency-Key", "k")], body: Array("{}".utf8)))
        let sent = try #require(request)
        #expect(sent.method == "POST")
        #expect(sent.path == "/api/people/a%2Fb?phone=%2B1%20416&filter=a%5Beq%5D%3A%22b%26c%22")
        #expect(sent.header("Authorization") == "Bearer \(Self.token)")
        #expect(sent.header("Content-Type") == "application/json")
        #expect(sent.header("Idempotency-Key") == "k")
        #expect(try result.get().json().object?.members.isEmpty == true)
    }

    @Test func aHeaderOfTheCallReplacesItsOwn() async throws {
        let (request, _) = try await call(
            .status(200), ServiceRequest(.post, "/t", headers: [("content-type", "text/x")], body: [1]))
        #expect(request?.values("Content-Type") == ["text/x"])
    }

    @Test(
        arguments: [
            (200, nil), (204, nil), (301, "refused"), (400, "refused"), (401, "unauthorized"), (403, "unauthorized"),
            (404, "not_found"), (408, "timed_out"), (409, "refused"), (425, "limited"), (429, "limited"),
            (500, "failed"),
            (503, "failed"), (599, "failed"),
        ] as [(Int, String?)])
    func aStatusIsWhatItSays(_ status: Int, _ code: String?) async throws {
        let (_, result) = try await call(.status(status))
        let reply = try result.get()
        do throws(ServiceError) {
            try reply.success()
            #expect(code == nil)
        } catch {
            #expect(error.code.description == code)
            #expect(error.status == status)
        }
    }

    @Test func anErrorTellsNoSecret() async throws {
        let body = Array(#"{"seen":"Bearer token-of-the-service and other-secret"}"#.utf8)
        let (_, result) = try await call(
            .reply(status: 500, headers: [], body: body), ServiceRequest(.get, "/x", secrets: ["other-secret"]))
        let error = #expect(throws: ServiceError.self) { try result.get().success() }
        let text = "\(try #require(error))"
        #expect(!text.contains(Self.token) && !text.contains("other-secret") && text.contains("status 500"))
    }

    @Test func whatIsNotJSONIsUnreadable() async throws {
        let (_, result) = try await call(.reply(status: 200, headers: [], body: Array("<html>".utf8)))
        let error = #expect(throws: ServiceError.self) { try result.get().json() }
        #expect(error?.code == .unreadable)
        #expect(error?.isRetriable == true)
    }

    @Test func anAnswerBeyondTheLimitIsNone() async throws {
        let (_, result) = try await call(.big(status: 200, byteCount: 1_001))
        #expect(throws: ServiceError.self) { try result.get() }
        let (_, whole) = try await call(.big(status: 200, byteCount: 1_000))
        #expect(try whole.get().body.count == 1_000)
    }

    @Test(arguments: [(TargetAnswer.reset, "unreachable"), (.garbage, "unreachable"), (.close, "unreachable")])
    func aBrokenAnswerIsUnreachable(_ answer: TargetAnswer, _ code: String) async throws {
        let (_, result) = try await call(answer)
        let error = #expect(throws: ServiceError.self) { try result.get() }
        #expect(error?.code.description == code)
    }

    @Test func aHangEndsWithTheTimeLimit() async throws {
        let (_, result) = try await call(.hang, timeoutMilliseconds: 300)
        let error = #expect(throws: ServiceError.self) { try result.get() }
        #expect(error?.code == .timedOut)
    }

    @Test func onlyAVariableOpensAPrivatePlace() async throws {
        let (request, result) = try await call(.status(200), isNamed: false)
        let error = #expect(throws: ServiceError.self) { try result.get() }
        #expect(error?.code == .addressRefused)
        #expect(request == nil)
    }

    @Test(arguments: [
        "http://169.254.169.254/latest", "http://metadata.google.internal", "ftp://crm.example", "crm.example",
        "https://user:pw@crm.example", "https://crm.example/?key=1", "https://crm.example/#x",
    ])
    func anAddressThatNothingOpensIsNone(_ url: String) {
        #expect(throws: ServiceAddress.Fault.self) {
            try ServiceAddress(name: "crm", url: url, token: nil, isNamedByOperator: true)
        }
    }

    @Test func localhostStandsForItsTwoAddressesOnThatPort() throws {
        let address = try ServiceAddress(
            name: "crm", url: "http://localhost:3000", token: nil, isNamedByOperator: true)
        #expect(address.rows.map(\.description) == ["127.0.0.1:3000", "[::1]:3000"])
    }

    @Test(arguments: [
        (ServiceError(.ours, service: "s", ""), JobOutcome.defer(milliseconds: 1_000, reason: "s ours: ")),
        (ServiceError(.limited, service: "s", ""), .defer(milliseconds: 10_000, reason: "s limited: ")),
        (
            ServiceError(.limited, service: "s", "", retryAfterMilliseconds: 7_200_000),
            .defer(milliseconds: 3_600_000, reason: "s limited: ")
        ),
        (
            ServiceError(.failed, service: "s", "", retryAfterMilliseconds: 5),
            .retry(reason: "s failed: ", notBeforeMilliseconds: 5)
        ),
        (ServiceError(.unauthorized, service: "s", ""), .bury(reason: "s unauthorized: ")),
        (ServiceError(.addressRefused, service: "s", ""), .bury(reason: "s address_refused: ")),
    ])
    func anErrorIsAnOutcome(_ error: ServiceError, _ outcome: JobOutcome) { #expect(error.outcome == outcome) }

    @Test(arguments: [
        ("", ""), ("aZ09-._~", "aZ09-._~"), ("a b+c", "a%20b%2Bc"), ("é/", "%C3%A9%2F"), ("\u{0}%", "%00%25"),
    ])
    func everythingReservedIsEncoded(_ text: String, _ encoded: String) {
        #expect(PercentEncoding.encode(text) == encoded)
    }
}
