public import Basics

/// Twenty's REST routes for records, fields and webhooks.
public struct TwentyPeer: Peer {
    public let name = PeerName.twenty
    let crm: CRM

    /// - Parameter crm: shared with the other parts of the CRM.
    public init(_ crm: CRM) { self.crm = crm }

    public func answer(_ request: PeerRequest) -> PeerAnswer {
        if request.segments.first == "healthz" { return .json(200, ["status": .string("ok")]) }
        let now = (stamp: crm.clock.now, text: crm.clock.text)
        let (answer, events) = crm.change { state in
            var events: [TwentyEvent] = []
            do throws(TwentyError) {
                let index = try Self.workspace(request, state)
                let result = try Self.route(request, &state, index, now)
                events = state.sendsWebhooks ? state.workspaces[index].events : []
                state.workspaces[index].events = []
                return (result, events)
            } catch {
                return (error.answer(state.era), events)
            }
        }
        crm.outgoing.add(events)
        return answer
    }

    private static func workspace(_ request: PeerRequest, _ state: CRM.State) throws(TwentyError) -> Int {
        guard let key = request.bearer else {
            throw TwentyError(403, "FORBIDDEN_EXCEPTION", "Missing authentication token")
        }
        guard let index = state.index(key: key) else {
            throw TwentyError(401, "UNAUTHENTICATED", "Token invalid.")
        }
        return index
    }

    private static func route(
        _ request: PeerRequest, _ state: inout CRM.State, _ index: Int, _ now: (stamp: Int64, text: String)
    ) throws(TwentyError) -> PeerAnswer {
        let rest = request.segments.dropFirst()
        if request.segments == ["metadata"] { return TwentyMetadata.graph(request, &state.workspaces[index]) }
        guard request.segments.first == "rest", let first = rest.first else {
            throw TwentyError(404, "NotFoundException", "Cannot \(request.method) \(request.path)")
        }
        switch (first, rest.dropFirst().first ?? "") {
        case ("webhooks", _), ("metadata", "webhooks"):
            let id = rest.last.flatMap { $0 == "webhooks" ? nil : $0 }
            return try TwentyMetadata.webhooks(request, id, &state.workspaces[index])
        case ("metadata", _): return try TwentyMetadata.answer(request, &state.workspaces[index])
        default:
            try limit(&state, index, now.stamp)
            return try TwentyRecords(request: request, now: now.text).answer(&state.workspaces[index])
        }
    }

    private static func limit(_ state: inout CRM.State, _ index: Int, _ now: Int64) throws(TwentyError) {
        let limit = state.limitPerMinute
        guard limit > 0 else { return }
        guard let wait = state.workspaces[index].bucket.take(limit: limit, now: now) else { return }
        switch state.era {
        case .oldest: throw .badRequest("Limit reached (\(limit) tokens per 60000 ms)")
        case .middle: throw TwentyError(429, "ThrottlerException", "Too many requests")
        case .newest:
            let seconds = (wait + 999) / 1_000
            var error = TwentyError(429, "RATE_LIMITED", "Rate limit reached, retry in \(seconds) s")
            let scope: JSONObject = [
                "spenderType": .string("workspace"), "spenderId": .string(state.workspaces[index].id),
                "operationType": .string("API_CALL"),
            ]
            error.extra = [
                ("limitKind", .string("RATE_LIMIT")), ("exhaustedKind", .string("LONG")), ("scope", .object(scope)),
                ("limit", .count(limit)), ("remaining", .count(0)), ("periodCount", .count(60)),
                ("periodUnit", .string("SECOND")), ("retryAfterSeconds", .count(seconds)),
            ]
            error.headers = [
                ("Retry-After", "\(seconds)"), ("X-RateLimit-Limit", "\(limit)"), ("X-RateLimit-Remaining", "0"),
                ("X-RateLimit-Reset", "\((now + wait) / 1_000)"),
            ]
            throw error
        }
    }

    public func state() -> JSONObject {
        let calls = crm.outgoing.calls
        return crm.read { state in
            [
                "limit_per_minute": .count(state.limitPerMinute), "era": .string(state.era.rawValue),
                "sends_webhooks": .bool(state.sendsWebhooks), "webhook_calls": .array(calls.map { .object($0) }),
                "workspaces": .array(state.workspaces.map { .object(TwentyState.json($0)) }),
            ]
        }
    }

    public func replace(_ state: JSONObject) throws(InputError) {
        let now = crm.clock.text
        try crm.change { (held) throws(InputError) in
            var next = held
            if let limit = state["limit_per_minute"]?.integer { next.limitPerMinute = Int(limit) }
            if let era = state.text("era").flatMap(TwentyEra.init) { next.era = era }
            if let sends = state["sends_webhooks"] { next.sendsWebhooks = sends == .bool(true) }
            for item in state["workspaces"]?.objects ?? [] {
                try TwentyState.seed(item, &next, now: now)
            }
            held = next
        }
    }
}
