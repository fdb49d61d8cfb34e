import Curl
import Glibc
import Testing

/// Cancellation in each phase, and shutdown.
@Suite(.timeLimit(.minutes(1)))
struct StopTests {
    @Test
    func cancelledBeforeStart() async throws {
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                try await withClient { client in
                    let url = server.url()
                    let task = Task {
                        while !Task.isCancelled { await Task.yield() }
                        return try await failure(client, CurlRequest(method: .post, url: url))
                    }
                    task.cancel()
                    let error = try await task.value
                    #expect(error.code == .cancelled)
                    #expect(error.isOurs && !error.isRetriable)
                    #expect(server.connectionCount == 0)
                }
            })
    }

    @Test
    func cancelledWhileConnecting() async throws {
        let (listener, port) = try Socket.listen(backlog: 0)
        let waiting = (0..<4).map { _ in Socket.connect(port: port) }
        defer { for descriptor in waiting + [listener] { close(descriptor) } }
        try await withClient { client in
            let dialled = Signal<CurlAddress>()
            let policy = TestPolicy { address in
                dialled.fire(address)
                return true
            }
            let task = Task {
                try await failure(
                    client, CurlRequest(method: .post, url: "http://127.0.0.1:\(port)/", addressPolicy: policy))
            }
            _ = try await dialled.next()
            task.cancel()
            let error = try await task.value
            #expect(error.code == .cancelled)
        }
    }

    /// How far the server lets the transfer come before the test cancels it.
    enum Stage: CaseIterable { case handshake, waiting, body }

    @Test(arguments: Stage.allCases)
    func cancelledOnTheWay(_ stage: Stage) async throws {
        let reached = Signal<Bool>()
        let closed = Signal<Bool>()
        try await withServer(
            handler: { connection in
                if stage == .handshake { _ = connection.fill() } else { _ = connection.readRequest() }
                if stage == .body { connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx") }
                reached.fire(true)
                closed.fire(connection.waitForClose())
            },
            body: { server in
                try await withClient { client in
                    let url = stage == .handshake ? "https://127.0.0.1:\(server.port)/" : server.url()
                    let task = Task { try await failure(client, CurlRequest(method: .post, url: url)) }
                    _ = try await reached.next()
                    task.cancel()
                    let error = try await task.value
                    #expect(error.code == .cancelled)
                    #expect(try await closed.next(), "the connection must be closed, not kept")
                }
            })
    }

    @Test
    func cancellationsAtAnyMoment() async throws {
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                try await withClient { client in
                    let url = server.url()
                    let tasks = (0..<300).map { _ in
                        Task { () async -> CurlError.Code? in
                            // Long limits: three hundred connections at once may take a busy machine a while.
                            var request = CurlRequest(method: .post, url: url, body: [1])
                            request.connectTimeoutMilliseconds = 50_000
                            request.totalTimeoutMilliseconds = 50_000
                            do throws(CurlError) {
                                _ = try await client.send(request)
                                return nil
                            } catch { return error.code }
                        }
                    }
                    for (index, task) in tasks.enumerated() where index % 2 == 0 {
                        if index % 20 == 0 { await Task.yield() }
                        task.cancel()
                    }
                    for (index, task) in tasks.enumerated() {
                        let code = await task.value
                        #expect(
                            code == nil || (code == .cancelled && index % 2 == 0),
                            "\(index): \(String(describing: code))")
                    }
                    let answer = try await client.send(CurlRequest(method: .get, url: url))
                    #expect(answer.status == 200)
                }
            })
    }

    @Test
    func shutdownFailsWhatRuns() async throws {
        let arrived = Signal<Bool>()
        let closed = Signal<Bool>()
        try await withServer(
            handler: { connection in
                _ = connection.readRequest()
                arrived.fire(true)
                closed.fire(connection.waitForClose())
            },
            body: { server in
                let client = CurlClient()
                let request = CurlRequest(method: .post, url: server.url())
                let running = (0..<10).map { _ in Task { try await failure(client, request) } }
                for _ in running { _ = try await arrived.next() }
                await client.shutdown()
                for task in running {
                    let error = try await task.value
                    #expect(error.code == .closed)
                    #expect(error.isOurs && error.isRetriable)
                    #expect(try await closed.next())
                }
                let late = try await failure(client, request)
                #expect(late.code == .closed)
                await client.shutdown()
            })
    }

    @Test
    func shutdownDuringSends() async throws {
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                let client = CurlClient()
                let url = server.url()
                let tasks = (0..<200).map { _ in
                    Task { () async -> CurlError.Code? in
                        do throws(CurlError) {
                            _ = try await client.send(CurlRequest(method: .post, url: url))
                            return nil
                        } catch { return error.code }
                    }
                }
                async let first: Void = client.shutdown()
                async let second: Void = client.shutdown()
                _ = await (first, second)
                for task in tasks {
                    let code = await task.value
                    #expect(code == nil || code == .closed)
                }
            })
    }

    @Test
    func unusedAndForgottenClientsEnd() async throws {
        for _ in 0..<20 { _ = CurlClient() }
        try await withServer(
            answering: { _ in response("200 OK") },
            body: { server in
                for _ in 0..<5 {
                    let client = CurlClient()
                    let answer = try await client.send(CurlRequest(method: .get, url: server.url()))
                    #expect(answer.status == 200)
                }
            })
    }
}
