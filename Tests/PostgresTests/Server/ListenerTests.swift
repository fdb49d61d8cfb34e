import Postgres
import Testing
import Threads

@Suite(.timeLimit(.minutes(2)))
struct ListenerTests {
    private let notify = PostgresStatement("notify", "SELECT pg_notify($1, $2)")

    @Test
    func hearsItsChannelsInOrder() async throws {
        let server = try await PostgresServer.shared()
        let channels = [uniqueName("Channel \"one\""), uniqueName("zwei-ü")]
        let listener = PostgresListener(configuration: try PostgresConfiguration(url: server.url()), channels: channels)
        try await withPool { pool async throws in
            var heard = listener.notifications().makeAsyncIterator()
            #expect(await heard.next(isolation: #isolation) == .reconnected)
            for round in 0..<50 {
                _ = try await pool.query(notify, [.text("elsewhere"), .text("no")])
                for channel in channels { _ = try await pool.query(notify, [.text(channel), .text("é \(round)")]) }
            }
            for round in 0..<50 {
                for channel in channels {
                    #expect(
                        await heard.next(isolation: #isolation) == .message(channel: channel, payload: "é \(round)"))
                }
            }
        }
        await listener.shutdown()
    }

    @Test
    func connectsAgain() async throws {
        let server = try await PostgresServer.launch()
        let failures = Locked<[PostgresError]>([])
        let failed = Rendezvous(count: 2)
        let listener = PostgresListener(
            configuration: try PostgresConfiguration(url: server.url()), channels: ["news"]
        ) { error in
            let count = failures.withLock { failures in
                failures.append(error)
                return failures.count
            }
            // The loss, then one attempt that found no server.
            if count == 2 { Task { await failed.arrive() } }
        }
        var heard = listener.notifications().makeAsyncIterator()
        #expect(await heard.next(isolation: #isolation) == .reconnected)
        let later = Task {
            var heard = listener.notifications().makeAsyncIterator()
            return [await heard.next(isolation: #isolation), await heard.next(isolation: #isolation)]
        }
        try await server.stop()
        await failed.arrive()
        try await server.start()
        try await withPool(server: server) { pool async throws in
            let isListening = PostgresStatement(
                "listening",
                "SELECT count(*) = 1 AS v FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND state = 'idle'")
            try await eventually(pool, isListening)
            _ = try await pool.query(notify, [.text("news"), .text("back")])
        }
        #expect(await later.value == [.reconnected, .message(channel: "news", payload: "back")])
        #expect(failures.withLock { $0.allSatisfy(\.isRetriable) })
        await listener.shutdown()
        try await server.stop()
    }

    @Test
    func endsWhenShutDown() async throws {
        let server = try await PostgresServer.shared()
        let listener = PostgresListener(
            configuration: try PostgresConfiguration(url: server.url()), channels: ["quiet"])
        let begun = Rendezvous(count: 2)
        let reader = Task {
            var count = 0
            for await _ in listener.notifications() {
                count += 1
                await begun.arrive()
            }
            return count
        }
        await begun.arrive()
        await listener.shutdown()
        #expect(await reader.value == 1)
        var after = listener.notifications().makeAsyncIterator()
        #expect(await after.next(isolation: #isolation) == nil)
    }

    @Test
    func endsWhenItsReaderIsCancelled() async throws {
        let server = try await PostgresServer.shared()
        let channel = uniqueName("cancelled")
        let listener = PostgresListener(
            configuration: try PostgresConfiguration(url: server.url()), channels: [channel])
        let begun = Rendezvous(count: 2)
        let reader = Task {
            for await _ in listener.notifications() { await begun.arrive() }
        }
        await begun.arrive()
        reader.cancel()
        await reader.value
        // The connection is still there for the next reader.
        try await withPool { pool in _ = try await pool.query(notify, [.text(channel), .text("on")]) }
        var next = listener.notifications().makeAsyncIterator()
        #expect(await next.next(isolation: #isolation) == .message(channel: channel, payload: "on"))
        await listener.shutdown()
    }

    @Test
    func endsAtOnceWithoutAServer() async throws {
        let url = "postgresql://u:p@127.0.0.1:\(try freePort())/d"
        let failed = Rendezvous(count: 2)
        let listener = PostgresListener(configuration: try PostgresConfiguration(url: url), channels: ["c"]) { error in
            Task { await failed.arrive() }
        }
        let reader = Task {
            for await _ in listener.notifications() {}
        }
        await failed.arrive()
        await listener.shutdown()
        await reader.value
    }
}
