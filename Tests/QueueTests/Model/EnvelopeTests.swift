import TestKit
import Testing

@testable import Queue

@Suite struct EnvelopeTests {
    @Test func bytesRoundTrip() throws {
        let seed = UInt64.random(in: 0...(.max))
        var generator = SeededRandom(seed: seed)
        for _ in 0..<1_000 {
            let envelope = Self.random(using: &generator)
            #expect(Envelope(bytes: envelope.bytes) == envelope, "seed \(seed)")
        }
    }

    private static func random(using generator: inout SeededRandom) -> Envelope {
        func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &generator) ? value : nil }
        var options = Envelope.Options()
        options.uniqueKey = maybe("hub/42")
        options.debounceKey = maybe("l=call=7")
        options.timeLimitMilliseconds = maybe(.random(in: 1...86_400_000, using: &generator))
        options.argumentsVersion = maybe(7) ?? 1
        options.isTracked = .random(using: &generator)
        options.orderKey = maybe("ep_1:call=7")
        options.orderPlace = maybe(.random(in: 0...999_999_999_999_999, using: &generator))
        let kinds = ["a", "engagement.push", String(repeating: "k", count: 200)]
        return Envelope(
            kind: kinds[.random(in: 0..<3, using: &generator)],
            policy: RetryPolicyTests.random(using: &generator),
            attempts: .random(in: 0...1_000, using: &generator),
            crashes: .random(in: 0...3, using: &generator),
            deferrals: .random(in: 0...100_000, using: &generator),
            lane: maybe("twenty/example.com") ?? "",
            options: maybe(options) ?? Envelope.Options(),
            arguments: (0..<Int.random(in: 0...300, using: &generator)).map { _ in .random(in: 0...255) })
    }

    @Test(arguments: ["", "twenty/a.com"]) func whatTheFirstVersionCanSayIsSaidInIt(_ lane: String) {
        let policy = RetryPolicy(attempts: 3, delayMilliseconds: 5_000)
        let envelope = Envelope(kind: "kind", policy: policy, attempts: 1, lane: lane, arguments: [])
        #expect(envelope.header == "1 kind 3x5000 1 0 0" + (lane.isEmpty ? "" : " " + lane))
    }

    @Test func theSecondVersionNamesWhatItAdds() {
        var options = Envelope.Options()
        options.uniqueKey = "u1"
        options.debounceKey = "d1"
        options.timeLimitMilliseconds = 900
        options.argumentsVersion = 2
        options.isTracked = true
        options.orderKey = "o1"
        options.orderPlace = 1_700_000_000_123
        let policy = RetryPolicy(listedMilliseconds: [1, 2])
        let envelope = Envelope(kind: "kind", policy: policy, lane: "a", options: options, arguments: [])
        #expect(envelope.header == "2 kind s1,2 0 0 0 l=a u=u1 d=d1 t=900 v=2 r=1 o=o1 p=001700000000123")
    }

    @Test(arguments: [
        "", "1 kind 3x5000 0 0 0", "3 kind 3x5000 0 0 0\n{}", "1 kind 3x5000 0 0\n{}", "1 kind 3y5000 0 0 0\n{}",
        "1 kind 3x5000 a 0 0\n{}", "1 kind 3x5000 0 0 0 lane more\n{}", "\n", "1  3x5000 0 0 0\n{}",
        "2 kind 3x5000 0 0 0 x=1\n{}", "2 kind 3x5000 0 0 0 l=\n{}", "2 kind 3x5000 0 0 0 l=a \n{}",
        "2 kind 3x5000 0 0 0 t=x\n{}", "2 kind 3x5000 0 0 0 lane\n{}", "2 kind 3x5000 0 0 0 v=1",
    ])
    func damagedBytesAreRefused(_ text: String) {
        #expect(Envelope(bytes: Array(text.utf8)) == nil)
    }

    @Test(arguments: [
        ("kind", true), ("", false), ("two words", false), ("line\nend", false), ("é", false),
        (String(repeating: "k", count: 201), false),
    ])
    func tokens(_ text: String, _ isToken: Bool) {
        #expect(Envelope.isToken(text) == isToken)
    }
}

@Suite struct RetryPolicyTests {
    static func random(using generator: inout SeededRandom) -> RetryPolicy {
        let jitter = Bool.random(using: &generator) ? 0 : Int.random(in: 1...100, using: &generator)
        func delay() -> Int64 { .random(in: 0...86_400_000, using: &generator) }
        let attempts = Int.random(in: 1...1_000, using: &generator)
        switch Int.random(in: 0...2, using: &generator) {
        case 0:
            return RetryPolicy(attempts: attempts, delayMilliseconds: delay(), jitterPercent: jitter)
        case 1:
            let count = Int.random(in: 0...Limits.maximumListedDelays, using: &generator)
            return RetryPolicy(listedMilliseconds: (0..<count).map { _ in delay() }, jitterPercent: jitter)
        default:
            return RetryPolicy(
                attempts: attempts, firstMilliseconds: delay(), capMilliseconds: delay(), jitterPercent: jitter)
        }
    }

    private let id = JobID(nowMilliseconds: 1)

    private func delays(_ policy: RetryPolicy) -> [Int64] {
        (1...10).compactMap { policy.delayMilliseconds(after: $0, of: id) }
    }

    @Test(arguments: 1...6) func mAttemptsHaveMMinusOneDelays(_ attempts: Int) {
        let policy = RetryPolicy(attempts: attempts, delayMilliseconds: 5_000)
        #expect(delays(policy) == Array(repeating: 5_000, count: attempts - 1))
    }

    @Test func aListedScheduleIsKeptInItsOrder() {
        #expect(delays(RetryPolicy(listedMilliseconds: [60, 300, 900])) == [60, 300, 900])
        #expect(delays(RetryPolicy(listedMilliseconds: [])) == [])
    }

    @Test func exponentialDoublesUpToItsCap() {
        let policy = RetryPolicy(attempts: 7, firstMilliseconds: 100, capMilliseconds: 1_000)
        #expect(delays(policy) == [100, 200, 400, 800, 1_000, 1_000])
        let long = RetryPolicy(attempts: 1_000, firstMilliseconds: 1, capMilliseconds: Limits.maximumDelayMilliseconds)
        #expect(long.plainDelayMilliseconds(after: 999) == Limits.maximumDelayMilliseconds)
    }

    @Test func jitterOnlyAddsAndStaysWithinItsShare() {
        let seed = UInt64.random(in: 0...(.max))
        var generator = SeededRandom(seed: seed)
        var spread: Set<Int64> = []
        for _ in 0..<2_000 {
            let policy = Self.random(using: &generator)
            let attempt = Int.random(in: 1...policy.attempts, using: &generator)
            let plain = policy.plainDelayMilliseconds(after: attempt)
            let delay = policy.delayMilliseconds(after: attempt, of: id)
            #expect((plain == nil) == (delay == nil), "seed \(seed)")
            guard let plain, let delay else { continue }
            #expect(delay >= plain && delay <= plain + plain * Int64(policy.jitterPercent) / 100, "seed \(seed)")
            #expect(delay == policy.delayMilliseconds(after: attempt, of: id))
        }
        let policy = RetryPolicy(attempts: 2, delayMilliseconds: 1_000, jitterPercent: 50)
        for number in 0..<200 {
            if let delay = policy.delayMilliseconds(after: 1, of: JobID(nowMilliseconds: Int64(number))) {
                spread.insert(delay)
            }
        }
        #expect(spread.count > 100)
    }

    @Test func valuesAreClamped() {
        let policy = RetryPolicy(attempts: 0, delayMilliseconds: -1)
        #expect(policy == RetryPolicy(attempts: 1, delayMilliseconds: 0))
        #expect(RetryPolicy(attempts: .max, delayMilliseconds: .max).attempts == Limits.maximumAttempts)
        let many = RetryPolicy(listedMilliseconds: Array(repeating: 1, count: 1_000))
        #expect(many.attempts == Limits.maximumListedDelays + 1)
    }

    @Test func textRoundTrips() {
        let seed = UInt64.random(in: 0...(.max))
        var generator = SeededRandom(seed: seed)
        for _ in 0..<1_000 {
            let policy = Self.random(using: &generator)
            #expect(RetryPolicy(policy.description) == policy, "seed \(seed)")
            #expect(policy.description.utf8.count <= Limits.maximumPolicyBytes)
        }
    }

    @Test(arguments: ["3x", "3x5x6", "", "x", "s1,,2", "e1:2", "3x5~", "3x5~101", "03x5", "9999x1", "s1,-2", "3x5~2~3"])
    func otherTextsAreRefused(_ text: String) {
        #expect(RetryPolicy(text) == nil)
    }
}

@Suite struct QueueNameTests {
    @Test(arguments: [
        ("webhooks", true), ("a-b_c.1", true), ("", false), ("Upper", false), ("with space", false), ("{tag}", false),
        (String(repeating: "q", count: 64), true), (String(repeating: "q", count: 65), false),
    ])
    func names(_ text: String, _ isAllowed: Bool) {
        #expect((QueueName(text) != nil) == isAllowed)
    }
}
