import Basics
import Curl
import TestKit

extension Product {
    /// `POST`, `GET` or `DELETE` of a path with a body or none, which has to be answered so.
    func ask(
        _ method: CurlRequest.Method, _ path: String, _ body: String? = nil, status: Int = 200,
        headers: [(name: String, value: String)] = []
    ) async throws -> JSONObject {
        let reply = try await client.send(method, path, body: body.map { Array($0.utf8) }, headers: headers)
        guard reply.status == status else { throw UnexpectedReply("\(method) \(path)", reply) }
        return reply.object
    }

    /// A replay of what this account got within the hour.
    ///
    /// - Parameter members: more members of the body.
    func startReplay(of domainName: String, _ members: String = "") async throws -> String {
        let replay = try await ask(.post, "/v1/replays", Self.wish(domainName, members), status: 202)
        return replay["id"]?.string ?? ""
    }

    /// What a replay would send.
    func countReplay(of domainName: String, _ members: String = "") async throws -> JSONObject {
        let more = #""dry_run":true"# + (members.isEmpty ? "" : "," + members)
        return try await ask(.post, "/v1/replays", Self.wish(domainName, more))
    }

    /// The replay once it is so.
    func replay(
        _ id: String, toBe purpose: String, within limit: Duration = .seconds(30),
        _ condition: (JSONObject) -> Bool
    ) async throws -> JSONObject {
        try await resource("/v1/replays/\(id)", named: "replay \(id)", toBe: purpose, within: limit, condition)
    }

    /// Posts so many events of an account and waits until each is delivered.
    func deliverMany(_ count: Int, of domainName: String) async throws -> [String] {
        let events = (0..<count).map { Samples.completed("e-\($0)", of: domainName) }
        let ids = try await client.accept("[\(events.joined(separator: ","))]")
        try await Waiting.until("\(count) deliveries", within: .seconds(30)) {
            try await countReplay(of: domainName)["count"]?.integer == Int64(count)
        }
        return ids
    }

    private static func wish(_ domainName: String, _ members: String) -> String {
        let now = SystemWallClock().nowMilliseconds()
        let (from, to) = (Timestamp(milliseconds: now - 3_600_000), Timestamp(milliseconds: now + 3_600_000))
        let more = members.isEmpty ? "" : "," + members
        return #"{"from":"\#(from.iso8601)","to":"\#(to.iso8601)","domain_name":"\#(domainName)"\#(more)}"#
    }
}
