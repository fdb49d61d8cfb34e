import Synchronization
import Testing
import Threads

@Suite(.timeLimit(.minutes(1)))
struct ThreadExecutorTests {
    private actor Counter {
        nonisolated let executor: ThreadExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
        private(set) var seen: [Int] = []
        private let inside = Atomic(0)
        private(set) var overlaps = 0

        init(executor: ThreadExecutor) { self.executor = executor }

        func note(_ number: Int) -> Bool {
            if inside.add(1, ordering: .relaxed).newValue != 1 { overlaps += 1 }
            defer { inside.subtract(1, ordering: .relaxed) }
            seen.append(number)
            return executor.isCurrentThread
        }
    }

    /// Parks like the default, and counts.
    private final class CountingParker: Parker {
        private let inner = SemaphoreParker()
        let unparks = Atomic(0)

        func park() { inner.park() }

        func unpark() {
            unparks.add(1, ordering: .relaxed)
            inner.unpark()
        }
    }

    @Test func jobsRunOnTheThreadInOrder() async {
        let counter = Counter(executor: ThreadExecutor(name: "test"))
        for number in 0..<1_000 { #expect(await counter.note(number)) }
        #expect(await counter.seen == Array(0..<1_000))
        #expect(!counter.executor.isCurrentThread)
    }

    @Test func manyCallersLoseNothing() async {
        let counter = Counter(executor: ThreadExecutor(name: "test"))
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<2_000 { group.addTask { _ = await counter.note(number) } }
        }
        #expect(await counter.seen.sorted() == Array(0..<2_000))
    }

    @Test func stopRunsWhatIsWaitingAndJoins() async {
        let executor = ThreadExecutor(name: "test")
        let counter = Counter(executor: executor)
        async let first = counter.note(1)
        _ = await first
        executor.stop()
        executor.stop()
        #expect(await counter.seen == [1])
    }

    @Test func callsAfterStopStillReturn() async {
        let executor = ThreadExecutor(name: "test")
        let counter = Counter(executor: executor)
        executor.stop()
        #expect(await counter.note(7) == false)
        #expect(await counter.seen == [7])
    }

    @Test func callsAfterStopStillComeOneAtATime() async {
        let counter = Counter(executor: ThreadExecutor(name: "test"))
        await withTaskGroup(of: Void.self) { group in
            for caller in 0..<64 {
                group.addTask {
                    for number in 0..<200 {
                        if caller == 0, number == 20 { counter.executor.stop() }
                        _ = await counter.note(caller * 200 + number)
                    }
                }
            }
        }
        #expect(await counter.overlaps == 0)
        let seen = await counter.seen
        #expect(seen.sorted() == Array(0..<12_800))
        for caller in 0..<64 {
            let own = seen.filter { $0 / 200 == caller }
            #expect(own == own.sorted())
        }
    }

    @Test func executorsComeAndGoUnderLoad() async {
        await withTaskGroup(of: Void.self) { group in
            for round in 0..<300 {
                let counter = Counter(executor: ThreadExecutor(name: "test"))
                for number in 0..<4 { group.addTask { _ = await counter.note(number) } }
                if round % 3 == 0 { group.addTask { counter.executor.stop() } }
            }
        }
    }

    @Test func aParkerIsWokenAtMostOncePerPark() async {
        let parker = CountingParker()
        let counter = Counter(executor: ThreadExecutor(name: "test", parker: parker))
        for number in 0..<500 { _ = await counter.note(number) }
        #expect(parker.unparks.load(ordering: .relaxed) <= 501)
    }

    @Test func droppingTheLastReferenceEndsTheThread() async {
        weak var watched: ThreadExecutor?
        do {
            let executor = ThreadExecutor(name: "test")
            watched = executor
            _ = await Counter(executor: executor).note(1)
        }
        #expect(watched == nil)
    }
}
