import Curl
import Testing

/// What is on the wire, and what never gets there.
@Suite(.timeLimit(.minutes(1)))
struct RequestTests {
    /// A handle serves one request after the other; nothing of one may be in the next, whatever they are.
    @Test
    func nothingOfARequestIsInTheNext() async throws {
        let seen = Signal<Recorded>()
        try await withServer(
            answering: { request in
                seen.fire(request)
                return response("200 OK", "")
            },
            body: { server in
                try await withClient { client in
                    let url = server.url("/")
                    let requests: [(CurlRequest, String)] = [
                        (CurlRequest(method: .post, url: url, headers: [("X-A", "1")], body: [1, 2]), "POST"),
                        (CurlRequest(method: .post, url: url), "POST"), (CurlRequest(method: .get, url: url), "GET"),
                        (CurlRequest(method: .post, url: url, headers: [("X-B", "2")], body: [3]), "POST"),
                        (CurlRequest(method: .put, url: url, body: [4]), "PUT"),
                        (CurlRequest(method: .post, url: url, body: [5]), "POST"),
                        (CurlRequest(method: .delete, url: url), "DELETE"),
                        (CurlRequest(method: .post, url: url), "POST"),
                    ]
                    for (request, method) in requests {
                        _ = try await client.send(request)
                        let got = try await seen.next()
                        #expect(got.lines.first == "\(method) / HTTP/1.1" && got.body == request.body)
                        let own = got.lines.filter { $0.hasPrefix("X-") }
                        #expect(own == request.headers.map { "\($0.name): \($0.value)" })
                    }
                }
            })
    }

    @Test
    func bytesAreSentExactly() async throws {
        let body = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let seen = Signal<Recorded>()
        try await withServer(
            answering: { request in
                seen.fire(request)
                return response("200 OK", "fine", headers: "X-Answer: 42\r\n")
            },
            body: { server in
                try await withClient(CurlConfiguration(userAgent: "Agent/7")) { client in
                    let answer = try await client.send(
                        CurlRequest(
                            method: .post, url: server.url("/hook?a=b%20c"),
                            headers: [
                                ("Content-Type", "application/json"), ("webhook-id", "msg_1"), ("X-Empty", ""),
                                ("X-Blank", "  "), ("X-Text", "grün"), ("webhook-id", "msg_2"),
                            ],
                            body: body))
                    #expect(answer.status == 200)
                    #expect(answer.httpVersion == "1.1")
                    #expect(answer.body == Array("fine".utf8))
                    #expect(answer.header("x-ANSWER") == "42")
                    #expect(answer.header("x-none") == nil)
                    #expect(answer.sendCount == 1)
                    #expect(answer.remoteAddress?.description == "127.0.0.1:\(server.port)")
                    let request = try await seen.next()
                    #expect(request.body == body)
                    #expect(
                        request.lines == [
                            "POST /hook?a=b%20c HTTP/1.1", "Host: 127.0.0.1:\(server.port)", "User-Agent: Agent/7",
                            "Accept: */*", "Content-Type: application/json", "webhook-id: msg_1", "X-Empty:",
                            "X-Blank:",
                            "X-Text: grün", "webhook-id: msg_2", "Content-Length: 100000",
                        ])
                }
            })
    }

    @Test(arguments: CurlRequest.Method.allCases, [[], [UInt8]("{}".utf8), [0]])
    func methodsAndBodies(_ method: CurlRequest.Method, _ body: [UInt8]) async throws {
        let seen = Signal<Recorded>()
        try await withServer(
            answering: { request in
                seen.fire(request)
                return response("200 OK")
            },
            body: { server in
                try await withClient { client in
                    let answer = try await client.send(CurlRequest(method: method, url: server.url(), body: body))
                    #expect(answer.status == 200)
                    let request = try await seen.next()
                    #expect(request.requestLine == "\(method.rawValue) / HTTP/1.1")
                    #expect(request.body == body)
                    let hasNoBody = body.isEmpty && (method == .get || method == .delete)
                    #expect(request.values("content-length") == (hasNoBody ? [] : ["\(body.count)"]))
                    for name in ["expect", "accept-encoding", "content-type", "transfer-encoding", "cookie"] {
                        #expect(request.values(name).isEmpty, "\(name)")
                    }
                }
            })
    }

    @Test
    func nothingOfARequestStaysForTheNext() async throws {
        let seen = Signal<Recorded>()
        try await withServer(
            answering: { request in
                seen.fire(request)
                return response("200 OK", headers: "Set-Cookie: a=b\r\n")
            },
            body: { server in
                try await withClient { client in
                    let first = CurlRequest(
                        method: .patch, url: server.url("/1"), headers: [("X-Secret", "s")], body: [1, 2, 3])
                    _ = try await client.send(first)
                    _ = try await client.send(CurlRequest(method: .get, url: server.url("/2")))
                    _ = try await seen.next()
                    let request = try await seen.next()
                    #expect(request.requestLine == "GET /2 HTTP/1.1")
                    #expect(request.body.isEmpty)
                    for name in ["x-secret", "cookie", "content-length"] {
                        #expect(request.values(name).isEmpty, "\(name)")
                    }
                }
            })
    }

    @Test
    func proxiesOfTheEnvironmentAreIgnored() async {
        await #expect(processExitsWith: .success) {
            for name in ["http_proxy", "all_proxy", "ALL_PROXY"] { Environment.set(name, "http://127.0.0.1:1") }
            try await withServer(
                answering: { _ in response("204 No Content") },
                body: { server in
                    try await withClient { client in
                        let answer = try await client.send(CurlRequest(method: .post, url: server.url()))
                        #expect(answer.status == 204)
                    }
                })
        }
    }

    static let refusedURLs: [String] = [
        "", "/", "example.com/x", "http://", "http:///x", "https://?q", "file:///etc/passwd", "ftp://127.0.0.1/",
        "gopher://127.0.0.1/", "HTTP:127.0.0.1", "http:/127.0.0.1/", "http://user@127.0.0.1/",
        "http://user:pa55word@127.0.0.1/", "http://127.0.0.1\\@example.com/", "http://127.0.0.1/a b",
        "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/\u{0}", "http://127.0.0.1/grün", "http://127.0.0.1:99999/",
        "http://127.0.0.1:abc/", "http://[::1/", "http://127.0.0.1/" + String(repeating: "x", count: 9_000),
    ]

    @Test(arguments: refusedURLs)
    func urlIsRefused(_ url: String) async throws {
        try await withClient { client in
            let policy = TestPolicy { _ in true }
            let error = try await failure(client, CurlRequest(method: .post, url: url, addressPolicy: policy))
            #expect(error.code == .invalidRequest)
            #expect(!error.isRetriable)
            #expect(!error.description.contains("pa55word"))
            #expect(policy.asked.isEmpty)
        }
    }

    static let refusedHeaders: [(String, String)] = [
        ("X", "a\r\nY: b"), ("X", "a\nY: b"), ("X", "a\r"), ("X", "a\u{0}b"), ("X", "a\u{7F}"), ("", "a"),
        ("X Y", "a"), ("X:", "a"), ("X\r\nY", "a"), ("Xü", "a"), ("X;", "a"), ("Host", "a"), ("HOST", "a"),
        ("Content-Length", "1"), ("transfer-encoding", "chunked"), ("Connection", "close"), ("Expect", "100-continue"),
        ("Upgrade", "h2c"), ("X", String(repeating: "a", count: 70_000)),
    ]

    @Test(arguments: refusedHeaders)
    func headerIsRefused(_ name: String, _ value: String) async throws {
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                try await withClient { client in
                    let error = try await failure(
                        client, CurlRequest(method: .post, url: server.url(), headers: [(name, value)]))
                    #expect(error.code == .invalidRequest)
                    #expect(server.connectionCount == 0)
                }
            })
    }

    @Test
    func limitsAreChecked() async throws {
        try await withClient(CurlConfiguration(requestBodyLimitBytes: 3)) { client in
            var requests: [CurlRequest] = []
            func add(_ change: (inout CurlRequest) -> Void) {
                var request = CurlRequest(method: .post, url: "http://127.0.0.1:1/")
                change(&request)
                requests.append(request)
            }
            add { $0.body = [1, 2, 3, 4] }
            add { $0.connectTimeoutMilliseconds = 0 }
            add { $0.totalTimeoutMilliseconds = -1 }
            add { $0.totalTimeoutMilliseconds = .max }
            add { $0.responseLimitBytes = -1 }
            add { $0.responseHeaderLimitBytes = 0 }
            add { $0.clientCertificatePEM = [1] }
            add { $0.clientKeyPEM = [1] }
            add { $0.headers = Array(repeating: ("X", "y"), count: 101) }
            for request in requests {
                let error = try await failure(client, request)
                #expect(error.code == .invalidRequest)
            }
        }
    }

    @Test(arguments: [
        ("https://crm.example/secret/path?token=t0p", "POST https://crm.example"),
        ("http://user:t0p@crm.example/", "POST (origin with user info)"), ("t0p", "POST (no origin)"),
    ])
    func descriptionKeepsSecrets(_ url: String, _ expected: String) {
        let request = CurlRequest(method: .post, url: url, headers: [("Authorization", "t0p")], clientKeyPEM: [1, 2])
        #expect(request.description == expected)
        var dumped = ""
        dump(request, to: &dumped)
        #expect(!dumped.contains("t0p"))
    }
}
