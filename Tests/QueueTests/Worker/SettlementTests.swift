import Testing

@testable import Queue

@Suite struct SettlementTests {
    private func job(attempts: Int = 0, crashes: Int = 0, deferrals: Int = 0, of most: Int = 3) -> ClaimedJob {
        let envelope = Envelope(
            kind: "kind", policy: RetryPolicy(attempts: most, delayMilliseconds: 5_000), attempts: attempts,
            crashes: crashes, deferrals: deferrals, arguments: Array("{}".utf8))
        return ClaimedJob(id: JobID(nowMilliseconds: 1), fence: 9, envelope: envelope)
    }

    @Test func doneOfAFreshJobIsThePlainAck() {
        #expect(Settlement(.done(), of: job(), leavesTrace: false).change == .acknowledge)
    }

    @Test(arguments: [(1, 0, 0), (0, 1, 0), (0, 0, 1)])
    func doneAfterTroubleAlsoDropsTheErrorKept(_ attempts: Int, _ crashes: Int, _ deferrals: Int) {
        let change = Settlement(
            .done(), of: job(attempts: attempts, crashes: crashes, deferrals: deferrals), leavesTrace: false
        ).change
        #expect(change == .done(trace: "", followers: []))
    }

    @Test func aTraceCountsTheLastAttempt() {
        let change = Settlement(.done(note: "204"), of: job(attempts: 2), leavesTrace: true).change
        #expect(change == .done(trace: "done kind 3 0 0\n204", followers: []))
    }

    /// The whole space of attempts spent by attempts allowed.
    @Test func retrySpendsOneAttemptAndTheLastBuries() {
        for most in 1...5 {
            for spent in 0..<most {
                let change = Settlement(.retry(reason: "no"), of: job(attempts: spent, of: most), leavesTrace: true)
                    .change
                let header = "1 kind \(most)x5000 \(spent + 1) 0 0"
                if spent + 1 < most {
                    #expect(
                        change == .requeue(header: header, delayMilliseconds: 5_000, error: "no", counter: "retried"))
                } else {
                    #expect(change == .bury(header: header, reason: "no"))
                }
            }
        }
    }

    @Test(arguments: [(0, 5_000), (4_999, 5_000), (60_000, 60_000)] as [(Int64, Int64)])
    func notBeforeIsAFloor(_ notBefore: Int64, _ expected: Int64) {
        let change = Settlement(
            .retry(reason: "busy", notBeforeMilliseconds: notBefore), of: job(), leavesTrace: false
        ).change
        guard case .requeue(_, let delay, _, _) = change else {
            Issue.record("not put back: \(change)")
            return
        }
        #expect(delay == expected)
    }

    @Test func deferSpendsNoAttempt() {
        let change = Settlement(.defer(milliseconds: 70, reason: "limit"), of: job(attempts: 1), leavesTrace: true)
            .change
        #expect(
            change
                == .requeue(
                    header: "1 kind 3x5000 1 0 1", delayMilliseconds: 70, error: "limit", counter: "deferred"))
    }

    @Test func releaseChangesNothing() {
        let job = job(attempts: 1, crashes: 1, deferrals: 1)
        #expect(
            Settlement.release(job).change
                == .requeue(header: "1 kind 3x5000 1 1 1", delayMilliseconds: 0, error: "", counter: "released"))
    }

    @Test func longReasonsAreCut() {
        let change = Settlement(.bury(reason: String(repeating: "x", count: 9_000)), of: job(), leavesTrace: false)
            .change
        guard case .bury(_, let reason) = change else {
            Issue.record("not buried: \(change)")
            return
        }
        #expect(reason.utf8.count == Limits.maximumReasonBytes)
    }
}
