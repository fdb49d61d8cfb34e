public import Basics
internal import Threads

/// The advisers' system: OAuth by client credentials, agents, and the clients of each.
public struct TipsPeer: Peer {
    private struct Repeat {
        let path: String
        let page: Int
        var count: Int64
    }

    private struct State {
        var agents: [TipsAgent] = []
        /// Token to the time of its end.
        var tokens: [String: Int64] = [:]
        var tokenSeconds: Int64 = 3_600
        var issued = 0
        /// Pages that show what the page before them showed.
        var repeats: [Repeat] = []
    }

    private final class Box: Sendable {
        let state = Locked(State())
    }

    public let name = PeerName.tips
    private let clock: PeerClock
    private let secrets: PeerSecrets
    private let held = Box()

    /// - Parameter agents: how many are there from the start, each with `clients` clients.
    public init(clock: PeerClock, secrets: PeerSecrets, agents: Int = 0, clients: Int = 0) {
        (self.clock, self.secrets) = (clock, secrets)
        let now = clock.text
        held.state.withLock { state in
            state.agents = (0..<agents).map { TipsAgent(number: $0 + 1, clientCount: clients, updatedAt: now) }
        }
    }

    public func answer(_ request: PeerRequest) -> PeerAnswer {
        var parts = request.segments
        if parts.first == "api" { parts.removeFirst() }
        let now = clock.now
        return held.state.withLock { state in
            switch (request.method, parts.first, parts.count) {
            case (_, "healthz", 1): return .json(200, ["status": .string("ok")])
            case ("POST", "oauth", 2) where parts[1] == "token": return token(request, &state, now)
            case ("GET", "agents", _):
                guard let token = request.bearer, let end = state.tokens[token], end > now else {
                    return .json(401, ["message": .string("Unauthenticated.")])
                }
                return list(request, parts, &state)
            default: return .unknownRoute
            }
        }
    }

    private func token(_ request: PeerRequest, _ state: inout State, _ now: Int64) -> PeerAnswer {
        let fields = FormText.fields(String(decoding: request.body, as: UTF8.self))
        func field(_ name: String) -> String? {
            fields.first { $0.name == name }?.value ?? request.text(name)
        }
        guard field("grant_type") == "client_credentials" else {
            return .json(400, ["error": .string("unsupported_grant_type")])
        }
        guard field("client_id") == secrets.tipsClientID, field("client_secret") == secrets.tipsClientSecret else {
            return .json(401, ["error": .string("invalid_client")])
        }
        let token = "tips-\(PeerID.random())"
        state.tokens = state.tokens.filter { $0.value > now }
        state.tokens[token] = now + state.tokenSeconds * 1_000
        state.issued += 1
        return .json(
            200,
            [
                "access_token": .string(token), "token_type": .string("Bearer"),
                "expires_in": .count(state.tokenSeconds),
            ])
    }

    private func list(_ request: PeerRequest, _ parts: [String], _ state: inout State) -> PeerAnswer {
        let size = max(1, min(request.parameter("per_page").flatMap { Int($0) } ?? 50, 500))
        let asked = max(1, request.parameter("page").flatMap { Int($0) } ?? 1)
        let path = "/" + parts.joined(separator: "/")
        let shown = Self.shown(asked, path, &state)
        func answer(_ total: Int, _ rows: (Range<Int>) -> [JSONObject]) -> PeerAnswer {
            let first = min((shown - 1) * size, total)
            let meta: JSONObject = [
                "current_page": .count(asked), "last_page": .count(max(1, (total + size - 1) / size)),
                "per_page": .count(size), "total": .count(total),
            ]
            let data = rows(first..<min(first + size, total)).map { JSONValue.object($0) }
            return .json(200, ["data": .array(data), "meta": .object(meta)])
        }
        let since = request.parameter("updated_since").flatMap { Timestamp(iso8601: $0)?.microseconds }
        switch parts.count {
        case 1:
            let agents = state.agents.filter { $0.isNewer(than: since) }
            return answer(agents.count) { agents[$0].map(\.json) }
        case 2:
            guard let agent = state.agents.first(where: { $0.id == parts[1] }) else { return Self.notFound }
            return .json(200, ["data": .object(agent.json)])
        case 3 where parts[2] == "clients":
            guard let agent = state.agents.first(where: { $0.id == parts[1] }) else { return Self.notFound }
            let places = since == nil ? nil : agent.places(newerThan: since)
            let total = places?.count ?? agent.clientCount
            return answer(total) { range in range.map { agent.client(places?[$0] ?? $0) } }
        default: return .unknownRoute
        }
    }

    private static let notFound = PeerAnswer.json(404, ["message": .string("Not found.")])

    /// The page that is really shown.
    private static func shown(_ page: Int, _ path: String, _ state: inout State) -> Int {
        guard page > 1,
            let index = state.repeats.firstIndex(where: { $0.path == path && $0.page == page && $0.count > 0 })
        else { return page }
        state.repeats[index].count -= 1
        return page - 1
    }

    public func state() -> JSONObject {
        held.state.withLock { state in
            [
                "agents": .array(
                    state.agents.map { agent in
                        var json = agent.json
                        json.set("client_count", .count(agent.clientCount))
                        return .object(json)
                    }), "token_seconds": .count(state.tokenSeconds), "tokens_issued": .count(state.issued),
            ]
        }
    }

    /// `agents` replace all; `change` puts members over agents of the same id, their `clients` over clients of the same
    /// id; `remove_agents` takes ids out; `revoke_tokens` ends all tokens.
    public func replace(_ state: JSONObject) throws(InputError) {
        let now = clock.text
        held.state.withLock { held in
            if let seconds = state["token_seconds"]?.integer { held.tokenSeconds = seconds }
            if let agents = state["agents"]?.objects {
                held.agents = agents.enumerated().map {
                    TipsAgent($1, number: Int($1["number"]?.integer ?? Int64($0) + 1), updatedAt: now)
                }
            }
            for change in state["change"]?.objects ?? [] {
                guard let index = held.agents.firstIndex(where: { $0.id == change.text("id") }) else { continue }
                held.agents[index].change(change, updatedAt: now)
            }
            for id in state["remove_agents"]?.strings ?? [] { held.agents.removeAll { $0.id == id } }
            if state["revoke_tokens"] == .bool(true) { held.tokens = [:] }
            if let repeats = state["repeats"]?.objects {
                held.repeats = repeats.map {
                    Repeat(
                        path: $0.text("path") ?? "/agents", page: Int($0["page"]?.integer ?? 2),
                        count: $0["count"]?.integer ?? 1)
                }
            }
        }
    }
}
