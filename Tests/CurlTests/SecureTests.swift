import Curl
import Foundation
import TestKit
import Testing

/// TLS and HTTP/2 against nginx.
@Suite(.timeLimit(.minutes(1)), .enabled(if: SecureServer.isPossible))
struct SecureTests {
    @Test(arguments: [true, false])
    func privateAuthority(_ allowsHTTP2: Bool) async throws {
        try await withSecureServer(allowsHTTP2: allowsHTTP2) { server, client in
            for host in ["127.0.0.1", "localhost"] {
                let url = server.url(.good).replacingOccurrences(of: "127.0.0.1", with: host)
                let answer = try await client.send(
                    CurlRequest(
                        method: .post, url: url, headers: [("X-Mark", "m1")], body: [1, 2],
                        certificateAuthorityPEM: server.authority))
                #expect(answer.status == 200)
                #expect(answer.httpVersion == (allowsHTTP2 ? "2" : "1.1"))
                #expect(answer.body == Array("POST HTTP/\(allowsHTTP2 ? "2.0" : "1.1") m1".utf8))
                #expect(answer.timings.tls > 0)
                #expect(!answer.connectionWasReused)
            }
        }
    }

    @Test
    func untrustedCertificates() async throws {
        try await withSecureServer { server, client in
            let cases: [(SecureServer.Kind, [UInt8]?)] = [
                (.good, nil), (.expired, server.authority), (.wrongHost, server.authority),
                (.oldProtocol, server.authority), (.good, Array("no PEM".utf8)),
            ]
            for (kind, authority) in cases {
                let policy = TestPolicy { _ in true }
                let error = try await failure(
                    client,
                    CurlRequest(
                        method: .post, url: server.url(kind), certificateAuthorityPEM: authority, addressPolicy: policy)
                )
                #expect(error.code == .tlsFailed, "\(kind): \(error)")
                #expect(error.phase == .tls, "\(kind): \(error)")
                #expect(error.status == nil)
                #expect(policy.asked.count == 1, "nothing is sent, so no second question")
            }
        }
    }

    @Test
    func anotherAuthorityDoesNotReuseTheConnection() async throws {
        try await withSecureServer { server, client in
            let url = server.url(.good)
            let trusted = CurlRequest(method: .post, url: url, certificateAuthorityPEM: server.authority)
            _ = try await client.send(trusted)
            let error = try await failure(client, CurlRequest(method: .post, url: url))
            #expect(error.code == .tlsFailed)
            let again = try await client.send(trusted)
            #expect(again.connectionWasReused)
        }
    }

    @Test
    func clientCertificate() async throws {
        try await withSecureServer { server, client in
            var request = CurlRequest(
                method: .post, url: server.url(.clientCertificate), certificateAuthorityPEM: server.authority)
            let without = try await client.send(request)
            #expect(without.status == 400)
            request.clientCertificatePEM = server.clientCertificate
            request.clientKeyPEM = server.clientKey
            let with = try await client.send(request)
            #expect(with.status == 200)
            #expect(!with.connectionWasReused, "a connection without the certificate must not serve it")
            request.clientKeyPEM = Array("-----BEGIN PRIVATE KEY-----\nt0psecret\n-----END PRIVATE KEY-----\n".utf8)
            request.clientCertificatePEM = server.clientCertificate + [10]
            let error = try await failure(client, request)
            #expect(error.code == .tlsFailed)
            #expect(!error.description.contains("t0psecret"))
        }
    }

    @Test
    func http2SharesConnections() async throws {
        try await withSecureServer { server, client in
            let request = CurlRequest(
                method: .post, url: server.url(.good), body: [1], certificateAuthorityPEM: server.authority)
            _ = try await client.send(request)
            let reused = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        let answer = try await client.send(request)
                        #expect(answer.status == 200 && answer.httpVersion == "2")
                        return answer.connectionWasReused
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(reused == 50)
        }
    }

    @Test
    func aHandleThatEndsBesideAnotherStreamIsNotKept() async throws {
        try await withSecureServer { server, client in
            let request = CurlRequest(
                method: .post, url: server.url(.good), certificateAuthorityPEM: server.authority)
            _ = try await client.send(request)
            let begun = Signal<CurlAddress>()
            let policy = TestPolicy { address in
                begun.fire(address)
                return true
            }
            let unending = CurlRequest(
                method: .post, url: server.url(.good, "/slow"), certificateAuthorityPEM: server.authority,
                addressPolicy: policy)
            async let _ = client.send(unending)
            _ = try await begun.next()
            for _ in 0..<3 {
                let answer = try await client.send(request)
                #expect(answer.status == 200 && answer.connectionWasReused)
            }
            // Leaving the scope cancels it.
        }
    }

    @Test
    func policyJudgesEachStream() async throws {
        try await withSecureServer { server, client in
            var request = CurlRequest(
                method: .post, url: server.url(.good), certificateAuthorityPEM: server.authority)
            _ = try await client.send(request)
            request.addressPolicy = TestPolicy { _ in false }
            let error = try await failure(client, request)
            #expect(error.code == .addressRefused)
            request.addressPolicy = nil
            let answer = try await client.send(request)
            #expect(answer.status == 200)
        }
    }
}
