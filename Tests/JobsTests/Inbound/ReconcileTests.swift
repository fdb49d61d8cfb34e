import Basics
import Logging
import Postgres
import Queue
import TestKit
import Testing
import Threads

@testable import Jobs

/// What Twenty did not tell is found, once, whatever dies in between.
@Suite(.timeLimit(.minutes(2)))
struct ReconcileTests {
    /// A workspace, its memory here, and a clock that stands still.
    private struct World {
        let twenty: FakeWorkspace
        let store: InboundStore
        let client: TwentyClient
        let clock: SteppedClock
        let handler: ReconcileHandler
        let enqueued = Collector()

        init(_ twenty: FakeWorkspace, _ client: TwentyClient, _ pool: PostgresPool) {
            (self.twenty, self.client) = (twenty, client)
            store = InboundStore(pool: pool)
            let clock = SteppedClock(1_800_000_000_000)
            self.clock = clock
            let enqueued = enqueued
            handler = ReconcileHandler(
                source: { () async throws(TwentyError) in ReconcileSource(workspaceID: "w", client: client) },
                objects: [.people], store: ReconciliationStore(pool: pool), told: store,
                submit: { submission throws(QueueError) in try enqueued.take(submission) },
                clock: clock, logger: Logger(label: "t"))
        }

        func text(_ offset: Int64) -> String {
            Timestamp(milliseconds: 1_800_000_000_000 + offset * 1_000).iso8601
        }

        /// A person who was created and last changed so many seconds after the beginning.
        func put(_ id: String, created: Int64, updated: Int64, deleted: Int64? = nil) throws {
            twenty.store.content.withLock { $0.people.removeAll { $0.id == id } }
            let gone = deleted.map { #","deletedAt":"\#(text($0))""# } ?? ""
            try twenty.put(
                #"{"id":"\#(id)","createdAt":"\#(text(created))","updatedAt":"\#(text(updated))"\#(gone)}"#,
                isTrashed: deleted != nil)
        }

        /// A run so many seconds after the beginning; what it found, and what of it is told.
        func reconcile(at seconds: Int64) async throws -> [String] {
            clock.set(1_800_000_000_000 + seconds * 1_000)
            while case .defer = try await handler.run() {}
            var told: [String] = []
            for job in enqueued.drain() {
                let change = try InboundChange.decode(job.envelope.arguments)
                guard let action = try await store.tell(change, job: job.id) else { continue }
                told.append("\(change.recordID ?? "") \(action.rawValue)")
            }
            return told.sorted()
        }

        func webhook(_ id: String, _ action: String, updated: Int64) async throws -> String? {
            let body =
                #"{"eventName":"person.\#(action)","workspaceId":"w","record":{"id":"\#(id)","updatedAt":"\#(text(updated))"}}"#
            guard case .change(let change) = try InboundReading.read(Array(body.utf8), nowMilliseconds: 0) else {
                return nil
            }
            return try await store.tell(change, job: JobID(nowMilliseconds: 1))?.rawValue
        }
    }

    private func withWorld(_ body: (World) async throws -> Void) async throws {
        let twenty = try FakeWorkspace()
        try await PostgresFixture.withDatabase { pool in
            try await twenty.withClient { client in try await body(World(twenty, client, pool)) }
        }
    }

    @Test func whatWasToldIsNotFoundAndWhatWasLostIs() async throws {
        try await withWorld { world in
            try world.put("old", created: -90_000, updated: -80_000)
            try world.put("before", created: -90_000, updated: -30)
            // The first look begins the story: what was before is nobody's news.
            #expect(try await world.reconcile(at: 0) == [])
            try world.put("told", created: 10, updated: 10)
            #expect(try await world.webhook("told", "created", updated: 10) == "created")
            try world.put("lost", created: 20, updated: 20)
            try world.put("old", created: -90_000, updated: 30)
            try world.put("half", created: 15, updated: 40)
            #expect(try await world.webhook("half", "updated", updated: 40) == "updated")
            try world.put("before", created: -90_000, updated: -30, deleted: 50)
            #expect(
                try await world.reconcile(at: 300) == [
                    "before deleted", "half created", "lost created", "old updated",
                ])
            for time in [301, 600, 900] as [Int64] { #expect(try await world.reconcile(at: time) == []) }
            // Webhooks that come after all are too late.
            #expect(try await world.webhook("lost", "created", updated: 20) == nil)
            #expect(try await world.webhook("old", "updated", updated: 30) == nil)
            #expect(try await world.webhook("before", "deleted", updated: -30) == nil)
            #expect(try await world.webhook("old", "updated", updated: 31) == "updated")
            try world.put("before", created: -90_000, updated: 1_000)
            #expect(try await world.reconcile(at: 1_200) == ["before restored"])
        }
    }

    /// What has just changed is left to its webhook, and found by the next look if that does not come.
    @Test func aWebhookHasAMinute() async throws {
        try await withWorld { world in
            #expect(try await world.reconcile(at: 0) == [])
            try world.put("a", created: 270, updated: 270)
            #expect(try await world.reconcile(at: 300) == [])
            #expect(try await world.reconcile(at: 600) == ["a created"])
            #expect(try await world.reconcile(at: 900) == [])
        }
    }

    /// Many pages, and a look that dies at every one of them.
    @Test func itGoesOnWhereItStopped() async throws {
        try await withWorld { world in
            #expect(try await world.reconcile(at: 0) == [])
            for number in 0..<150 {
                try world.put("p\(number)", created: 10, updated: 10 + Int64(number) % 7)
            }
            var seen: [String] = []
            for _ in 0..<8 {
                // The second answer of each look is an outage.
                world.twenty.store.content.withLock { $0.answers = [nil, .status(503)] }
                do { seen += try await world.reconcile(at: 300) } catch let error as TwentyError {
                    #expect(error.code == .serverError)
                    for job in world.enqueued.drain() {
                        let change = try InboundChange.decode(job.envelope.arguments)
                        if try await world.store.tell(change, job: job.id) != nil { seen.append(change.recordID ?? "") }
                    }
                }
                world.twenty.store.content.withLock { $0.answers = [] }
            }
            seen += try await world.reconcile(at: 600)
            #expect(Set(seen.map { $0.prefix { $0 != " " } }).count == 150 && seen.count == 150)
        }
    }

    @Test func aCursorThatIsGoneIsGivenUp() async throws {
        try await withWorld { world in
            #expect(try await world.reconcile(at: 0) == [])
            for number in 0..<70 { try world.put("p\(number)", created: 10, updated: 10) }
            world.twenty.store.content.withLock {
                $0.answers = [nil, FakeWorkspace.json(400, #"{"statusCode":400,"messages":["Invalid cursor: x"]}"#)]
            }
            await #expect(throws: TwentyError.self) { _ = try await world.reconcile(at: 300) }
            let first = world.enqueued.drain().count
            #expect(first == 60)
            #expect(try await world.reconcile(at: 301).count == 70)
        }
    }
}

/// Keeps what would be enqueued.
private final class Collector: Sendable {
    private let jobs = Locked<[NewJob]>([])

    func take(_ submission: Submission) throws(QueueError) -> SubmissionResult {
        let groups = submission.groups
        jobs.withLock { $0 += groups.flatMap(\.jobs) }
        return .accepted(groups.map { .init(ids: $0.jobs.map(\.id), isDuplicate: false) })
    }

    func drain() -> [NewJob] {
        jobs.withLock { jobs in
            defer { jobs = [] }
            return jobs
        }
    }
}

/// A clock that is set by hand.
final class SteppedClock: WallClock {
    private let now: Locked<Int64>

    init(_ now: Int64) { self.now = Locked(now) }

    func set(_ now: Int64) { self.now.withLock { $0 = now } }

    func nowMilliseconds() -> Int64 { now.withLock { $0 } }
}
