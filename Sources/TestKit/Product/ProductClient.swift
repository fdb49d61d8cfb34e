package import Basics
package import Curl

/// The API's answer is not what the step needs to go on.
package struct UnexpectedReply: Error, CustomStringConvertible {
    package let description: String

    package init(_ step: String, _ reply: ProductReply) {
        description = "\(step) was answered with \(reply.status): \(reply.text.prefix(1_000))"
    }
}

/// A caller of the API over real HTTP.
package struct ProductClient: Sendable {
    private let curl: CurlClient
    /// Such as `http://127.0.0.1:8080`.
    package let url: String
    /// Sent with every request; nil sends none.
    package let token: String?

    package init(curl: CurlClient, url: String, token: String?) {
        self.curl = curl
        self.url = url
        self.token = token
    }

    /// The same caller with another token.
    package func with(token: String?) -> ProductClient { ProductClient(curl: curl, url: url, token: token) }

    /// One request.
    ///
    /// - Parameter contentType: sent when there is a body.
    /// - Throws: `CurlError` when there is no answer.
    package func send(
        _ method: CurlRequest.Method, _ path: String, body: [UInt8]? = nil,
        contentType: String? = "application/json", headers: [(name: String, value: String)] = []
    ) async throws -> ProductReply {
        var headers = headers
        if let token { headers.append((name: "Authorization", value: "Bearer \(token)")) }
        if body != nil, let contentType { headers.append((name: "Content-Type", value: contentType)) }
        var request = CurlRequest(method: method, url: url + path, headers: headers, body: body ?? [])
        request.responseLimitBytes = 16 << 20
        let response = try await curl.send(request)
        return ProductReply(status: response.status, headers: response.headers, bytes: response.body)
    }

    package func get(_ path: String) async throws -> ProductReply { try await send(.get, path) }

    /// `POST /v1/events`.
    package func post(
        _ events: String, headers: [(name: String, value: String)] = []
    ) async throws -> ProductReply {
        try await send(.post, "/v1/events", body: Array(events.utf8), headers: headers)
    }

    /// Posts events that have to be accepted; the ids of all their jobs, in order.
    package func accept(_ events: String) async throws -> [String] {
        let reply = try await post(events)
        guard reply.status == 202 else { throw UnexpectedReply("POST /v1/events", reply) }
        return Self.jobs(reply)
    }

    /// The ids of the jobs in a 202.
    package static func jobs(_ reply: ProductReply) -> [String] {
        (reply.object["events"]?.array ?? [])
            .flatMap { $0.object?["jobs"]?.array ?? [] }.compactMap(\.string)
    }

    /// Posts one event that has to make exactly one job; its id.
    package func acceptOne(_ event: String) async throws -> String {
        let jobs = try await accept(event)
        guard jobs.count == 1 else { throw WaitExpired(description: "the event made \(jobs.count) jobs, not 1") }
        return jobs[0]
    }

    /// `GET /v1/jobs/{id}` of a job that has to be there.
    package func job(_ id: String) async throws -> JSONObject {
        let reply = try await get("/v1/jobs/\(id)")
        guard reply.status == 200 else { throw UnexpectedReply("GET /v1/jobs/\(id)", reply) }
        return reply.object
    }

    /// The job, once it is in this state.
    ///
    /// - Throws: ``WaitExpired`` with what it is instead.
    @discardableResult
    package func job(
        _ id: String, toBe state: String, within limit: Duration = .seconds(20)
    ) async throws -> JSONObject {
        var last = ProductReply(status: 0, headers: [], bytes: [])
        return try await Waiting.value(
            "job \(id) to be \(state)", within: limit, seen: { "last: \(last.status) \(last.text)" }
        ) {
            last = try await get("/v1/jobs/\(id)")
            return last.status == 200 && last.object["state"]?.string == state ? last.object : nil
        }
    }

    /// `GET /v1/queues`: by queue, the counts of `ready`, `due`, `running` and `dead`, in this order.
    package func queues() async throws -> [String: [Int64]] {
        let reply = try await get("/v1/queues")
        guard reply.status == 200 else { throw UnexpectedReply("GET /v1/queues", reply) }
        var counts: [String: [Int64]] = [:]
        for item in (reply.object["items"]?.array ?? []).compactMap(\.object) {
            let numbers = ["ready", "due", "running", "dead"].map { item[$0]?.integer ?? -1 }
            counts[item["name"]?.string ?? ""] = numbers
        }
        return counts
    }

    /// `GET /v1/dead`, one page.
    package func dead(_ query: String = "") async throws -> [JSONObject] {
        let reply = try await get("/v1/dead\(query)")
        guard reply.status == 200 else { throw UnexpectedReply("GET /v1/dead", reply) }
        return (reply.object["items"]?.array ?? []).compactMap(\.object)
    }

    /// `POST /v1/dead/retry` of these jobs; how many went back.
    package func retryDead(_ ids: [String]) async throws -> Int64 {
        let list = ids.map { "\"\($0)\"" }.joined(separator: ",")
        let reply = try await send(.post, "/v1/dead/retry", body: Array(#"{"ids":[\#(list)]}"#.utf8))
        guard reply.status == 200, let count = reply.object["count"]?.integer else {
            throw UnexpectedReply("POST /v1/dead/retry", reply)
        }
        return count
    }
}
