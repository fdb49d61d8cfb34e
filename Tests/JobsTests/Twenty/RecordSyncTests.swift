import Basics
import Curl
import Postgres
import Queue
import TestKit
import Testing
import Threads

@testable import Jobs

@Suite(.timeLimit(.minutes(1))) struct RecordSyncTests {
    /// Does not wait; tells how long it would have.
    final class Clock: MonotonicClock {
        let now = Locked<Int64>(0)
        let waited = Locked<[Int64]>([])
        var nowMilliseconds: Int64 { now.withLock { $0 } }
        func sleep(milliseconds: Int64) async throws { waited.withLock { $0.append(milliseconds) } }
    }

    struct Scene: Sendable {
        let twenty: FakeTwenty
        let sync: RecordSync
        let store: MappingStore
        let cache: MappingCache
        let clock: Clock

        /// As another process would see it.
        var elsewhere: RecordSync {
            RecordSync(client: sync.client, store: store, cache: MappingCache(clock: clock), clock: clock)
        }
    }

    private func run(_ body: (Scene) async throws -> Void) async throws {
        let twenty = try FakeTwenty()
        try await PostgresFixture.withDatabase { pool in
            let curl = CurlClient()
            let client = try TwentyFixture.client(twenty.target.url(""), curl, TwentyLimitStore(pool: pool))
            let (store, clock) = (MappingStore(pool: pool), Clock())
            let cache = MappingCache(clock: clock)
            let sync = RecordSync(client: client, store: store, cache: cache, clock: clock)
            do {
                try await body(Scene(twenty: twenty, sync: sync, store: store, cache: cache, clock: clock))
            } catch {
                await curl.shutdown()
                throw error
            }
            await curl.shutdown()
        }
        twenty.target.stop()
    }

    private func person(_ json: String) throws -> SyncItem { try FieldReader.item(Array(json.utf8), .person) }
    private func company(_ json: String) throws -> SyncItem { try FieldReader.item(Array(json.utf8), .company) }

    private let ada = #"""
        {"external_id":"u1","name":"Ada King Lovelace","email":"Ada@Example.com","phone":"+1 416 555 1234",
        "company_external_id":"c1","company_name":"Engines","fields":{"tipsScore":7}}
        """#

    @Test func aPersonIsMadeOnceWithTheCompany() async throws {
        try await run { scene in
            let made = try await scene.sync.upsert(try person(ada))
            #expect(made.change == .created && made.id == SyncItem.id(.person, "u1"))
            let record = try #require(scene.twenty.records("people")[made.id])
            #expect(record.text("name.firstName") == "Ada" && record.text("name.lastName") == "King Lovelace")
            #expect(record.primaryPhone?.e164 == "+14165551234" && record["tipsScore"] == .number("7"))
            #expect(record.companyID == SyncItem.id(.company, "c1"))
            #expect(scene.twenty.records("companies").values.map { $0.text("name") } == ["Engines"])
            let before = scene.twenty.calls.count
            for sync in [scene.sync, scene.elsewhere] {
                #expect(try await sync.upsert(try person(ada)) == SyncResult(id: made.id, change: .unchanged))
            }
            // One look each: the id is known from memory, or from the table.
            #expect(
                Array(scene.twenty.calls.dropFirst(before)) == Array(repeating: "GET /rest/people/\(made.id)", count: 2)
            )
            #expect(scene.twenty.records("people").count == 1)
        }
    }

    @Test func onlyWhatDiffersIsWritten() async throws {
        try await run { scene in
            let made = try await scene.sync.upsert(try person(ada))
            let changed = try person(ada.replacing("Ada King", with: "Ada Byron"))
            #expect(try await scene.sync.upsert(changed) == SyncResult(id: made.id, change: .updated))
            let patch = try #require(scene.twenty.target.requests.last)
            #expect(
                patch.method == "PATCH" && patch.text == #"{"name":{"firstName":"Ada","lastName":"Byron Lovelace"}}"#)
        }
    }

    /// Somebody made the person by hand: known by the e-mail, under an id of Twenty's own.
    @Test func aPersonThatIsThereByEmailIsTaken() async throws {
        try await run { scene in
            try scene.twenty.put(
                "people",
                #"{"id":"11111111-1111-4111-8111-111111111111","emails":{"primaryEmail":"ada@example.com","additionalEmails":["x@y.z"]}}"#
            )
            let result = try await scene.sync.upsert(try person(ada))
            #expect(result == SyncResult(id: "11111111-1111-4111-8111-111111111111", change: .updated))
            #expect(scene.twenty.records("people").count == 1)
            #expect(try await scene.store.find(scene.sync.client.bucket, .person, ["u1"]) == ["u1": result.id])
        }
    }

    /// The record was deleted: what memory and table say is forgotten, and it is made anew.
    @Test func aRecordThatIsGoneIsMadeAnew() async throws {
        try await run { scene in
            let id = "11111111-1111-4111-8111-111111111111"
            try scene.twenty.put("people", #"{"id":"\#(id)","emails":{"primaryEmail":"ada@example.com"}}"#)
            _ = try await scene.sync.upsert(try person(ada))
            scene.twenty.change { $0.tables["people"] = [] }
            let again = try await scene.sync.upsert(try person(ada))
            #expect(again == SyncResult(id: SyncItem.id(.person, "u1"), change: .created))
            #expect(try await scene.store.find(scene.sync.client.bucket, .person, ["u1"]) == ["u1": again.id])
        }
    }

    /// It goes between the look and the patch.
    @Test func aRecordThatGoesWhileItIsChangedIsMadeAnew() async throws {
        try await run { scene in
            let item = try person(#"{"external_id":"u1","name":"Ada"}"#)
            _ = try await scene.sync.upsert(item)
            let count = scene.twenty.calls.count
            scene.twenty.change { $0.events[count + 2] = { $0.tables["people"] = [] } }
            let result = try await scene.sync.upsert(try person(#"{"external_id":"u1","name":"Bea"}"#))
            #expect(result.change == .created)
            #expect(
                Array(scene.twenty.calls.dropFirst(count)).map { $0.prefix(5) } == ["GET /", "PATCH", "GET /", "POST "])
            #expect(scene.clock.waited.withLock { $0 } == [100])
            #expect(scene.twenty.records("people").values.first?.text("name.firstName") == "Bea")
        }
    }

    /// It comes between the look and the create.
    @Test func aRecordThatComesWhileItIsMadeIsChanged() async throws {
        try await run { scene in
            let other = #"{"id":"22222222-2222-4222-8222-222222222222","emails":{"primaryEmail":"ada@example.com"}}"#
            let fields = try #require(try JSONParser.parse(Array(other.utf8)).object)
            scene.twenty.change { content in
                content.events[3] = { $0.tables["people"] = [FakeTwenty.Record(fields: fields)] }
            }
            let result = try await scene.sync.upsert(
                try person(#"{"external_id":"u1","name":"Ada","email":"ada@example.com"}"#))
            #expect(result == SyncResult(id: "22222222-2222-4222-8222-222222222222", change: .updated))
            #expect(scene.twenty.records("people").count == 1)
        }
    }

    @Test func whatIsInTheTrashIsTakenOut() async throws {
        try await run { scene in
            let id = SyncItem.id(.company, "c9")
            try scene.twenty.put("companies", #"{"id":"\#(id)","name":"Old"}"#, isTrashed: true)
            let result = try await scene.sync.upsert(try company(#"{"external_id":"c9","name":"New"}"#))
            #expect(result.id == id)
            #expect(scene.twenty.records("companies")[id]?.text("name") == "New")
        }
    }

    /// The e-mail that it is to have is another person's: no number of rounds mends that.
    @Test func anEmailOfSomebodyElseIsADuplicate() async throws {
        try await run { scene in
            _ = try await scene.sync.upsert(try person(#"{"external_id":"u1","email":"a@example.com"}"#))
            _ = try await scene.sync.upsert(try person(#"{"external_id":"u2","email":"b@example.com"}"#))
            let error = await #expect(throws: TwentyError.self) {
                try await scene.sync.upsert(try person(#"{"external_id":"u2","email":"a@example.com"}"#))
            }
            #expect(error?.code == .duplicate)
        }
    }

    @Test func aRecordThatChangesAllTheTimeIsGivenUp() async throws {
        try await run { scene in
            scene.twenty.change { content in
                content.answers = Array(
                    repeating: [
                        nil, TwentyFixture.json(400, #"{"messages":["A duplicate entry was detected"]}"#), nil,
                    ],
                    count: 4
                ).flatMap { $0 }
            }
            let error = await #expect(throws: TwentyError.self) {
                try await scene.sync.upsert(try company(#"{"external_id":"c1","name":"X"}"#))
            }
            #expect(error?.code == .duplicate)
            #expect(scene.clock.waited.withLock { $0 } == [100, 200, 400])
        }
    }

    @Test func theMemoryLastsFiveMinutes() async throws {
        try await run { scene in
            let item = try company(#"{"external_id":"c1","name":"X","website":"x.example"}"#)
            let made = try await scene.sync.upsert(item)
            // Another process says something else; this one believes its memory until it is old.
            let other = "33333333-3333-4333-8333-333333333333"
            try scene.twenty.put(
                "companies", #"{"id":"\#(other)","name":"X","domainName":{"primaryLinkUrl":"https://y.example"}}"#)
            try await scene.store.save(scene.sync.client.bucket, [.init(kind: .company, externalID: "c1", id: other)])
            scene.clock.now.withLock { $0 = MappingCache.freshMilliseconds - 1 }
            #expect(try await scene.sync.upsert(item).id == made.id)
            scene.clock.now.withLock { $0 = MappingCache.freshMilliseconds * 3 }
            try await scene.store.save(scene.sync.client.bucket, [.init(kind: .company, externalID: "c1", id: other)])
            let plain = try company(#"{"external_id":"c1","name":"X"}"#)
            #expect(try await scene.sync.upsert(plain).id == other)
        }
    }

    // MARK: Batches

    @Test func aBatchReadsOnceAndWritesOnce() async throws {
        try await run { scene in
            func items(_ city: String) throws -> [SyncItem] {
                try (0..<60).map {
                    try person(
                        #"{"external_id":"u\#($0)","name":"P \#($0)","email":"p\#($0)@example.com","fields":{"city":"\#(city)"},"company_external_id":"c\#($0 % 3)","company_name":"C"}"#
                    )
                }
            }
            let first = try await scene.sync.upsert(batch: try items("A"))
            #expect(first.results.compactMap { $0?.change } == Array(repeating: .created, count: 60))
            #expect(first.companies.count == 3 && first.failures.isEmpty)
            #expect(scene.twenty.records("people").count == 60 && scene.twenty.records("companies").count == 3)
            // Companies: a look by id, and one to make them. People: by id, by e-mail, and one to make them.
            #expect(scene.twenty.calls.count == 5)
            let mappings =
                first.companies
                + (0..<60).map { SyncMapping(kind: .person, externalID: "u\($0)", id: first.results[$0]?.id ?? "") }
            try await scene.sync.remember(mappings)
            #expect(try await scene.sync.upsert(batch: try items("A")).results.allSatisfy { $0?.change == .unchanged })
            #expect(scene.twenty.calls.count == 6)
            #expect(
                try await scene.elsewhere.upsert(batch: try items("B")).results.allSatisfy { $0?.change == .updated })
            #expect(scene.twenty.calls.count == 8 && scene.twenty.records("people").count == 60)
        }
    }

    @Test func aBatchNamesTheBadOnes() async throws {
        try await run { scene in
            var items = try (0..<10).map { try company(#"{"external_id":"c\#($0)","name":"C"}"#) }
            items[4] = try company(#"{"external_id":"c4","name":"C","fields":{"shoeSize":1}}"#)
            let batch = try await scene.sync.upsert(batch: items)
            #expect(batch.failures.keys.sorted() == [4] && batch.failures[4]?.code == .validationError)
            #expect(batch.results.compactMap { $0 }.count == 9 && scene.twenty.records("companies").count == 9)
        }
    }

    /// O'Brien can neither be in a list nor in quotes.
    @Test func aBatchFindsWhatNoFilterHolds() async throws {
        try await run { scene in
            let id = "11111111-1111-4111-8111-111111111111"
            try scene.twenty.put("people", #"{"id":"\#(id)","emails":{"primaryEmail":"o'brien@example.com"}}"#)
            let batch = try await scene.sync.upsert(batch: [
                try person(#"{"external_id":"u1","name":"Pat","email":"O'Brien@example.com"}"#),
                try person(#"{"external_id":"u2","name":"Sam","email":"sam@example.com"}"#),
            ])
            #expect(batch.results.map { $0?.change } == [.updated, .created] && batch.results[0]?.id == id)
        }
    }

    @Test func manyLongValuesFitIntoAddresses() {
        let values = (0..<60).map { "\(String(repeating: "é", count: 100))\($0)@example.com" }
        let parts = RecordSync.parts(values)
        #expect(parts.flatMap { $0 } == values && parts.count > 1)
        #expect(parts.allSatisfy { part in part.reduce(0) { $0 + PercentEncoding.encode($1).utf8.count + 9 } <= 5_000 })
        #expect(RecordSync.parts(Array(repeating: "a", count: 61)).map(\.count) == [60, 1])
        #expect(RecordSync.parts([]).isEmpty)
    }

    // MARK: Mappings

    @Test func mappingsAreWrittenTogetherAndByWorkspace() async throws {
        try await run { scene in
            let (a, b) = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")
            func mapping(_ kind: SyncKind, _ externalID: String, _ id: String) -> SyncMapping {
                SyncMapping(kind: kind, externalID: externalID, id: id)
            }
            try await scene.store.save(
                "w", [mapping(.person, "x", a), mapping(.company, "x", b), mapping(.person, "x", b)])
            #expect(try await scene.store.find("w", .person, ["x", "y"]) == ["x": b])
            #expect(try await scene.store.find("v", .person, ["x"]).isEmpty)
            // One that cannot be stored takes the others with it.
            await #expect(throws: JobsError.self) {
                try await scene.store.save("w", [mapping(.person, "new", a), mapping(.person, "bad", "no uuid")])
            }
            #expect(try await scene.store.find("w", .person, ["new"]).isEmpty)
            // Forgotten only if it still leads there.
            try await scene.store.forget("w", mapping(.person, "x", a))
            #expect(try await scene.store.find("w", .person, ["x"]) == ["x": b])
            try await scene.store.forget("w", mapping(.person, "x", b))
            #expect(try await scene.store.find("w", .person, ["x"]).isEmpty)
        }
    }
}
