internal import Basics
internal import Curl
internal import Threads

/// TIPS's API: agents and their clients, page by page.
struct TipsClient: Sendable {
    /// Rows of a page.
    static let pageSize = 60

    /// One page.
    struct Page: Sendable {
        let rows: [JSONObject]
        let number: Int
        let lastNumber: Int
        /// Of all pages.
        let total: Int
    }

    private let service: ServiceClient
    private let tokens: TipsTokens

    /// - Parameters:
    ///   - service: without a token.
    ///   - tokens: of this process.
    init(service: ServiceClient, tokens: TipsTokens) { (self.service, self.tokens) = (service, tokens) }

    /// One page of agents.
    func agents(page: Int) async throws(ServiceError) -> Page { try await list("/agents", page, nil) }

    /// One page of an agent's clients.
    ///
    /// - Parameter since: only those that changed then or later; a server that does not know this tells all.
    /// - Throws: `notFound` for an agent that is gone.
    func clients(of agent: String, page: Int, since: Timestamp?) async throws(ServiceError) -> Page {
        try await list("/agents/\(PercentEncoding.encode(agent))/clients", page, since)
    }

    private func list(_ path: String, _ page: Int, _ since: Timestamp?) async throws(ServiceError) -> Page {
        var query = [(name: "page", value: "\(page)"), (name: "per_page", value: "\(Self.pageSize)")]
        if let since { query.append((name: "updated_since", value: since.iso8601)) }
        let reply = try await send(path, query)
        let answer = try reply.success().json().object
        guard let items = answer?["data"]?.array, let meta = answer?["meta"]?.object,
            let number = meta["current_page"]?.integer, let last = meta["last_page"]?.integer, 0...10_000_000 ~= last,
            let total = meta["total"]?.integer, 0...1_000_000_000 ~= total
        else { throw ServiceError(.unreadable, service: "tips", "the answer is no page") }
        guard number == page else {
            throw ServiceError(.unreadable, service: "tips", "page \(page) was asked for, and \(number) came")
        }
        return Page(
            rows: items.compactMap(\.object), number: page, lastNumber: Int(last), total: Int(total))
    }

    /// With the token that there is; where TIPS has forgotten it, once more with a new one.
    private func send(
        _ path: String, _ query: [(name: String, value: String)]
    ) async throws(ServiceError) -> ServiceReply {
        var refused: String?
        while true {
            let token = try await tokens.token(otherThan: refused, service)
            let header = (name: "Authorization", value: "Bearer \(token)")
            let reply = try await service.send(
                ServiceRequest(.get, path, query: query, headers: [header], secrets: [token]))
            guard reply.status == 401, refused == nil else { return reply }
            refused = token
        }
    }
}

/// The token of TIPS that this process has. Two jobs that find it ended may both fetch a new one, which does no harm.
final class TipsTokens: Sendable {
    private struct State {
        var token: String?
        var endsAtMilliseconds: Int64 = 0
    }

    private let clientID: String
    private let clientSecret: WebhookSecret
    private let clock: any WallClock
    private let state = Locked(State())

    /// Before its end a token is not used any more for this long, in ms, or half its life if that is less.
    private static let marginMilliseconds: Int64 = 60_000
    private static let form = "application/x-www-form-urlencoded"

    init(clientID: String, clientSecret: WebhookSecret, clock: any WallClock) {
        (self.clientID, self.clientSecret, self.clock) = (clientID, clientSecret, clock)
    }

    /// A token that should be good.
    ///
    /// - Parameter refused: one that was not, whatever its time.
    func token(otherThan refused: String?, _ service: ServiceClient) async throws(ServiceError) -> String {
        let now = clock.nowMilliseconds()
        let known = state.withLock { $0 }
        if let token = known.token, token != refused, known.endsAtMilliseconds > now { return token }
        let fields = [
            ("grant_type", "client_credentials"), ("client_id", clientID), ("client_secret", clientSecret.revealed),
        ]
        let body = fields.map { "\($0.0)=\(PercentEncoding.encode($0.1))" }.joined(separator: "&")
        let reply = try await service.send(
            ServiceRequest(
                .post, "/oauth/token", headers: [(name: "Content-Type", value: Self.form)], body: Array(body.utf8),
                secrets: [clientSecret.revealed]))
        // What a refusal says may hold what was sent.
        guard reply.isSuccess else {
            throw ServiceError(
                .of(status: reply.status), service: "tips", "no token was given: status \(reply.status)",
                status: reply.status, retryAfterMilliseconds: reply.retryAfterMilliseconds)
        }
        let answer = try reply.json().object
        guard let token = answer?["access_token"]?.string, WebhookSecret(token) != nil else {
            throw ServiceError(.unreadable, service: "tips", "the answer holds no token")
        }
        let life = min(max(answer?["expires_in"]?.integer ?? 300, 1), 86_400) * 1_000
        state.withLock { state in
            state = State(token: token, endsAtMilliseconds: now + life - min(Self.marginMilliseconds, life / 2))
        }
        return token
    }
}
