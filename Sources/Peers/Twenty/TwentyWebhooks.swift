// One task takes events in order and sends them side by side, so many at a time as a worker does that has a limit: without
// order, without a second try, and forgetting what failed.

internal import Basics
internal import Crypto
internal import Curl
internal import Threads

/// What Twenty tells its webhooks.
struct TwentyEvent: Sendable {
    let workspaceID: String
    let object: String
    let action: String
    let record: JSONObject
    let updatedFields: [String]
    /// Of the workspace, when it happened.
    let webhooks: [JSONObject]

    /// Those whose `operations` name it.
    var receivers: [JSONObject] {
        let names: Set = ["\(object).\(action)", "*.\(action)", "\(object).*", "*.*"]
        return webhooks.filter { !names.isDisjoint(with: $0["operations"]?.strings ?? []) }
    }

    func body(_ webhook: JSONObject, date: String) -> [UInt8] {
        let metadata: JSONObject = [
            "id": .string(PeerID.derived("object:\(object)")), "nameSingular": .string(object),
        ]
        var body: JSONObject = [
            "targetUrl": webhook["targetUrl"] ?? .null, "eventName": .string("\(object).\(action)"),
            "objectMetadata": .object(metadata), "workspaceId": .string(workspaceID),
            "webhookId": webhook["id"] ?? .null, "eventDate": .string(date), "record": .object(record),
        ]
        if action == "updated" { body.set("updatedFields", .texts(updatedFields)) }
        return JSONValue.object(body).encoded()
    }
}

/// Sends what happened to the webhooks of a workspace, as Twenty does.
final class TwentyWebhooks: Sendable {
    /// How many are on their way at a time.
    private static let maximumInFlight = 100

    private let clock: PeerClock
    private let events: AsyncStream<TwentyEvent>
    private let inbox: AsyncStream<TwentyEvent>.Continuation
    private let sent = Locked<[JSONObject]>([])

    init(clock: PeerClock) {
        self.clock = clock
        (events, inbox) = AsyncStream.makeStream()
    }

    func add(_ happened: [TwentyEvent]) {
        for event in happened where !event.receivers.isEmpty { inbox.yield(event) }
    }

    /// The newest thousand calls: address, event and status, 0 for none.
    var calls: [JSONObject] { sent.withLock { $0 } }

    /// Runs until the task is cancelled.
    func run() async {
        let client = CurlClient()
        await withTaskGroup(of: Void.self) { group in
            var inFlight = 0
            for await event in events {
                for webhook in event.receivers {
                    if inFlight == Self.maximumInFlight {
                        await group.next()
                    } else {
                        inFlight += 1
                    }
                    group.addTask { [self] in await send(event, webhook, client) }
                }
            }
        }
        await client.shutdown()
    }

    private func send(_ event: TwentyEvent, _ webhook: JSONObject, _ client: CurlClient) async {
        let target = webhook.text("targetUrl") ?? ""
        let body = event.body(webhook, date: clock.text)
        var headers = [(name: "Content-Type", value: "application/json")]
        if let secret = webhook.text("secret"), !secret.isEmpty {
            let stamp = "\(clock.now)"
            let key = SymmetricKey(data: Array(secret.utf8))
            let code = HMAC<SHA256>.authenticationCode(for: Array("\(stamp):".utf8) + body, using: key)
            let nonce = (0..<16).map { _ in UInt8.random(in: 0...255) }
            headers += [
                (name: "X-Twenty-Webhook-Timestamp", value: stamp),
                (name: "X-Twenty-Webhook-Signature", value: Hexadecimal.encode(code)),
                (name: "X-Twenty-Webhook-Nonce", value: Hexadecimal.encode(nonce)),
            ]
        }
        var status = 0
        do {
            let url = target.contains("://") ? target : "https://\(target)"
            status = try await client.send(
                CurlRequest(method: .post, url: url, headers: headers, body: body, totalTimeoutMilliseconds: 5_000)
            ).status
        } catch {
            status = 0  // shown as such; the real one tells nobody either
        }
        let call: JSONObject = [
            "url": .string(target), "event": .string("\(event.object).\(event.action)"),
            "record_id": event.record["id"] ?? .null, "status": .count(status),
        ]
        sent.withLock { list in
            list.append(call)
            if list.count > 1_000 { list.removeFirst(list.count - 1_000) }
        }
    }
}
