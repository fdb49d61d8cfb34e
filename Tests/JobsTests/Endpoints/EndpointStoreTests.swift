import Basics
import Postgres
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(2)))
struct EndpointStoreTests {
    private static let sealed = SealedSecret(keyID: "k1", bytes: [1, 2, 3])

    private func count(_ pool: PostgresPool, _ table: String) async throws -> Int64 {
        try await pool.query(PostgresStatement("count_\(table)", "SELECT count(*) AS n FROM jobs.\(table)"))[0]
            .integer("n")
    }

    @Test func keepsEverythingThatAnOwnerSays() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EndpointStore(pool: pool)
            let plain = try EndpointFixture.settings()
            let full = try EndpointFixture.settings(
                """
                "description":"dé","format":"raw","signing":"twenty-documented","retry":{"schedule_seconds":[0,1.5,3]},\
                "max_in_flight":7,"rate_per_second":0.5,"headers":{"X-B":"1","X-A":"2"},"enabled":false,\
                "filter":{"objects":["b","a"],"conditions":{"z.y":[1.50,null,"x"],"a":true}}
                """)
            let headers = SealedSecret(keyID: "k9", bytes: [0, 255])
            #expect(try await store.insert(id: "ep_1", settings: plain, secret: nil, extras: nil))
            #expect(try await store.insert(id: "ep_2", settings: full, secret: Self.sealed, extras: headers))
            let first = try #require(try await store.find(id: "ep_1"))
            #expect(first.settings == plain && first.secrets.isEmpty && first.sealedExtras == nil)
            #expect(first.parking == nil && first.failuresInARow == 0)
            let second = try #require(try await store.find(id: "ep_2"))
            #expect(second.settings == full && second.secrets.map(\.sealed) == [Self.sealed])
            #expect(second.sealedExtras == headers)
            #expect(try await store.find(id: "ep_3") == nil)
        }
    }

    @Test func pagesByID() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EndpointStore(pool: pool)
            let settings = try EndpointFixture.settings()
            for number in [3, 1, 5, 2, 4] {
                _ = try await store.insert(id: "ep_\(number)", settings: settings, secret: Self.sealed, extras: nil)
            }
            #expect(try await store.page(count: 3).map(\.id) == ["ep_1", "ep_2", "ep_3"])
            #expect(try await store.page(after: "ep_3", count: 3).map(\.id) == ["ep_4", "ep_5"])
            #expect(try await store.page(after: "ep_5", count: 3).isEmpty)
        }
    }

    @Test func changesOneAndLeavesTheOthers() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EndpointStore(pool: pool)
            let settings = try EndpointFixture.settings()
            for id in ["ep_1", "ep_2"] {
                _ = try await store.insert(id: id, settings: settings, secret: nil, extras: Self.sealed)
            }
            let changed = try await store.update(id: "ep_1") { endpoint in
                var settings = endpoint.settings
                settings.note = "changed"
                return EndpointStore.Change(settings: settings, extras: nil, firstSecret: Self.sealed)
            }
            #expect(changed?.settings.note == "changed" && changed?.sealedExtras == nil)
            #expect(changed?.secrets.map(\.sealed) == [Self.sealed])
            #expect(try await store.find(id: "ep_2")?.settings == settings)
            let missing = try await store.update(id: "ep_9") {
                EndpointStore.Change(settings: $0.settings, extras: nil)
            }
            #expect(missing == nil)
            await #expect(throws: InputError.self) {
                _ = try await store.update(id: "ep_1") { _ throws(InputError) -> EndpointStore.Change in
                    throw InputError(problems: [])
                }
            }
            #expect(try await store.find(id: "ep_1") == changed)
            #expect(try await store.delete(id: "ep_1"))
            #expect(try await !store.delete(id: "ep_1"))
            #expect(try await count(pool, "endpoint_secrets") == 0)
            #expect(try await count(pool, "endpoints") == 1)
        }
    }

    /// Of two changes at a time the second sees the first.
    @Test func changesAtATimeAllHappen() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EndpointStore(pool: pool)
            _ = try await store.insert(id: "e", settings: try EndpointFixture.settings(), secret: nil, extras: nil)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        _ = try await store.update(id: "e") { endpoint in
                            var settings = endpoint.settings
                            settings.maximumInFlight += 1
                            return EndpointStore.Change(settings: settings, extras: nil)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await store.find(id: "e")?.settings.maximumInFlight == 84)
        }
    }

    @Test func rotatedSecretsSignForAWhileNewestFirst() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EndpointStore(pool: pool)
            func secret(_ number: UInt8) -> SealedSecret { SealedSecret(keyID: "k", bytes: [number]) }
            func rotate(_ number: UInt8, _ seconds: Int64) async throws -> Endpoint? {
                try await store.rotate(id: "e", overlapSeconds: seconds) { _ in secret(number) }
            }
            _ = try await store.insert(
                id: "e", settings: try EndpointFixture.settings(), secret: secret(1), extras: nil)
            let now = SystemWallClock().nowMilliseconds()
            let once = try #require(try await rotate(2, 86_400))
            #expect(once.secrets.map(\.sealed.bytes) == [[2], [1]] && once.secrets[0].expiresAtMilliseconds == nil)
            let end = try #require(once.secrets[1].expiresAtMilliseconds)
            #expect(abs(end - now - 86_400_000) < 30_000)
            #expect(once.liveSecrets(atMilliseconds: end - 1).count == 2)
            #expect(once.liveSecrets(atMilliseconds: end).map(\.sealed.bytes) == [[2]])
            // A longer overlap never lengthens an older secret's life; a shorter one ends it.
            let twice = try #require(try await rotate(3, 604_800))
            #expect(
                twice.secrets.map(\.sealed.bytes) == [[3], [2], [1]] && twice.secrets[2].expiresAtMilliseconds == end)
            let ended = try #require(try await rotate(4, 0))
            #expect(ended.secrets.map(\.sealed.bytes) == [[4]])
            for number in 5..<20 as Range<UInt8> { _ = try await rotate(number, 600) }
            let many = try #require(try await store.find(id: "e"))
            #expect(many.secrets.map { $0.sealed.bytes[0] } == Array((9...19 as ClosedRange<UInt8>).reversed()))
            #expect(try await store.rotate(id: "none", overlapSeconds: 0) { _ in secret(0) } == nil)
        }
    }

    @Test func failuresInARowPark() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EndpointStore(pool: pool)
            let settings = try EndpointFixture.settings()
            _ = try await store.insert(id: "e", settings: settings, secret: nil, extras: nil)
            func fail() async throws -> Bool {
                try await store.noteFailure(id: "e", reason: "HTTP 500", probeMilliseconds: 0)
            }
            for count in 1...5 {
                #expect(try await !fail())
                #expect(try await store.find(id: "e")?.failuresInARow == count)
            }
            #expect(try await store.noteSuccess(id: "e"))
            #expect(try await !store.noteSuccess(id: "e"))
            for _ in 1...5 { #expect(try await !fail()) }
            #expect(try await fail())
            let parking = try #require(try await store.find(id: "e")?.parking)
            #expect(parking.reason == "6 deliveries in a row failed; the last: HTTP 500" && parking.probes == 0)
            #expect(try await !fail())
            #expect(try await store.find(id: "e")?.parking == parking)
            #expect(try await store.noteFailure(id: "none", reason: "x", probeMilliseconds: 0) == false)
        }
    }

    @Test func oneOfManyProbesAParkedEndpoint() async throws {
        try await PostgresFixture.withDatabase(size: 8) { pool in
            let store = EndpointStore(pool: pool)
            _ = try await store.insert(id: "e", settings: try EndpointFixture.settings(), secret: nil, extras: nil)
            #expect(try await !store.beginProbe(id: "e", probeMilliseconds: 60_000))
            #expect(try await store.park(id: "e", reason: "gone", probeMilliseconds: 0))
            #expect(try await !store.park(id: "e", reason: "again", probeMilliseconds: 0))
            let wins = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<16 { group.addTask { try await store.beginProbe(id: "e", probeMilliseconds: 60_000) } }
                var wins = 0
                for try await isFirst in group where isFirst { wins += 1 }
                return wins
            }
            #expect(wins == 1)
            let parking = try #require(try await store.find(id: "e")?.parking)
            #expect(parking.probes == 1 && parking.reason == "gone")
            // Twice the first pause; later ones have a cap.
            #expect(abs(parking.probeAtMilliseconds - SystemWallClock().nowMilliseconds() - 120_000) < 30_000)
            #expect(try await store.enable(id: "e")?.parking == nil)
            #expect(try await store.enable(id: "none") == nil)
        }
    }

    @Test func switchingOnLetsOutWhatIsParked() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = EndpointStore(pool: pool)
            _ = try await store.insert(id: "e", settings: try EndpointFixture.settings(), secret: nil, extras: nil)
            _ = try await store.park(id: "e", reason: "gone", probeMilliseconds: 1_000)
            for isEnabled in [false, true] {
                let changed = try await store.update(id: "e") { endpoint in
                    var settings = endpoint.settings
                    settings.isEnabled = isEnabled
                    return EndpointStore.Change(settings: settings, extras: nil)
                }
                #expect((changed?.parking == nil) == isEnabled)
            }
        }
    }
}
