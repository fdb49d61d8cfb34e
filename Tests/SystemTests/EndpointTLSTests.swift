import Basics
import Curl
import TestKit
import Testing

extension SystemTests {
    /// Deliveries over TLS to a server of a private authority.
    @Suite(.product(), .enabled(if: SecureServer.isPossible)) struct EndpointTLSTests {
        /// What an endpoint brings, which port it goes to, and whether its event arrives.
        private static let rows: [(kind: SecureServer.Kind, ca: Bool, identity: Bool, outcome: String)] = [
            (.good, true, false, "delivered"), (.good, false, false, "failed"),
            (.clientCertificate, true, true, "delivered"), (.clientCertificate, true, false, "failed"),
            (.expired, true, false, "failed"), (.wrongHost, true, false, "failed"),
            (.oldProtocol, true, false, "failed"),
        ]

        @Test func onlyAVerifiedServerGetsIt() async throws {
            let product = try currentProduct()
            let server = try SecureServer()
            defer { server.stop() }
            product.addSecret(String(decoding: server.clientKey, as: UTF8.self).split(separator: "\n")[1].description)
            for row in Self.rows {
                let object = Samples.objectName()
                var tls = JSONObject()
                if row.ca { tls.members.append(.init(key: "ca", value: Self.text(server.authority))) }
                if row.identity {
                    tls.members.append(.init(key: "certificate", value: Self.text(server.clientCertificate)))
                    tls.members.append(.init(key: "key", value: Self.text(server.clientKey)))
                }
                let endpoint: JSONObject = [
                    "url": .string(server.url(row.kind)), "operations": .array([.string("\(object).*")]),
                    "retry": .object(["attempts": .number("1"), "delay_seconds": .number("0")]),
                    "tls": tls.members.isEmpty ? .null : .object(tls),
                ]
                let made = try await product.client.send(
                    .post, "/v1/endpoints", body: JSONValue.object(endpoint).encoded())
                try #require(made.status == 201, "\(made)")
                let shown = (made.object["tls"]?.array ?? []).compactMap(\.string)
                #expect(shown == (row.ca ? ["ca"] : []) + (row.identity ? ["certificate"] : []))
                let job = try #require(try await product.accept(Samples.record(object), making: 1).first)
                let delivery = try await product.client.delivery(job, toBe: row.outcome)
                let status = delivery["attempts"]?.array?.first?.object?["status"]?.integer
                #expect(status == Self.status(row), "\(row)")
            }
        }

        /// nginx tells a client without a certificate so, behind a handshake that succeeds.
        private static func status(
            _ row: (kind: SecureServer.Kind, ca: Bool, identity: Bool, outcome: String)
        )
            -> Int64?
        {
            if row.outcome == "delivered" { return 200 }
            return row.kind == .clientCertificate ? 400 : nil
        }

        private static func text(_ pem: [UInt8]) -> JSONValue { .string(String(decoding: pem, as: UTF8.self)) }
    }
}
