import Foundation
import FoundationNetworking
import Logging
import Program
import ServiceLifecycle
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HealthTests {
    private struct Down: Error, CustomStringConvertible {
        let description = "connection refused\nat 127.0.0.1"
    }

    private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test
    func servesItsPages() async throws {
        let isUp = Mutex(true)
        let checks = HealthChecks([
            HealthCheck(name: "redis") { if isUp.withLock({ !$0 }) { throw Down() } },
            HealthCheck(name: "postgres") {},
        ])
        let metrics: @Sendable () async -> String = { "jobs_total 7\n" }
        try await withServer(checks, metrics: metrics) { port in
            try await expect(port, "/healthz", 200, #"{"status":"ok"}"#)
            let ready = #"{"status":"ok","checks":{"redis":{"ok":true},"postgres":{"ok":true}}}"#
            try await expect(port, "/readyz", 200, ready)
            try await expect(port, "/metrics", 200, "jobs_total 7\n")
            try await expect(port, "/other", 404, "")
            isUp.withLock { $0 = false }
            let detail = #"{"ok":false,"detail":"connection refused\\nat 127.0.0.1"}"#
            let down = #"{"status":"unavailable","checks":{"redis":\#(detail),"postgres":{"ok":true}}}"#
            try await expect(port, "/readyz", 503, down)
            try await expect(port, "/healthz", 200, #"{"status":"ok"}"#)
        }
    }

    @Test
    func aHangingCheckFailsAtItsLimitAndStaysBounded() async throws {
        let starts = Atomic<Int>(0)
        let gate = AsyncStream<Void>.makeStream()
        let checks = HealthChecks([
            HealthCheck(name: "slow", limitMilliseconds: 20) {
                starts.add(1, ordering: .relaxed)
                // Ignores cancellation until the gate opens.
                await Task.detached { for await _ in gate.stream { break } }.value
            },
            HealthCheck(name: "fine") {},
        ])
        for _ in 0..<HealthChecks.maximumHangingRuns {
            let results = await checks.results()
            #expect(results.map(\.failure) == ["no answer within 20 ms", nil])
        }
        let results = await checks.results()
        #expect(results.first?.failure == "8 earlier runs have not ended")
        #expect(starts.load(ordering: .relaxed) == HealthChecks.maximumHangingRuns)
        gate.continuation.finish()
    }

    @Test
    func explainsWhyItCannotListen() async throws {
        try await withServer(HealthChecks([])) { port in
            let address = try #require(ListenAddress("127.0.0.1:\(port)"))
            let second = HealthServer(address: address, checks: HealthChecks([]), logger: quiet)
            let error = await #expect(throws: ProgramError.self) { try await second.run() }
            #expect(error?.exitCode == .unavailable)
            #expect(error?.message == "METRICS_LISTEN=127.0.0.1:\(port): address already in use")
        }
    }

    @Test(arguments: [("192.0.2.1:0", "expected an address of this machine"), ("no-such-host.invalid:0", "resolved")])
    func explainsABadAddress(_ text: String, expected: String) async throws {
        let address = try #require(ListenAddress(text))
        let server = HealthServer(address: address, checks: HealthChecks([]), logger: quiet)
        let error = await #expect(throws: ProgramError.self) { try await server.run() }
        #expect(error?.exitCode == .configuration && error?.message.contains(expected) == true)
    }

    private func withServer(
        _ checks: HealthChecks,
        metrics: (@Sendable () async -> String)? = nil,
        _ body: (Int) async throws -> Void,
    ) async throws {
        let (ports, continuation) = AsyncStream<Int>.makeStream()
        let server = HealthServer(
            address: ListenAddress(host: "127.0.0.1", port: 0),
            checks: checks,
            metrics: metrics,
            logger: quiet,
            onListening: { continuation.yield($0) },
        )
        let group = ServiceGroup(services: [server], logger: quiet)
        let running = Task { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        do {
            try await body(port)
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await running.value
    }

    private func expect(_ port: Int, _ path: String, _ status: Int, _ body: String) async throws {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        let (data, response) = try await URLSession(configuration: .ephemeral).data(from: url)
        #expect((response as? HTTPURLResponse)?.statusCode == status)
        #expect(String(decoding: data, as: UTF8.self) == body)
    }
}
