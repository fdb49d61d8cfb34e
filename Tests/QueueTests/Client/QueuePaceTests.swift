import Testing

@testable import Queue

struct QueuePaceTests {
    private func pace(_ samples: [(Int64, Int64)], at milliseconds: Int64, ended: Int64) -> Double? {
        QueuePace(
            now: .init(atMilliseconds: milliseconds, ended: ended, enqueued: 0),
            samples: samples.map { .init(atMilliseconds: $0.0, ended: $0.1, enqueued: 0) })?.endedPerSecond
    }

    @Test func withoutAnOldSampleNothingIsKnown() {
        #expect(pace([], at: 100_000, ended: 5) == nil)
        #expect(pace([(99_500, 1)], at: 100_000, ended: 5) == nil)
        #expect(pace([(99_000, 1)], at: 100_000, ended: 5) == 4)
    }

    @Test func theWindowIsAMinute() {
        let samples: [(Int64, Int64)] = stride(from: Int64(0), through: 290_000, by: 10_000).map { time in
            // 100 a second at first, 1 a second in the last minute and a half.
            (time, time < 200_000 ? time / 10 : 20_000 + (time - 200_000) / 1_000)
        }
        #expect(pace(samples, at: 290_000, ended: 20_090) == 1)
    }

    @Test func aQuietMinuteFallsBackOnAllThatIsKept() {
        let samples: [(Int64, Int64)] = stride(from: Int64(0), through: 290_000, by: 10_000).map {
            ($0, min($0, 100_000))
        }
        #expect(pace(samples, at: 300_000, ended: 100_000).map { $0.rounded() } == 333)
        #expect(pace(samples.map { ($0.0, 7) }, at: 300_000, ended: 7) == 0)
    }

    @Test func agesAndTotalsThatCannotBeAreLeftOut() {
        #expect(pace([(0, 0)], at: 1_000_000, ended: 10) == nil)
        #expect(pace([(90_000, 50), (95_000, 5)], at: 100_000, ended: 10) == 1)
    }
}
