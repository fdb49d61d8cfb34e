import Postgres
import Queue
import TestKit
import Testing
import Threads

@testable import Jobs

@Suite(.timeLimit(.minutes(2))) struct TwentyLimiterTests {
    /// The most calls that began in any minute.
    private func busiestMinute(_ times: [Int64]) -> Int {
        let times = times.sorted()
        var (most, first) = (0, 0)
        for (index, time) in times.enumerated() {
            while times[first] <= time - 60_000 { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }

    /// Four clients that ask at the same moments, each over a connection of its own, for half an hour of their own time.
    /// (Out of order the moments would be those of four clocks; the server's is read under the lock.)
    @Test(arguments: [UInt64(1), 2, 3])
    func fourClientsTogetherNeverPassTheLimit(seed: UInt64) async throws {
        let limits = TwentyLimits.standard
        let start: Int64 = 1_790_000_000_000
        try await PostgresFixture.withDatabase(size: 8) { pool in
            let store = TwentyLimitStore(pool: pool)
            var random = SeededRandom(seed: seed)
            var (now, calls): (Int64, [Int64]) = (start, [])
            for _ in 0..<700 {
                // Mostly at once; now and then a rest, which fills the bucket.
                now += Int64.random(
                    in: 0...(Int.random(in: 0..<50, using: &random) == 0 ? 30_000 : 4_500), using: &random)
                let moment = now
                calls += try await withThrowingTaskGroup(of: TwentyLimitStore.Grant.self) { group in
                    for _ in 0..<4 {
                        group.addTask { try await store.take("w", limits, nowMilliseconds: moment) }
                    }
                    var granted: [Int64] = []
                    for try await grant in group {
                        switch grant {
                        case .go(let wait): granted.append(moment + wait)
                        case .wait(let wait): #expect(wait > limits.patienceMilliseconds)
                        }
                    }
                    return granted
                }
            }
            let minutes = Double(now - start) / 60_000
            #expect(busiestMinute(calls) <= limits.perMinute, "seed \(seed)")
            // It gives what it can: 80 a minute flow in, less in the rests.
            #expect(Double(calls.count) > minutes * 80 * 0.9, "seed \(seed): \(calls.count) in \(minutes) min")
        }
    }

    @Test func aRestIsSpentAtOnceAndThenItFlows() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = TwentyLimitStore(pool: pool)
            let limits = TwentyLimits(perMinute: 90, patienceMilliseconds: 0)
            var (now, granted): (Int64, [Int64]) = (1_000_000, [])
            while now < 1_000_000 + 120_000 {
                if case .go(let wait) = try await store.take("w", limits, nowMilliseconds: now) {
                    #expect(wait == 0)
                    granted.append(now)
                }
                now += 50
            }
            #expect(granted.prefix(10).allSatisfy { $0 < 1_000_500 })
            #expect(88...90 ~= busiestMinute(granted))
            let flowing = zip(granted.dropFirst(12), granted.dropFirst(11)).map { $0 - $1 }
            #expect(flowing.allSatisfy { 700...800 ~= $0 })
        }
    }

    @Test func whoIsSentAwayComesBackOneByOne() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = TwentyLimitStore(pool: pool)
            let limits = TwentyLimits(perMinute: 90, burst: 10, patienceMilliseconds: 0)
            var waits: [Int64] = []
            for _ in 0..<40 {
                if case .wait(let wait) = try await store.take("w", limits, nowMilliseconds: 5_000_000) {
                    waits.append(wait)
                }
            }
            #expect(waits.count == 30)
            #expect(zip(waits.dropFirst(), waits).allSatisfy { $0 - $1 == 750 })
            // No line is longer than ten minutes.
            for _ in 0..<1_000 {
                if case .wait(let wait) = try await store.take("w", limits, nowMilliseconds: 5_000_000) {
                    #expect(wait <= 600_000)
                }
            }
        }
    }

    @Test func aHoldStopsAllClientsOfTheWorkspaceOnly() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = TwentyLimitStore(pool: pool)
            let now: Int64 = 9_000_000
            try await store.hold("w", milliseconds: 30_000, nowMilliseconds: now)
            try await store.hold("w", milliseconds: 5_000, nowMilliseconds: now)
            #expect(try await store.held("w", nowMilliseconds: now + 10_000) == 20_000)
            let limits = TwentyLimits(perMinute: 90, patienceMilliseconds: 0)
            guard case .wait(let wait) = try await store.take("w", limits, nowMilliseconds: now + 1) else {
                Issue.record("a call went in spite of the hold")
                return
            }
            #expect(wait >= 29_999)
            #expect(try await store.take("other", limits, nowMilliseconds: now) == .go(inMilliseconds: 0))
            #expect(try await store.take("w", limits, nowMilliseconds: now + 30_000) == .go(inMilliseconds: 0))
            #expect(try await store.held("w", nowMilliseconds: now + 30_000) == 0)
            #expect(try await store.held("unknown") == 0)
        }
    }

    /// A clock that is set back stops nobody for long.
    @Test func aClockThatIsSetBackIsSurvived() async throws {
        try await PostgresFixture.withDatabase { pool in
            let store = TwentyLimitStore(pool: pool)
            let limits = TwentyLimits(perMinute: 90, patienceMilliseconds: 10_000)
            for _ in 0..<20 { _ = try await store.take("w", limits, nowMilliseconds: 100_000_000) }
            guard case .wait(let wait) = try await store.take("w", limits, nowMilliseconds: 50_000_000) else { return }
            #expect(wait <= 72_000)
        }
    }

    /// Waits as long as it is told, and remembers it.
    private final class Patience: MonotonicClock {
        let waited = Locked<[Int64]>([])
        var nowMilliseconds: Int64 { 0 }
        func sleep(milliseconds: Int64) async throws {
            waited.withLock { $0.append(milliseconds) }
            try Task.checkCancellation()
        }
    }

    @Test func aTurnThatComesSoonIsWaitedFor() async throws {
        try await PostgresFixture.withDatabase { pool in
            let (store, clock) = (TwentyLimitStore(pool: pool), Patience())
            let limits = TwentyLimits(perMinute: 12, burst: 2, patienceMilliseconds: 10_000)
            let limiter = TwentyLimiter(store: store, limits: limits, clock: clock)
            try await limiter.take("w")
            try await limiter.take("w")
            #expect(clock.waited.withLock { $0 }.isEmpty)
            try await limiter.take("w")
            let waited = clock.waited.withLock { $0 }
            #expect(waited.count == 1 && (1...6_000).contains(waited.first ?? 0))
            let error = await #expect(throws: TwentyError.self) {
                for _ in 0..<3 { try await limiter.take("w") }
            }
            #expect(error?.code == .rateLimit && (error?.retryAfterMilliseconds ?? 0) > 10_000)
        }
    }

    @Test func aHoldThatComesWhileOneWaitsIsHeard() async throws {
        try await PostgresFixture.withDatabase { pool in
            let (store, clock) = (TwentyLimitStore(pool: pool), Patience())
            let limits = TwentyLimits(perMinute: 12, burst: 1, patienceMilliseconds: 10_000)
            let limiter = TwentyLimiter(store: store, limits: limits, clock: clock)
            try await limiter.take("w")
            try await store.hold("w", milliseconds: 8_000)
            // Its place is within its patience, and behind the hold; the clock of this test does not really wait.
            let error = await #expect(throws: TwentyError.self) { try await limiter.take("w") }
            #expect(error?.code == .rateLimit)
        }
    }

    @Test func withoutTheDatabaseNobodyCallsAndNoAttemptIsSpent() async throws {
        let error = try await PostgresFixture.withDatabase(isMigrated: false) { pool in
            let limiter = TwentyLimiter(store: TwentyLimitStore(pool: pool), clock: SystemMonotonicClock())
            return await #expect(throws: TwentyError.self) { try await limiter.take("w") }
        }
        #expect(error?.code == .interrupted && error?.isFree == true)
    }
}
