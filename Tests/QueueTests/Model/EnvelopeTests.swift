import Testing

@testable import Queue

@Suite struct EnvelopeTests {
    @Test func bytesRoundTrip() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<500 {
            let envelope = Envelope(
                kind: ["a", "engagement.push", String(repeating: "k", count: 200)].randomElement(using: &generator)
                    ?? "a",
                policy: RetryPolicy(
                    attempts: .random(in: 1...1_000, using: &generator),
                    delayMilliseconds: .random(in: 0...86_400_000, using: &generator)),
                attempts: .random(in: 0...1_000, using: &generator),
                crashes: .random(in: 0...3, using: &generator),
                deferrals: .random(in: 0...100_000, using: &generator),
                lane: Bool.random(using: &generator) ? "" : "twenty/example.com",
                arguments: (0..<Int.random(in: 0...300, using: &generator)).map { _ in .random(in: 0...255) })
            #expect(Envelope(bytes: envelope.bytes) == envelope)
        }
    }

    @Test(arguments: [
        "", "1 kind 3x5000 0 0 0", "2 kind 3x5000 0 0 0\n{}", "1 kind 3x5000 0 0\n{}", "1 kind 3y5000 0 0 0\n{}",
        "1 kind 3x5000 a 0 0\n{}", "1 kind 3x5000 0 0 0 lane more\n{}", "\n", "1  3x5000 0 0 0\n{}",
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
    @Test(arguments: 1...6) func mAttemptsHaveMMinusOneDelays(_ attempts: Int) {
        let policy = RetryPolicy(attempts: attempts, delayMilliseconds: 5_000)
        let delays = (1...10).compactMap { policy.delayMilliseconds(after: $0) }
        #expect(delays == Array(repeating: 5_000, count: attempts - 1))
    }

    @Test func valuesAreClamped() {
        let policy = RetryPolicy(attempts: 0, delayMilliseconds: -1)
        #expect(policy == RetryPolicy(attempts: 1, delayMilliseconds: 0))
        #expect(RetryPolicy(attempts: .max, delayMilliseconds: .max).attempts == Limits.maximumAttempts)
    }

    @Test func tokenRoundTrips() {
        let policy = RetryPolicy(attempts: 7, delayMilliseconds: 1_500)
        #expect(RetryPolicy(token: Substring(policy.token)) == policy)
        #expect(RetryPolicy(token: "3x") == nil)
        #expect(RetryPolicy(token: "3x5x6") == nil)
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
