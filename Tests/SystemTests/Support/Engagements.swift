import Basics
import Curl
import TestKit

/// Runs `body` with a product whose Hub is this fake one.
func withHub(
    workers: Int = 1, _ environment: [String: String] = [:], _ body: (Product, FakeHub) async throws -> Void
) async throws {
    let hub = try FakeHub()
    var values = [
        "AVENTORA_BASE_URL": hub.url, "AVENTORA_API_KEY": "key-of-all-accounts",
        "AVENTORA_ASSIGNED_DOMAIN": "usual.example",
    ]
    values.merge(environment) { $1 }
    try await withProduct(ProductOptions(workers: workers, environment: values)) { product in
        product.addSecret("key-of-all-accounts")
        try await body(product, hub)
    }
    hub.target.stop()
}

extension Product {
    /// A body of `/rest/aventora/start-engagement` for somebody with a phone and an e-mail.
    static func someone(_ person: String, _ members: String = "") -> String {
        let more = members.isEmpty ? "" : "," + members
        return """
            {"personId":"\(person)","workspaceId":"w-1","phones":["+14165550100","+14165550101"],
            "emails":["ann@example.com"]\(more)}
            """
    }

    /// A start that has to be accepted.
    func startEngagement(
        _ person: String, _ members: String = "", headers: [(name: String, value: String)] = []
    ) async throws -> JSONObject {
        try await ask(
            .post, "/rest/aventora/start-engagement", Self.someone(person, members), status: 202, headers: headers)
    }

    /// The status of a start.
    func startStatus(
        _ person: String, _ members: String = "", path: String = "start-engagement"
    ) async throws -> ProductReply {
        try await client.send(
            .post, "/rest/aventora/\(path)", body: Array(Self.someone(person, members).utf8))
    }

    /// `POST /rest/aventora/cancel-engagement`.
    func cancelEngagement(_ body: String) async throws -> ProductReply {
        try await client.send(.post, "/rest/aventora/cancel-engagement", body: Array(body.utf8))
    }

    /// A start once its status is this.
    @discardableResult
    func engagement(
        _ id: String, toBe status: String, within limit: Duration = .seconds(30)
    ) async throws -> JSONObject {
        var last = ""
        return try await Waiting.value("engagement \(id) to be \(status)", within: limit, seen: { last }) {
            let reply = try await client.get("/v1/engagements/\(id)")
            last = reply.text
            return reply.status == 200 && reply.object["status"]?.string == status ? reply.object : nil
        }
    }

    /// A bulk once it is so.
    @discardableResult
    func bulk(
        _ id: String, toBe purpose: String, within limit: Duration = .seconds(60),
        _ condition: (JSONObject) -> Bool
    ) async throws -> JSONObject {
        try await resource(
            "/v1/engagements/bulk/\(id)", named: "bulk \(id)", toBe: purpose, within: limit, condition)
    }

    /// A push of the Hub to the receiver, worked off.
    func report(_ engagement: String, _ members: String) async throws {
        let sentAt = Timestamp(milliseconds: SystemWallClock().nowMilliseconds()).iso8601
        let push = #"{"engagement_id":"\#(engagement)","sent_at":"\#(sentAt)",\#(members)}"#
        let reply = try await client.with(token: nil).send(
            .post, "/rest/aventora/webhook", body: Array(push.utf8),
            headers: [(name: "X-Aventora-Webhook-Secret", value: tokens.receiver)])
        guard reply.status == 202, let id = reply.object["id"]?.string else {
            throw UnexpectedReply("POST /rest/aventora/webhook", reply)
        }
        try await client.job(id, toBe: "done")
    }

    /// Posts a job and waits for its end.
    @discardableResult
    func runJob(_ kind: String, _ arguments: String) async throws -> JSONObject {
        let reply = try await client.send(
            .post, "/v1/jobs", body: Array(#"{"kind":"\#(kind)","args":\#(arguments)}"#.utf8))
        guard reply.status == 202, let id = reply.object["id"]?.string else {
            throw UnexpectedReply("POST /v1/jobs", reply)
        }
        return try await Waiting.value("job \(id) to end") {
            let reply = try await client.get("/v1/jobs/\(id)")
            let state = reply.object["state"]?.string
            if reply.status == 404 { return [:] }
            return state == "done" || state == "dead" ? reply.object : nil
        }
    }
}
