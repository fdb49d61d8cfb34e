import Basics
import Curl
import Guard
import Logging
import Postgres
import Redis
import TestKit

@testable import Jobs
@testable import Queue

/// What tests of the Hub's jobs have in common.
enum HubBench {
    struct Clock: WallClock {
        var milliseconds: Int64 = 1_800_000_000_000

        func nowMilliseconds() -> Int64 { milliseconds }
    }

    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let token = "a-callback-token"

    /// Runs `body` with a caller of a service at this address.
    static func withService<Value>(
        _ url: String, _ body: (ServiceClient) async throws -> Value
    ) async throws -> Value {
        let address = try ServiceAddress(
            name: "service", url: url, token: WebhookSecret(token), isNamedByOperator: true)
        return try await withCurl { curl in
            try await body(
                ServiceClient(
                    address, client: curl, outbound: AddressGuard(), clock: Clock(), timeoutMilliseconds: 2_000))
        }
    }

    static func withCurl<Value>(_ body: (CurlClient) async throws -> Value) async throws -> Value {
        let curl = CurlClient()
        let result: Result<Value, any Error>
        do { result = .success(try await body(curl)) } catch { result = .failure(error) }
        await curl.shutdown()
        return try result.get()
    }

    static func json(_ text: String, status: Int = 200) -> TargetAnswer {
        .reply(status: status, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }

    /// - Precondition: the text may stand in a header.
    static func secret(_ text: String) -> WebhookSecret {
        guard let secret = WebhookSecret(text) else { preconditionFailure("'\(text)' is no secret") }
        return secret
    }

    static func body(_ request: TargetRequest) throws -> JSONObject {
        try JSONParser.parse(request.body).object ?? JSONObject()
    }
}
