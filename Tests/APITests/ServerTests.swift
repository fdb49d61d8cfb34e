import API
import Hummingbird
import Logging
import Program
import ServiceLifecycle
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ServerTests {
    private func addRoutes(_ routes: inout RouteTable) {
        routes.get("/x", scope: nil) { _, _ in JSONResponse.make(Array("1".utf8)) }
    }

    private var limits: HTTPLimits {
        var limits = HTTPLimits()
        limits.lingerMilliseconds = 100
        return limits
    }

    @Test(arguments: [
        ("GET /" + String(repeating: "x", count: 8_191) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 404),
        ("GET /" + String(repeating: "x", count: 8_192) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 414),
        ("GET /" + String(repeating: "x", count: 20_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 431),
        ("GET /x HTTP/1.1\r\nHost: a\r\nA: " + String(repeating: "x", count: 16_385) + "\r\n\r\n", 431),
        ("GET /x HTTP/1.1\r\nHost: a\r\n" + String(repeating: "A: b\r\n", count: 130) + "\r\n", 431),
        (
            "GET /x HTTP/1.1\r\nHost: a\r\n"
                + String(repeating: "A: \(String(repeating: "x", count: 9_000))\r\n", count: 4), 431
        ),
        ("nonsense\r\n\r\n", 400), ("GET /x HTTP/1.1\r\nHost: a\r\nbad field\r\n\r\n", 400),
        ("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
        ("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ])
    func refusesBadHeads(_ text: String, status: Int) async throws {
        try await TestServer.run(limits: limits, addRoutes) { server in
            let answer = Answer(try await server.exchange(text))
            #expect(answer.status == status)
            #expect(answer.fields["content-type"] == "application/problem+json")
            #expect(answer.body.contains("\"status\":\(status)"))
        }
    }

    @Test
    func closesAConnectionThatSendsNothing() async throws {
        var limits = limits
        limits.idleLimitMilliseconds = 50
        try await TestServer.run(limits: limits, addRoutes) { server in
            let silent = try await server.exchange("")
            let partial = try await server.exchange("GET /x HT")
            #expect(silent.isEmpty && partial.isEmpty)
        }
    }

    @Test
    func aGracefulShutdownFinishesRequestsInFlight() async throws {
        let begun = AsyncStream<Void>.makeStream()
        let release = AsyncStream<Void>.makeStream()
        try await TestServer.run(limits: limits) { routes in
            routes.get("/slow", scope: nil) { _, _ in
                begun.continuation.yield()
                for await _ in release.stream { break }
                return JSONResponse.make(Array("\"done\"".utf8))
            }
        } _: { server in
            try await server.connect { connection in
                try await connection.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                for await _ in begun.stream { break }
                await server.group.triggerGracefulShutdown()
                // Idle connections are closed from now on, and soon new ones are refused.
                while let text = try? await server.exchange("") { #expect(text.isEmpty) }
                release.continuation.yield()
                let answer = Answer(try await connection.readToEnd())
                #expect(answer.status == 200 && answer.body == "\"done\"")
            }
        }
    }

    @Test
    func explainsThatAPortIsTaken() async throws {
        try await TestServer.run(addRoutes) { server in
            let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let second = HTTPServer.make(
                responder: RouteTable().makeResponder(
                    authenticator: Authenticator(tokens: try TokenStore([])),
                    logger: quiet,
                ),
                address: ListenAddress(host: "127.0.0.1", port: server.port),
                logger: quiet,
            )
            let error = await #expect(throws: ProgramError.self) { try await second.run() }
            #expect(error?.exitCode == .unavailable)
            #expect(error?.message == "API_LISTEN=127.0.0.1:\(server.port): address already in use")
        }
    }

    @Test
    func servesHealth() async throws {
        struct Down: Error {}
        try await TestServer.run { routes in
            routes.addHealth(HealthChecks([HealthCheck(name: "redis") { throw Down() }]))
        } _: { server in
            let alive = try await server.request("GET", "/healthz")
            #expect(alive.body == #"{"status":"ok"}"#)
            let ready = try await server.request("GET", "/readyz")
            #expect(ready.status == 503)
            #expect(ready.body == #"{"status":"unavailable","checks":{"redis":{"ok":false,"detail":"Down()"}}}"#)
        }
    }
}
