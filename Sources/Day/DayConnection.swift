internal import Basics
internal import Curl
internal import Peers

/// Why the day cannot go on.
struct DayFailure: Error, CustomStringConvertible {
    let description: String
}

/// The API and the played systems over HTTP.
struct DayConnection: Sendable {
    private let settings: DaySettings
    private let curl: CurlClient

    /// How often a request is sent that a caller would send again, and how long it waits in between.
    private static let attempts = 50
    private static let pauseMilliseconds = 200

    init(_ settings: DaySettings, curl: CurlClient) { (self.settings, self.curl) = (settings, curl) }

    /// A request to the API, sent again while it is refused for now or not answered: whoever posts events is to do that.
    func ask(_ method: CurlRequest.Method, _ path: String, _ body: String? = nil) async throws -> JSONObject {
        var last = "no answer"
        for _ in 0..<Self.attempts {
            do {
                let (status, object) = try await send(
                    method, settings.apiURL + path, body, token: settings.token)
                if 200...299 ~= status { return object }
                last = "\(status): \(String(decoding: JSONValue.object(object).encoded(), as: UTF8.self).prefix(500))"
                guard status == 429 || status == 503 else { break }
            } catch let error as CurlError {
                last = "\(error)"
            }
            try await Task.sleep(for: .milliseconds(Self.pauseMilliseconds))
        }
        throw DayFailure(description: "\(method.rawValue) \(path) was answered with \(last)")
    }

    /// Posts events; the ids of their jobs, in order.
    @discardableResult
    func post(_ events: [String]) async throws -> [String] {
        let reply = try await ask(.post, "/v1/events", "[\(events.joined(separator: ","))]")
        return (reply["events"]?.array ?? []).flatMap { $0.object?["jobs"]?.array ?? [] }.compactMap(\.string)
    }

    /// Makes the day's subscription; its id and its secret.
    func addSubscription(url: String) async throws -> (id: String, secret: String) {
        let made = try await ask(
            .post, "/v1/endpoints",
            #"{"url":"\#(url)","operations":["call.completed","engagement.created","person.created"],"format":"raw","retry":{"attempts":12,"delay_seconds":1},"description":"\#(Self.subscription)"}"#
        )
        return (made["id"]?.string ?? "", made["secret"]?.string ?? "")
    }

    /// Removes it, and those of days that were killed.
    func removeSubscriptions() async throws {
        let endpoints = try await ask(.get, "/v1/endpoints?limit=200")["items"]?.objects ?? []
        for endpoint in endpoints where endpoint["description"]?.string == Self.subscription {
            _ = try await ask(.delete, "/v1/endpoints/\(endpoint["id"]?.string ?? "")")
        }
    }

    /// By which it is known.
    private static let subscription = "the played day's"

    /// A request to what a played system shows to its callers.
    func call(
        _ peer: PeerName, _ method: CurlRequest.Method, _ path: String, _ body: String? = nil,
        token: String? = nil
    ) async throws -> JSONObject {
        let (status, object) = try await send(method, (settings.peers[peer] ?? "") + path, body, token: token)
        guard status == 200 else {
            throw DayFailure(description: "\(method.rawValue) \(path) of \(peer) was answered with \(status)")
        }
        return object
    }

    /// All that a played system holds.
    func state(_ peer: PeerName) async throws -> JSONObject { try await call(peer, .get, "/_peer/state") }

    /// Puts members in place of what it holds.
    func setState(_ peer: PeerName, _ json: String) async throws {
        _ = try await call(peer, .put, "/_peer/state", json)
    }

    /// The newest calls that it got, oldest first.
    func calls(_ peer: PeerName, under prefix: String) async throws -> [JSONObject] {
        (try await call(peer, .get, "/_peer/calls?path_prefix=\(prefix)")["items"]?.objects ?? [])
    }

    private func send(
        _ method: CurlRequest.Method, _ url: String, _ body: String?, token: String?
    ) async throws -> (Int, JSONObject) {
        var headers: [(name: String, value: String)] = []
        if let token { headers.append((name: "Authorization", value: "Bearer \(token)")) }
        if body != nil { headers.append((name: "Content-Type", value: "application/json")) }
        let response = try await curl.send(
            CurlRequest(
                method: method, url: url, headers: headers, body: Array((body ?? "").utf8),
                responseLimitBytes: 256 << 20))
        guard !response.body.isEmpty else { return (response.status, JSONObject()) }
        let limits = JSONLimits(bytes: 256 << 20, values: 20_000_000)
        return (response.status, try JSONParser.parse(response.body, limits: limits).object ?? JSONObject())
    }
}
