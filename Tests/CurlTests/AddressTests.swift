import Curl
import Testing

/// Addresses, and the policy that judges them.
@Suite(.timeLimit(.minutes(1)))
struct AddressTests {
    @Test(
        arguments: [
            ("127.0.0.1", [127, 0, 0, 1], "127.0.0.1:80"),
            ("255.255.255.255", [255, 255, 255, 255], "255.255.255.255:80"),
            ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "[::1]:80"),
            ("2001:DB8::a", [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10], "[2001:db8::a]:80"),
            (
                "::ffff:10.0.0.1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 10, 0, 0, 1], "[::ffff:10.0.0.1]:80"
            ),
        ] as [(String, [UInt8], String)])
    func text(_ text: String, _ bytes: [UInt8], _ description: String) throws {
        let address = try #require(CurlAddress(text: text, port: 80))
        #expect(address.bytes == bytes)
        #expect(address.description == description)
        #expect(address == CurlAddress(bytes: bytes, port: 80))
        #expect(address != CurlAddress(bytes: bytes, port: 81))
        #expect(address.isIPv6 == (bytes.count == 16))
        #expect(address.mappedIPv4?.text == (text.hasPrefix("::ffff") ? "10.0.0.1" : nil))
    }

    @Test(arguments: [
        "", "127.1", "0x7f.0.0.1", "1.2.3.4.5", "256.1.1.1", "[::1]", "fe80::1%eth0", "::g", "a.b", "1.2.3.4\u{0}",
    ])
    func noAddress(_ text: String) {
        #expect(CurlAddress(text: text, port: 1) == nil)
    }

    @Test
    func wrongByteCounts() {
        for count in [0, 3, 5, 15, 17] {
            #expect(CurlAddress(bytes: [UInt8](repeating: 1, count: count), port: 1) == nil)
        }
    }

    /// Ways to write the loopback address that a check of the text would miss, as the socket sees them.
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("localhost", "127.0.0.1"), ("127.1", "127.0.0.1"), ("0x7f.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"), ("0177.0.0.1", "127.0.0.1"), ("0", "0.0.0.0"),
        ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"), ("[::1]", "::1"),
    ])
    func refusalComesBeforeTheConnection(_ host: String, _ address: String) async throws {
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                try await withClient { client in
                    let policy = TestPolicy { _ in false }
                    let request = CurlRequest(
                        method: .post, url: "http://\(host):\(server.port)/", addressPolicy: policy)
                    let error = try await failure(client, request)
                    #expect(error.code == .addressRefused)
                    #expect(!error.isRetriable)
                    #expect(server.connectionCount == 0)
                    // "localhost" has two addresses; the first refusal ends it.
                    #expect(policy.asked.count == 1)
                    #expect(error.refusedAddress == policy.asked.first)
                    if host != "localhost" { #expect(error.refusedAddress?.text == address) }
                    #expect(error.refusedAddress?.port == server.port)
                }
            })
    }

    @Test
    func oneRefusedCandidateFailsAll() async throws {
        // "localhost" is ::1 and 127.0.0.1, in an order of libcurl's; nothing listens on one of them.
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                try await withClient { client in
                    let first = TestPolicy { _ in false }
                    let url = "http://localhost:\(server.port)/"
                    _ = try await failure(client, CurlRequest(method: .post, url: url, addressPolicy: first))
                    let refused = try #require(first.asked.first)
                    // The one that would be tried second is allowed, and must not be reached.
                    let policy = TestPolicy { $0 != refused }
                    let error = try await failure(client, CurlRequest(method: .post, url: url, addressPolicy: policy))
                    #expect(error.code == .addressRefused)
                    #expect(server.connectionCount == 0)
                }
            })
    }

    @Test
    func allowedAddressIsAskedAtConnectAndBeforeEachRequest() async throws {
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                try await withClient { client in
                    let policy = TestPolicy { _ in true }
                    let request = CurlRequest(method: .post, url: server.url(), addressPolicy: policy)
                    for count in [2, 3, 4] {
                        _ = try await client.send(request)
                        #expect(policy.asked.count == count)
                    }
                    #expect(Set(policy.asked) == [CurlAddress(text: "127.0.0.1", port: server.port)])
                    #expect(server.connectionCount == 1)
                }
            })
    }

    @Test
    func keptConnectionIsJudgedAgain() async throws {
        let seen = Signal<Recorded>()
        try await withServer(
            answering: { request in
                seen.fire(request)
                return response("200 OK")
            },
            body: { server in
                try await withClient { client in
                    _ = try await client.send(CurlRequest(method: .post, url: server.url("/1")))
                    let strict = CurlRequest(
                        method: .post, url: server.url("/2"), addressPolicy: TestPolicy { _ in false })
                    let error = try await failure(client, strict)
                    #expect(error.code == .addressRefused)
                    #expect(error.refusedAddress?.port == server.port)
                    _ = try await client.send(CurlRequest(method: .post, url: server.url("/3")))
                    #expect(try await seen.next().requestLine.contains("/1"))
                    #expect(try await seen.next().requestLine.contains("/3"))
                }
            })
    }

    @Test
    func ipv6AndMappedAddressesWork() async throws {
        let server = try LocalServer(isIPv6: true) { _ in response("200 OK") }
        defer { server.stop() }
        try await withClient { client in
            let policy = TestPolicy { $0.isIPv6 }
            let answer = try await client.send(
                CurlRequest(method: .get, url: "http://[::1]:\(server.port)/", addressPolicy: policy))
            #expect(answer.remoteAddress?.description == "[::1]:\(server.port)")
        }
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                try await withClient { client in
                    let policy = TestPolicy { $0.mappedIPv4?.text == "127.0.0.1" }
                    let answer = try await client.send(
                        CurlRequest(
                            method: .get, url: "http://[::ffff:127.0.0.1]:\(server.port)/", addressPolicy: policy))
                    #expect(answer.status == 200)
                    #expect(answer.remoteAddress?.mappedIPv4?.text == "127.0.0.1")
                    #expect(policy.asked.count == 2)
                }
            })
    }
}
