import Curl
import Testing

/// Connections kept, shared, broken and bounded.
@Suite(.timeLimit(.minutes(2)))
struct ConnectionTests {
    @Test
    func connectionIsKept() async throws {
        try await withServer(
            answering: { _ in response("204 No Content") },
            body: { server in
                try await withClient { client in
                    for index in 0..<50 {
                        let answer = try await client.send(CurlRequest(method: .post, url: server.url(), body: [1]))
                        #expect(answer.connectionWasReused == (index > 0))
                    }
                    #expect(server.connectionCount == 1)
                }
            })
    }

    @Test
    func fiveHundredAtOnce() async throws {
        try await withServer(
            answering: { response("200 OK", String(decoding: $0.body, as: UTF8.self)) },
            body: { server in
                try await withClient { client in
                    let url = server.url()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for index in 0..<500 {
                            group.addTask {
                                for round in 0..<4 {
                                    let text = "\(index)/\(round)"
                                    let answer = try await client.send(
                                        CurlRequest(method: .post, url: url, body: Array(text.utf8)))
                                    #expect(answer.body == Array(text.utf8))
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                    #expect(server.connectionCount <= 1_000)
                }
            })
    }

    @Test
    func slowTargetDoesNotHoldOthersOfItsHost() async throws {
        // The first connection to a host hangs; the others must not wait for it.
        let arrived = Signal<Bool>()
        try await withServer(
            handler: { connection in
                while let request = connection.readRequest() {
                    if request.requestLine.contains("slow") {
                        arrived.fire(true)
                        _ = connection.waitForClose()
                        return
                    }
                    connection.write(response("200 OK"))
                }
            },
            body: { server in
                try await withClient { client in
                    let url = server.url("/slow")
                    let slow = Task { try await failure(client, CurlRequest(method: .post, url: url)) }
                    _ = try await arrived.next()
                    for _ in 0..<10 {
                        let answer = try await client.send(
                            CurlRequest(method: .post, url: server.url(), totalTimeoutMilliseconds: 10_000))
                        #expect(answer.status == 200)
                    }
                    slow.cancel()
                    let error = try await slow.value
                    #expect(error.code == .cancelled)
                }
            })
    }

    @Test
    func socketsAreNotInherited() async throws {
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                try await withClient { client in
                    _ = try await client.send(CurlRequest(method: .get, url: server.url()))
                    #expect(Socket.inheritedFlags(peerPort: server.port) == [false])
                }
            })
    }

    @Test
    func moreThanTheBoundIsRefusedAtOnce() async throws {
        let arrived = Signal<Bool>()
        try await withServer(
            handler: { connection in
                _ = connection.readRequest()
                arrived.fire(true)
                _ = connection.waitForClose()
            },
            body: { server in
                try await withClient(CurlConfiguration(maximumInFlight: 2)) { client in
                    let request = CurlRequest(method: .post, url: server.url())
                    let running = (0..<2).map { _ in Task { try await failure(client, request) } }
                    for _ in running { _ = try await arrived.next() }
                    let refused = try await failure(client, request)
                    #expect(refused.code == .overloaded)
                    #expect(refused.isRetriable && refused.isOurs)
                    for task in running { task.cancel() }
                    for task in running {
                        let error = try await task.value
                        #expect(error.code == .cancelled)
                    }
                    // There is room again as soon as the callers know.
                    let error = try await failure(
                        client, CurlRequest(method: .post, url: server.url(), totalTimeoutMilliseconds: 50))
                    #expect(error.code == .timedOut)
                }
            })
    }

    /// What libcurl does when a kept connection breaks before any byte of the response: it sends the request again on
    /// a fresh connection, POST included, so a target that read it sees it twice.
    @Test(arguments: [true, false], [true, false])
    func staleConnection(_ isRead: Bool, _ resends: Bool) async throws {
        let seen = Signal<String>()
        let closed = Signal<Bool>()
        try await withServer(
            handler: { connection in
                while let request = connection.readRequest() {
                    seen.fire(request.requestLine)
                    if request.requestLine.contains("break") { return }
                    connection.write(response("200 OK"))
                    if !isRead, request.requestLine.contains("first") {
                        connection.close()
                        closed.fire(true)
                        return
                    }
                }
            },
            body: { server in
                try await withClient { client in
                    _ = try await client.send(CurlRequest(method: .post, url: server.url("/first"), body: [1]))
                    if !isRead { _ = try await closed.next() }
                    let request = CurlRequest(
                        method: .post, url: server.url(isRead ? "/break" : "/good"), body: [1, 2],
                        resendsOnStaleConnection: resends)
                    #expect(try await seen.next().contains("first"))
                    if isRead {
                        let error = try await failure(client, request)
                        #expect(error.code == .connectionReset)
                        #expect(try await seen.next().contains("break"))
                        if resends { #expect(try await seen.next().contains("break")) }
                    } else {
                        // The close was seen before the request: a fresh connection from the start, sent once.
                        let answer = try await client.send(request)
                        #expect(answer.status == 200)
                        #expect(answer.sendCount == 1)
                        #expect(try await seen.next().contains("good"))
                    }
                }
            })
    }
}
