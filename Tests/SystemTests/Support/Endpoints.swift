import Basics
import Command
import Curl
import Jobs
import TestKit

extension Product {
    /// Makes an endpoint at a target; its secret may be in no log from then on.
    ///
    /// - Parameter members: more members of the body.
    func makeEndpoint(
        _ target: FakeTarget, _ operations: [String] = ["*.*"], _ members: String = ""
    ) async throws -> (id: String, secret: String) {
        let list = operations.map { "\"\($0)\"" }.joined(separator: ",")
        let reply = try await client.send(
            .post, "/v1/endpoints",
            body: Array(
                #"{"url":"\#(target.url())","operations":[\#(list)]\#(members.isEmpty ? "" : ",")\#(members)}"#.utf8))
        guard reply.status == 201, let id = reply.object["id"]?.string else {
            throw UnexpectedReply("POST /v1/endpoints", reply)
        }
        let secret = reply.object["secret"]?.string ?? ""
        if !secret.isEmpty { addSecret(secret) }
        return (id, secret)
    }

    /// One endpoint as the API shows it.
    func endpoint(_ id: String) async throws -> JSONObject {
        let reply = try await client.get("/v1/endpoints/\(id)")
        guard reply.status == 200 else { throw UnexpectedReply("GET /v1/endpoints/\(id)", reply) }
        return reply.object
    }

    /// `POST` to one of an endpoint's verbs, with a body or none.
    func endpoint(_ id: String, _ verb: String, _ body: String = "") async throws -> ProductReply {
        try await client.send(.post, "/v1/endpoints/\(id)/\(verb)", body: body.isEmpty ? nil : Array(body.utf8))
    }

    /// Posts an event until it makes so many jobs: a change of an endpoint takes up to two seconds.
    ///
    /// - Parameter event: without an id, or what it made at first would be its answer for ever.
    func accept(_ event: String, making count: Int) async throws -> [String] {
        try await Waiting.value("an event that makes \(count) jobs", within: .seconds(10)) {
            let jobs = try await client.accept(event)
            return jobs.count == count ? jobs : nil
        }
    }
}

extension Samples {
    /// The name of an object that no other test's endpoint wants.
    static func objectName() -> String { "o" + SecretMaker.hex(byteCount: 5) }

    /// An event about a record.
    ///
    /// - Parameter members: more members of its data.
    static func record(
        _ object: String, _ action: String = "created", id: String = "r-1", _ members: String = ""
    ) -> String {
        #"{"type":"\#(object).\#(action)","domain_name":"d","data":{"id":"\#(id)"\#(members)}}"#
    }

    /// Tried again at once.
    static let quickRetry = #""retry":{"attempts":3,"delay_seconds":0.1}"#
}

extension TargetRequest {
    /// Whether one of our secrets signed it, by the rules of the standard scheme, now.
    func isSigned(with secret: String) throws -> Bool {
        let verifier = try WebhookVerifier(secrets: [try EndpointSecret(secret, for: .standard)])
        do throws(WebhookVerifier.Refusal) {
            _ = try verifier.verify(
                headers: headers, body: body, nowMilliseconds: SystemWallClock().nowMilliseconds())
            return true
        } catch {
            return false
        }
    }
}
