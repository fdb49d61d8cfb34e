import Testing

@testable import Curl

/// Responses of every shape, from servers that behave.
@Suite(.timeLimit(.minutes(1)))
struct ResponseTests {
    @Test(arguments: [200, 201, 202, 204, 301, 302, 303, 304, 307, 308, 400, 401, 404, 410, 429, 500, 503, 599])
    func everyStatusIsAResponse(_ status: Int) async throws {
        try await withServer(
            answering: { _ in
                let isBare = status == 204 || status == 304
                return isBare
                    ? "HTTP/1.1 \(status) X\r\nRetry-After: 7\r\n\r\n"
                    : response("\(status) X", "b", headers: "Retry-After: 7\r\n")
            },
            body: { server in
                try await withClient { client in
                    for _ in 0..<2 {
                        let answer = try await client.send(CurlRequest(method: .post, url: server.url(), body: [1]))
                        #expect(answer.status == status)
                        #expect(answer.header("retry-after") == "7")
                        #expect(answer.body.count == (status == 204 || status == 304 ? 0 : 1))
                    }
                    #expect(server.connectionCount == 1)
                }
            })
    }

    @Test
    func redirectsAreNotFollowed() async throws {
        try await withServer(answering: { _ in response("200 OK") }) { other in
            let location = other.url()
            try await withServer(answering: { _ in response("302 Found", headers: "Location: \(location)\r\n") }) {
                server in
                try await withClient { client in
                    let answer = try await client.send(CurlRequest(method: .post, url: server.url(), body: [1]))
                    #expect(answer.status == 302)
                    #expect(answer.header("Location") == location)
                    #expect(other.connectionCount == 0)
                }
            }
        }
    }

    @Test
    func onlyTheFinalResponseCounts() async throws {
        try await withServer(
            answering: { _ in
                "HTTP/1.1 100 Continue\r\nX-A: interim\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-B: interim\r\n\r\n"
                    + "HTTP/1.1 201 Created\r\nX-A: final\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n"
                    + "3\r\nabc\r\n0\r\nX-T: trailer\r\n\r\n"
            },
            body: { server in
                try await withClient { client in
                    let answer = try await client.send(CurlRequest(method: .post, url: server.url(), body: [1]))
                    #expect(answer.status == 201)
                    #expect(answer.headers.map(\.name) == ["X-A", "Transfer-Encoding", "Trailer"])
                    #expect(answer.header("x-a") == "final")
                    #expect(answer.body == Array("abc".utf8))
                }
            })
    }

    @Test
    func bodyMayEndWithTheConnection() async throws {
        try await withServer(
            handler: { connection in
                _ = connection.readRequest()
                connection.write("HTTP/1.0 200 OK\r\n\r\nuntil the end")
            },
            body: { server in
                try await withClient { client in
                    let answer = try await client.send(CurlRequest(method: .get, url: server.url()))
                    #expect(answer.status == 200)
                    #expect(answer.httpVersion == "1.0")
                    #expect(answer.body == Array("until the end".utf8))
                }
            })
    }

    @Test
    func gzipIsNotUnpacked() async throws {
        try await withServer(answering: { _ in response("200 OK", "not gzip", headers: "Content-Encoding: gzip\r\n") })
        {
            server in
            try await withClient { client in
                let answer = try await client.send(CurlRequest(method: .get, url: server.url()))
                #expect(answer.body == Array("not gzip".utf8))
            }
        }
    }

    @Test(arguments: [
        ("A: b\r\nc:d\r\n", ["A=b", "c=d"]), ("A:\r\n", ["A="]), ("A: b\r\n c\r\n\td\r\n", ["A=b c d"]),
        (" folded first\r\nA: b\r\n", ["A=b"]), ("no colon\r\nA: b\r\n", ["A=b"]), ("A: b: c\n", ["A=b: c"]),
        ("A:   b \t \r\n", ["A=b"]), ("A: b\r\nA: c\r\n", ["A=b", "A=c"]), ("", []), ("\r\n\r\n", []),
    ])
    func headerLines(_ text: String, _ expected: [String]) {
        #expect(HeaderBlock.parse(Array(text.utf8)).map { "\($0.name)=\($0.value)" } == expected)
    }

    @Test(arguments: [
        (CurlPhase.dns, [90, 0, 0, 0, 0]), (.connect, [10, 80, 0, 0, 0]), (.tls, [10, 10, 70, 0, 0]),
        (.firstByte, [10, 10, 20, 50, 0]), (.body, [10, 10, 20, 20, 30]),
    ])
    func timingsAddUp(_ phase: CurlPhase, _ expected: [Int64]) {
        let reached = CurlPhase.allCases.filter { $0 < phase || phase == .body }
        let moments = TransferMoments(
            nameLookup: reached.contains(.dns) ? 10 : 0, connect: reached.contains(.connect) ? 20 : 0,
            appConnect: reached.contains(.tls) ? 40 : 0, startTransfer: reached.contains(.firstByte) ? 60 : 0, total: 90
        )
        let timings = CurlTimings(moments: moments, phase: phase)
        #expect([timings.dns, timings.connect, timings.tls, timings.firstByte, timings.body] == expected)
        #expect(expected.reduce(0, +) == timings.total)
    }

    @Test
    func timingsOfARealResponse() async throws {
        try await withServer(
            answering: { _ in response("200 OK", "x") },
            body: { server in
                try await withClient { client in
                    for isReused in [false, true] {
                        let answer = try await client.send(CurlRequest(method: .get, url: server.url()))
                        let timings = answer.timings
                        #expect(timings.total > 0 && timings.firstByte > 0 && timings.tls == 0)
                        #expect(
                            timings.dns + timings.connect + timings.tls + timings.firstByte + timings.body
                                == timings.total)
                        #expect(answer.connectionWasReused == isReused)
                    }
                }
            })
    }
}
