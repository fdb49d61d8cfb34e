public import Basics
internal import Threads

/// Aventora-phone's integration routes.
public struct HubPeer: Peer {
    private struct State {
        var keys: Set<String>
        var engagements: [String: JSONObject] = [:]
        var order: [String] = []
        /// Idempotency key to engagement.
        var receipts: [String: String] = [:]
        /// After which an engagement is over by itself; nil for never.
        var completesAfterMilliseconds: Int64?
        var startedAt: [String: Int64] = [:]
    }

    public let name = PeerName.hub
    private let clock: PeerClock
    private let held: Box

    private final class Box: Sendable {
        let state: Locked<State>
        init(_ state: sending State) { self.state = Locked(state) }
    }

    /// An empty Hub.
    public init(clock: PeerClock, secrets: PeerSecrets) {
        self.clock = clock
        held = Box(State(keys: [secrets.hubKey]))
    }

    public func answer(_ request: PeerRequest) -> PeerAnswer {
        if request.segments.first == "healthz" { return .json(200, ["status": .string("ok")]) }
        guard request.segments.first == "integration" else { return .unknownRoute }
        let now = clock.now
        return held.state.withLock { state in
            guard let key = request.bearer else { return .error(403, "Not authenticated") }
            guard state.keys.contains(key) else { return .unauthorized }
            let rest = Array(request.segments.dropFirst())
            switch (request.method, rest.first, rest.count) {
            case ("POST", "start", 1): return Self.start(request, &state, now)
            case ("GET", "engagement", 2): return Self.show(rest[1], &state, now)
            case ("POST", "engagement", 3) where rest[2] == "cancel": return Self.cancel(rest[1], &state, now)
            default: return .unknownRoute
            }
        }
    }

    private static let types: Set = ["informational", "conversational", "appointment_booking", "confirmational"]
    private static let channels: Set = ["phone", "sms", "email", "whatsapp"]

    private static func start(_ request: PeerRequest, _ state: inout State, _ now: Int64) -> PeerAnswer {
        func answer(_ id: String) -> PeerAnswer {
            let known = state.engagements[id] ?? JSONObject()
            return .json(
                200,
                [
                    "engagement_id": .string(id), "status": .string("accepted"),
                    "created_at": known["created_at"] ?? .null,
                ])
        }
        let key = request.header("idempotency-key")
        if let known = key.flatMap({ state.receipts[$0] }) { return answer(known) }
        guard request.text("phone_number") != nil || request.text("email") != nil else {
            return .error(400, "phone_number or email is required")
        }
        guard request.text("domain_name") != nil else { return .error(422, "domain_name is required") }
        if let type = request.text("type"), !types.contains(type) { return .error(422, "unknown type \(type)") }
        if let channel = request.text("channel"), !channels.contains(channel) {
            return .error(422, "unknown channel \(channel)")
        }
        let id = PeerID.random()
        var engagement: JSONObject = [
            "engagement_id": .string(id), "status": .string("accepted"), "outcome": .null, "summary": .null,
            "started_at": .null, "completed_at": .null, "history": .array([]), "transcript": .array([]),
            "created_at": .string(Timestamp(milliseconds: now).iso8601),
        ]
        engagement.set("request", .object(request.object))
        state.engagements[id] = engagement
        state.order.append(id)
        state.startedAt[id] = now
        if let key { state.receipts[key] = id }
        return answer(id)
    }

    private static func show(_ id: String, _ state: inout State, _ now: Int64) -> PeerAnswer {
        settle(id, &state, now)
        guard var engagement = state.engagements[id] else { return .error(404, "Engagement not found") }
        engagement.members.removeAll { ["request", "created_at"].contains($0.key) }
        return .json(200, engagement)
    }

    private static func cancel(_ id: String, _ state: inout State, _ now: Int64) -> PeerAnswer {
        settle(id, &state, now)
        guard let engagement = state.engagements[id] else { return .error(404, "Engagement not found") }
        if engagement.text("status") == "completed" { return .error(409, "Engagement is over") }
        state.engagements[id]?.merge([
            "status": .string("cancelled"), "completed_at": .string(Timestamp(milliseconds: now).iso8601),
        ])
        return .json(200, ["engagement_id": .string(id), "status": .string("cancelled")])
    }

    /// What time has done to an engagement.
    private static func settle(_ id: String, _ state: inout State, _ now: Int64) {
        guard let after = state.completesAfterMilliseconds, let started = state.startedAt[id],
            state.engagements[id]?.text("status") == "accepted", now >= started + after
        else { return }
        let times = [started, started + after].map { JSONValue.string(Timestamp(milliseconds: $0).iso8601) }
        state.engagements[id]?.merge([
            "status": .string("completed"), "outcome": .string("Answered"), "summary": .string("They spoke."),
            "started_at": times[0], "completed_at": times[1],
            "history": .array([
                .object(["at": times[0], "event": .string("started")]),
                .object(["at": times[1], "event": .string("completed")]),
            ]),
            "transcript": .array([
                .object(["at": times[0], "speaker": .string("agent"), "text": .string("Hello.")])
            ]),
        ])
    }

    public func state() -> JSONObject {
        held.state.withLock { state in
            [
                "keys": .texts(state.keys.sorted()),
                "engagements": .array(state.order.compactMap { state.engagements[$0] }.map { .object($0) }),
                "completes_after_seconds": state.completesAfterMilliseconds.map { .count($0 / 1_000) } ?? .null,
            ]
        }
    }

    /// `engagements` are put over those of the same `engagement_id`, or added; `forget` takes ids out.
    public func replace(_ state: JSONObject) throws(InputError) {
        let now = clock.now
        held.state.withLock { held in
            if let keys = state["keys"]?.strings { held.keys = Set(keys) }
            if let seconds = state["completes_after_seconds"] {
                held.completesAfterMilliseconds = seconds.integer.map { $0 * 1_000 }
            }
            for engagement in state["engagements"]?.objects ?? [] {
                guard let id = engagement.text("engagement_id") else { continue }
                if held.engagements[id] == nil {
                    held.order.append(id)
                    held.startedAt[id] = now
                }
                var merged = held.engagements[id] ?? JSONObject()
                merged.merge(engagement)
                held.engagements[id] = merged
            }
            for id in state["forget"]?.strings ?? [] {
                held.engagements[id] = nil
                held.order.removeAll { $0 == id }
            }
        }
    }
}
