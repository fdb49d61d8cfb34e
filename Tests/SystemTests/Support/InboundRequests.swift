import Basics
import Curl
import Foundation
import TestKit
import Testing

/// What a Python script that knows nothing of this code says that Twenty sends, or somebody in its name.
struct InboundRequest: Sendable {
    let name: String
    let headers: [(name: String, value: String)]
    let body: [UInt8]
    let status: Int
    let says: String
    let reason: String
    let record: String

    /// All of them, signed now.
    static func all(
        secrets: (String, String), workspace: String, object: String, bodyOnly: Bool
    ) throws -> [InboundRequest] {
        let process = SpawnedProcess()
        process.executable = "/usr/bin/env"
        process.arguments = [
            "python3", script, secrets.0, secrets.1, workspace, object, bodyOnly ? "yes" : "no",
        ]
        let output = try process.openOutput()
        try process.run()
        let bytes = output.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw ScriptFailure(status: process.terminationStatus)
        }
        return try bytes.split(separator: 0x0A).map { try InboundRequest(JSONParser.parse(Array($0))) }
    }

    struct ScriptFailure: Error { let status: Int32 }

    /// Whether its record is told, and its time is good for minutes yet.
    var isLasting: Bool { says == "accepted" && headers.count > 1 && !name.hasSuffix("s away") }

    /// Two live secrets.
    static let secrets = ("4f1c0d6a9e2b7788aabbccddeeff0011", "inbound/secret of a person's own")

    /// The variable that a product takes them by.
    static let variables = ["TWENTY_INBOUND_SECRETS": "\(secrets.0), \(secrets.1)"]

    private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("inbound/sign.py").path

    private init(_ value: JSONValue) throws {
        let object = try #require(value.object)
        func text(_ key: String) -> String { object[key]?.string ?? "" }
        name = text("name")
        headers = (object["headers"]?.array ?? []).compactMap(\.array).map {
            (name: $0[0].string ?? "", value: $0[1].string ?? "")
        }
        body = try #require(Base64.decode(text("body")))
        status = Int(object["status"]?.integer ?? 0)
        (says, reason, record) = (text("says"), text("reason"), text("record"))
    }
}

extension Product {
    /// `POST /webhooks/twenty`, without a token.
    func post(_ request: InboundRequest) async throws -> ProductReply {
        try await client.with(token: nil).send(
            .post, "/webhooks/twenty", body: request.body, headers: request.headers)
    }

    /// Requests of a workspace, none of them about a record that another test has.
    func inboundRequests(workspace: String, bodyOnly: Bool = false) throws -> [InboundRequest] {
        for secret in [InboundRequest.secrets.0, InboundRequest.secrets.1] { addSecret(secret) }
        return try InboundRequest.all(
            secrets: InboundRequest.secrets, workspace: workspace, object: Samples.objectName(), bodyOnly: bodyOnly)
    }

    /// An endpoint that gets all that the requests are about, once every process knows of it.
    func listen(
        _ requests: [InboundRequest], _ target: FakeTarget, _ members: String = ""
    ) async throws -> String {
        let record = try #require(requests.first { !$0.record.isEmpty }).record
        let object = String(record.prefix { $0 != "-" })
        let made = try await makeEndpoint(target, ["\(object).*"], members)
        let job = try #require(try await accept(Samples.record(object, id: FakeTarget.warmRecord), making: 1).first)
        try await client.job(job, toBe: "done")
        return made.id
    }
}

extension FakeTarget {
    /// The record that only shows that an endpoint is known.
    static let warmRecord = "warm"

    /// By record of the usual format, the ids of the deliveries that it took, in order.
    func told() throws -> [String: [String]] {
        var told: [String: [String]] = [:]
        for request in delivered {
            let record = try JSONParser.parse(request.body).object?["record"]?.object?["id"]?.string ?? ""
            told[record, default: []].append(request.header("webhook-id") ?? "")
        }
        told[Self.warmRecord] = nil
        return told
    }
}
