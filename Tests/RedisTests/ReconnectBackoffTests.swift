import Testing

@testable import Redis

struct ReconnectBackoffTests {
    @Test func firstAttemptIsImmediate() {
        #expect(ReconnectBackoff().waitMilliseconds(at: 0) == 0)
        #expect(ReconnectBackoff().waitMilliseconds(at: .min) == 0)
    }

    @Test func pausesDoubleUpToTheLongest() {
        var backoff = ReconnectBackoff()
        var now: Int64 = 1_000
        var waits: [Int64] = []
        for _ in 0..<8 {
            backoff.recordFailure(at: now, jitter: 0)
            waits.append(backoff.waitMilliseconds(at: now))
            now += waits[waits.count - 1]
            #expect(backoff.waitMilliseconds(at: now - 1) == 1)
            #expect(backoff.waitMilliseconds(at: now) == 0)
        }
        #expect(waits == [50, 100, 200, 400, 800, 1_600, 2_000, 2_000])
    }

    @Test(arguments: [0, 0.25, 0.5, 0.999, 1, 7, -3])
    func jitterOnlyLengthens(_ jitter: Double) {
        var backoff = ReconnectBackoff()
        for base in [50, 100, 200, 400, 800, 1_600, 2_000, 2_000] as [Int64] {
            backoff.recordFailure(at: 5, jitter: jitter)
            #expect((base...base + base / 4).contains(backoff.waitMilliseconds(at: 5)))
        }
    }

    @Test func successStartsAfresh() {
        var backoff = ReconnectBackoff()
        backoff.recordFailure(at: 0, jitter: 0)
        backoff.recordFailure(at: 60, jitter: 0)
        backoff.recordSuccess()
        #expect(backoff.waitMilliseconds(at: 60) == 0)
        backoff.recordFailure(at: 60, jitter: 0)
        #expect(backoff.waitMilliseconds(at: 60) == 50)
    }
}
