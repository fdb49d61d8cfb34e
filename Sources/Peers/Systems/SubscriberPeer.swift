public import Basics
internal import Crypto
internal import Threads

/// A customer's system that takes webhooks: it verifies what comes as Standard Webhooks says, and remembers it by its id.
public struct SubscriberPeer: Peer {
    private struct Delivery {
        let type: String
        let subject: String
        var count: Int
    }

    private struct State {
        var key: SymmetricKey?
        var order: [String] = []
        var deliveries: [String: Delivery] = [:]
        var unsigned = 0
    }

    private final class Box: Sendable {
        let state = Locked(State())
    }

    /// How far a sender's clock may be off, in seconds: as Standard Webhooks' libraries have it.
    private static let toleranceSeconds: Int64 = 300

    public let name = PeerName.subscriber
    private let clock: PeerClock
    private let held = Box()

    /// It takes everything until it is given a secret.
    public init(clock: PeerClock) { self.clock = clock }

    public func answer(_ request: PeerRequest) -> PeerAnswer {
        if request.segments.first == "healthz" { return .json(200, ["status": .string("ok")]) }
        guard request.method == "POST", let id = request.header("webhook-id") else { return .unknownRoute }
        let now = clock.now / 1_000
        return held.state.withLock { state in
            if let key = state.key, !Self.isGenuine(request, id, key, now) {
                state.unsigned += 1
                return .error(401, "No signature that fits")
            }
            if state.deliveries[id] == nil {
                state.order.append(id)
                state.deliveries[id] = Delivery(
                    type: request.text("type") ?? "", subject: Self.subject(request.object), count: 0)
            }
            state.deliveries[id]?.count += 1
            return .json(200, ["ok": .bool(true)])
        }
    }

    /// What the event is about: a call, else a record.
    private static func subject(_ event: JSONObject) -> String {
        event.text("call_sid") ?? event.value(at: "data.id")?.string ?? ""
    }

    private static func isGenuine(_ request: PeerRequest, _ id: String, _ key: SymmetricKey, _ now: Int64) -> Bool {
        guard let stamp = request.header("webhook-timestamp"), let seconds = Int64(stamp),
            abs(now - seconds) <= toleranceSeconds
        else { return false }
        let signed = Array("\(id).\(stamp).".utf8) + request.body
        return (request.header("webhook-signature") ?? "").split(separator: " ").contains { item in
            guard item.hasPrefix("v1,"), let code = Base64.decode(String(item.dropFirst(3))) else { return false }
            return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: key)
        }
    }

    public func state() -> JSONObject {
        held.state.withLock { state in
            let items = state.order.compactMap { id in
                state.deliveries[id].map { delivery in
                    JSONValue.object([
                        "id": .string(id), "type": .string(delivery.type), "subject": .string(delivery.subject),
                        "count": .count(delivery.count),
                    ])
                }
            }
            return ["deliveries": .array(items), "unsigned": .count(state.unsigned)]
        }
    }

    /// `secret`: of the subscription, as it was shown when that was made. `deliveries`: only an empty list, which
    /// forgets all.
    public func replace(_ state: JSONObject) throws(InputError) {
        var key: SymmetricKey?
        if let secret = state.text("secret") {
            guard secret.hasPrefix("whsec_"), let bytes = Base64.decode(String(secret.dropFirst(6))) else {
                throw InputError(kind: .invalid, message: "A secret begins with whsec_, base64 follows.")
            }
            key = SymmetricKey(data: bytes)
        }
        held.state.withLock { held in
            if let key { held.key = key }
            if state["deliveries"]?.array?.isEmpty == true {
                (held.order, held.deliveries, held.unsigned) = ([], [:], 0)
            }
        }
    }
}
