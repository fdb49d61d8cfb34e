import Foundation
import Imports
import Queue
import Testing

let redis = ProcessInfo.processInfo.environment["REDIS_URL"] ?? "redis://127.0.0.1:6379"

/// A page takes ten seconds; some fail.
actor SlowStore: RowStore {
    private let clock: SimulationClock
    private var failing: Set<Int>
    private(set) var pages: [Int] = []
    private(set) var fences: Set<Int64> = []

    init(clock: SimulationClock, failing: Set<Int> = []) {
        self.clock = clock
        self.failing = failing
    }

    func write(page: Int, of file: String, fence: Int64) async throws {
        struct Full: Error {}
        try await clock.sleep(milliseconds: 10_000)
        if failing.remove(page) != nil { throw Full() }
        pages.append(page)
        fences.insert(fence)
    }

    func remove(_ file: String) {
        pages = []
    }
}

@Suite(.timeLimit(.minutes(1)))
struct ImportTests {
    /// What the handlers are made with, for the test to look at.
    private func simulate(
        failing: Set<Int> = [], _ body: (QueueSimulation, SlowStore) async throws -> Void
    ) async throws {
        var store: SlowStore?
        try await QueueSimulation.run(
            url: redis,
            registry: { _, clock in
                let made = SlowStore(clock: clock, failing: failing)
                store = made
                return Importer(store: made).registry
            },
            { simulation in try await body(simulation, try #require(store)) })
    }

    @Test func aFailedPageIsTheNextAttemptsFirst() async throws {
        try await simulate(failing: [2]) { simulation, store in
            let start = simulation.nowMilliseconds
            try await simulation.client.enqueue(ImportFile(file: "f", pages: 4))
            try await simulation.runUntilIdle()
            #expect(await store.pages == [0, 1, 2, 3])
            #expect(await store.fences.count == 2, "each attempt has a fence of its own")
            let runs = await simulation.runs
            #expect(runs.map(\.kind) == ["file.import", "file.import", "file.announce"])
            #expect(runs.map { $0.startMilliseconds - start } == [0, 40_000, 60_000])
        }
    }

    @Test func aCancelledImportLeavesNothing() async throws {
        try await simulate { simulation, store in
            let job = try await simulation.client.enqueue(ImportFile(file: "f", pages: 100))
            try await simulation.advance(byMilliseconds: 35_000)
            #expect(await store.pages.count == 3)
            #expect(try await simulation.client.cancel(job.id, in: "imports") == .requested)
            try await simulation.runUntilIdle()
            #expect(await simulation.runs.map(\.result) == [.cancelled])
            #expect(await store.pages.isEmpty)
        }
    }
}
