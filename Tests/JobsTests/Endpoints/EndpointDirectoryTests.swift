import Basics
import Command
import Foundation
import Logging
import Queue
import TestKit
import Testing

@testable import Jobs
@testable import Postgres

@Suite(.timeLimit(.minutes(2)))
struct EndpointDirectoryTests {
    private func directory(_ store: EndpointStore, _ listener: PostgresListener? = nil) -> EndpointDirectory {
        EndpointDirectory(
            store: store, listener: listener, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func readsOnceAndAgainWhenSomethingChanged() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EndpointStore(pool: pool)
            let directory = directory(store)
            let empty = try #require(await directory.snapshot())
            #expect(empty.wantsNothing && empty.endpoints.isEmpty)
            var settings = try EndpointFixture.settings()
            _ = try await store.insert(id: "e", settings: settings, secret: nil, extras: nil)
            // Known things are answered without a look.
            #expect(await directory.snapshot()?.version == empty.version)
            await directory.refresh()
            let first = try #require(await directory.snapshot())
            #expect(first[id: "e"]?.settings == settings && !first.wantsNothing)
            await directory.refresh()
            #expect(await directory.snapshot()?.version == first.version)
            // Every kind of change counts, a secret's too.
            var version = first.version
            settings.note = "n"
            let changes: [() async throws -> Void] = [
                { _ = try await store.update(id: "e") { .init(settings: $0.settings, extras: nil) } },
                {
                    _ = try await store.rotate(id: "e", overlapSeconds: 0) { _ in SealedSecret(keyID: "k", bytes: [1]) }
                },
                { _ = try await store.park(id: "e", reason: "r", probeMilliseconds: 0) },
                { _ = try await store.enable(id: "e") },
                { _ = try await store.delete(id: "e") },
            ]
            for change in changes {
                try await change()
                await directory.refresh()
                let next = try #require(await directory.snapshot())
                #expect(next.version > version)
                version = next.version
            }
            #expect(await directory.snapshot()?.wantsNothing == true)
        }
    }

    /// By the notification alone, with a look every second as the net: either is seen within two seconds.
    @Test(arguments: [true, false])
    func seesChangesWithinTwoSeconds(_ listens: Bool) async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EndpointStore(pool: pool)
            let listener =
                listens ? PostgresListener(configuration: pool.configuration, channels: [EndpointStore.channel]) : nil
            let directory = directory(store, listener)
            let run = Task { try await directory.run() }
            _ = await directory.snapshot()
            for number in 0..<3 {
                _ = try await store.insert(
                    id: "e\(number)", settings: try EndpointFixture.settings(), secret: nil, extras: nil)
                try await Waiting.until("the change to be seen", within: .seconds(2)) {
                    await directory.snapshot()?[id: "e\(number)"] != nil
                }
            }
            run.cancel()
            _ = await run.result
            await listener?.shutdown()
        }
    }

    @Test func knowsNothingWithoutADatabaseAndKeepsWhatItKnew() async throws {
        let away = PostgresPool(
            configuration: try PostgresConfiguration(url: "postgresql:///x?host=/nowhere"), size: 1,
            acquireTimeout: .milliseconds(200))
        #expect(await directory(EndpointStore(pool: away)).snapshot() == nil)
        await away.shutdown()
        let kept = try await PostgresFixture.withDatabase { pool in
            let directory = directory(EndpointStore(pool: pool))
            _ = await directory.snapshot()
            return directory
        }
        await kept.refresh()
        #expect(await kept.snapshot() != nil)
    }

    @Test func aDatabaseWithoutTheTablesHasNoEndpoints() async throws {
        try await PostgresFixture.withDatabase(isMigrated: false) { pool in
            #expect(await directory(EndpointStore(pool: pool)).snapshot()?.wantsNothing == true)
        }
    }
}
