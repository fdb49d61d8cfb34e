import Curl
import Glibc
import Testing

/// Servers that lie, hang, drip, flood and vanish.
@Suite(.timeLimit(.minutes(1)))
struct FailureTests {
    @Test
    func refusedPort() async throws {
        let port = try Socket.closedPort()
        try await withClient { client in
            let error = try await failure(client, CurlRequest(method: .post, url: "http://127.0.0.1:\(port)/"))
            #expect(error.code == .connectFailed)
            #expect(error.phase == .connect)
            #expect(error.isRetriable && !error.isOurs)
            #expect(error.curlCode == 7)
            #expect(error.message.contains("\(port)"))
        }
    }

    @Test
    func unknownName() async throws {
        // Longer than a label may be, so that no name server is asked.
        let host = String(repeating: "a", count: 64) + ".invalid"
        try await withClient { client in
            let error = try await failure(client, CurlRequest(method: .post, url: "http://\(host)/"))
            #expect(error.code == .resolveFailed)
            #expect(error.phase == .dns)
            #expect(error.isRetriable)
        }
    }

    @Test
    func connectTimeOut() async throws {
        // A listener whose queue is full drops further connection attempts.
        let (listener, port) = try Socket.listen(backlog: 0)
        let waiting = (0..<4).map { _ in Socket.connect(port: port) }
        defer { for descriptor in waiting + [listener] { close(descriptor) } }
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                try await withClient { client in
                    // First a transfer that works: nothing of it may show in the failure of the next.
                    _ = try await client.send(CurlRequest(method: .get, url: server.url()))
                    for scheme in ["http", "https"] {
                        let url = "\(scheme)://127.0.0.1:\(port)/"
                        let request = CurlRequest(method: .post, url: url, connectTimeoutMilliseconds: 200)
                        let error = try await failure(client, request)
                        #expect(error.code == .timedOut)
                        #expect(error.phase == .connect)
                        #expect(error.status == nil)
                        #expect(error.timings.connect > 100_000 && error.timings.tls == 0)
                        #expect(error.timings.total < 10_000_000)
                    }
                }
            })
    }

    @Test
    func handshakeTimeOut() async throws {
        try await withServer(
            handler: { _ = $0.waitForClose() },
            body: { server in
                try await withClient { client in
                    let request = CurlRequest(
                        method: .post, url: "https://127.0.0.1:\(server.port)/", connectTimeoutMilliseconds: 300)
                    var error = try await failure(client, request)
                    // On a busy machine the client's thread may have had no turn, and says so.
                    for _ in 0..<9 where error.code == .stalled { error = try await failure(client, request) }
                    #expect(error.code == .timedOut)
                    #expect(error.phase == .tls)
                }
            })
    }

    @Test
    func hangingServer() async throws {
        let closed = Signal<Bool>()
        try await withServer(
            handler: { connection in
                _ = connection.readRequest()
                closed.fire(connection.waitForClose())
            },
            body: { server in
                try await withClient { client in
                    let error = try await failure(
                        client, CurlRequest(method: .post, url: server.url(), totalTimeoutMilliseconds: 300))
                    #expect(error.code == .timedOut)
                    #expect(error.phase == .firstByte)
                    #expect(error.status == nil)
                    #expect(error.timings.total >= 290_000 && error.timings.firstByte > 200_000)
                    #expect(try await closed.next())
                }
            })
    }

    @Test
    func drippingBodyKeepsTheStatus() async throws {
        try await withServer(
            handler: { connection in
                _ = connection.readRequest()
                connection.write("HTTP/1.1 202 Accepted\r\nContent-Length: 1000\r\n\r\nx")
                _ = connection.waitForClose()
            },
            body: { server in
                try await withClient { client in
                    let error = try await failure(
                        client, CurlRequest(method: .post, url: server.url(), totalTimeoutMilliseconds: 300))
                    #expect(error.code == .timedOut)
                    #expect(error.phase == .body)
                    #expect(error.status == 202)
                }
            })
    }

    @Test
    func drippingHeadersHaveNoFinalStatus() async throws {
        try await withServer(
            handler: { connection in
                _ = connection.readRequest()
                connection.write("HTTP/1.1 100 Continue\r\n\r\n")
                _ = connection.waitForClose()
            },
            body: { server in
                try await withClient { client in
                    let error = try await failure(
                        client, CurlRequest(method: .post, url: server.url(), totalTimeoutMilliseconds: 300))
                    #expect(error.code == .timedOut)
                    #expect(error.status == nil)
                }
            })
    }

    static let breaks: [(reply: String, isReset: Bool, code: CurlError.Code, status: Int?)] = [
        ("", false, .connectionReset, nil),
        ("", true, .connectionReset, nil),
        ("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart", false, .connectionReset, 200),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\npa", false, .connectionReset, 200),
        ("SSH-2.0-OpenSSH_9.2\r\n", false, .badResponse, nil),
        ("<html>no</html>", false, .badResponse, nil),
        ("HTTP/1.1 20x OK\r\n\r\n", false, .badResponse, nil),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", false, .badResponse, 200),
        ("\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{7}\u{8}\r\n\r\n", false, .badResponse, nil),
    ]

    @Test(arguments: 0..<breaks.count)
    func brokenReply(_ index: Int) async throws {
        let (reply, isReset, code, status) = Self.breaks[index]
        try await withServer(
            handler: { connection in
                _ = connection.readRequest()
                connection.write(reply)
                if isReset { connection.reset() }
            },
            body: { server in
                try await withClient { client in
                    let error = try await failure(client, CurlRequest(method: .post, url: server.url(), body: [1]))
                    #expect(error.code == code)
                    #expect(error.status == status)
                    #expect(error.isRetriable)
                }
            })
    }

    @Test
    func resetWhileReceiving() async throws {
        try await withServer(
            handler: { connection in
                _ = connection.readRequest()
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
                connection.reset()
            },
            body: { server in
                try await withClient { client in
                    let error = try await failure(client, CurlRequest(method: .post, url: server.url(), body: [1]))
                    // The reset may overtake the bytes.
                    #expect(error.code == .connectionReset)
                    #expect(error.status == 200 || error.status == nil)
                }
            })
    }

    @Test(arguments: [true, false], [0, 1, 1_000, 64 << 10])
    func endlessBodyIsCut(_ isChunked: Bool, _ limit: Int) async throws {
        let closed = Signal<Bool>()
        try await withServer(
            handler: { connection in
                _ = connection.readRequest()
                let block = String(repeating: "x", count: 4_096)
                connection.write(
                    "HTTP/1.1 200 OK\r\nX-A: b\r\n\(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: 99999999999")\r\n\r\n"
                )
                while connection.write(isChunked ? "1000\r\n\(block)\r\n" : block) {}
                closed.fire(true)
            },
            body: { server in
                try await withClient { client in
                    let answer = try await client.send(
                        CurlRequest(method: .post, url: server.url(), responseLimitBytes: limit))
                    #expect(answer.status == 200)
                    #expect(answer.header("x-a") == "b")
                    #expect(answer.bodyIsTruncated)
                    #expect(answer.body == [UInt8](repeating: UInt8(ascii: "x"), count: limit))
                    #expect(try await closed.next())
                }
            })
    }

    @Test
    func bodyOfExactlyTheLimitIsWhole() async throws {
        try await withServer(
            answering: { _ in response("200 OK", "12345") },
            body: { server in
                try await withClient { client in
                    for (limit, isCut) in [(4, true), (5, false), (6, false)] {
                        let answer = try await client.send(
                            CurlRequest(method: .get, url: server.url(), responseLimitBytes: limit))
                        #expect(answer.bodyIsTruncated == isCut)
                        #expect(answer.body.count == min(limit, 5))
                    }
                }
            })
    }

    @Test(arguments: [
        ("HTTP/1.1 200 OK\r\n", "X-Filler: \(String(repeating: "x", count: 1_000))\r\n"),
        ("", "HTTP/1.1 100 Continue\r\n\r\n"),
    ])
    func endlessHeadersAreCut(_ start: String, _ filler: String) async throws {
        try await withServer(
            handler: { connection in
                _ = connection.readRequest()
                connection.write(start)
                while connection.write(filler) {}
            },
            body: { server in
                try await withClient { client in
                    let error = try await failure(
                        client, CurlRequest(method: .post, url: server.url(), responseHeaderLimitBytes: 10_000))
                    #expect(error.code == .badResponse)
                    #expect(error.message.contains("limit"))
                }
            })
    }
}
