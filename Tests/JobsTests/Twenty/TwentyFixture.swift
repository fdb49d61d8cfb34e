import Basics
import Curl
import Guard
import Postgres
import Queue
import TestKit

@testable import Jobs

/// A client of Twenty against a fake target, with a limit that lets everything through.
enum TwentyFixture {
    /// Long enough to be looked for in messages.
    static let key = "key-of-the-workspace-0123456789"

    static let wide = TwentyLimits(perMinute: 60_000, burst: 1_000)

    static func withClient(
        _ target: FakeTarget, timeoutMilliseconds: Int = 5_000, limits: TwentyLimits = wide,
        _ body: (TwentyClient, TwentyLimitStore) async throws -> Void
    ) async throws {
        let curl = CurlClient()
        do {
            try await PostgresFixture.withDatabase { pool in
                let store = TwentyLimitStore(pool: pool)
                try await body(
                    try client(target.url(""), curl, store, timeoutMilliseconds: timeoutMilliseconds, limits: limits),
                    store)
            }
        } catch {
            await curl.shutdown()
            throw error
        }
        await curl.shutdown()
        target.stop()
    }

    static func client(
        _ url: String, _ curl: CurlClient, _ store: TwentyLimitStore, timeoutMilliseconds: Int = 5_000,
        limits: TwentyLimits = wide
    ) throws -> TwentyClient {
        let address = try ServiceAddress(name: "twenty", url: url, token: WebhookSecret(key), isNamedByOperator: true)
        let service = ServiceClient(
            address, client: curl, outbound: AddressGuard(), clock: SystemWallClock(),
            timeoutMilliseconds: timeoutMilliseconds)
        return TwentyClient(
            service: service,
            limiter: TwentyLimiter(store: store, limits: limits, clock: SystemMonotonicClock()))
    }

    /// An answer with a JSON body.
    static func json(_ status: Int = 200, _ text: String) -> TargetAnswer {
        .reply(status: status, headers: [("Content-Type", "application/json")], body: Array(text.utf8))
    }
}

extension TargetRequest {
    /// The query's fields, decoded.
    var query: [String: String] {
        var fields: [String: String] = [:]
        guard let start = path.firstIndex(of: "?") else { return fields }
        for part in path[path.index(after: start)...].split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            fields[Self.decoded(pair[0])] = pair.count > 1 ? Self.decoded(pair[1]) : ""
        }
        return fields
    }

    /// The path without the query.
    var route: String { String(path.prefix { $0 != "?" }) }

    /// The body as JSON; null when it is none.
    var json: JSONValue { (try? JSONParser.parse(body)) ?? .null }

    private static func decoded(_ text: Substring) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                // A plus sign is a space, as servers read it.
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
