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
                    let requeue = Settlement.Requeue(
                        header: header, delayMilliseconds: 5_000, error: "no", counter: "retried", isLaneFailure: true)
                    #expect(change == .requeue(requeue))
                } else {
                    #expect(change == .bury(header: header, reason: "no", isLaneFailure: true))
                }
            }
        }
    }

    @Test(arguments: [(0, 5_000), (4_999, 5_000), (60_000, 60_000)] as [(Int64, Int64)])
    func notBeforeIsAFloor(_ notBefore: Int64, _ expected: Int64) {
        let change = Settlement(
            .retry(reason: "busy", notBeforeMilliseconds: notBefore), of: job(), leavesTrace: false
        ).change
        guard case .requeue(let requeue) = change else {
            Issue.record("not put back: \(change)")
            return
        }
        #expect(requeue.delayMilliseconds == expected)
    }

    @Test func deferSpendsNoAttempt() {
        let change = Settlement(.defer(milliseconds: 70, reason: "limit"), of: job(attempts: 1), leavesTrace: true)
            .change
        let requeue = Settlement.Requeue(
            header: "1 kind 3x5000 1 0 1", delayMilliseconds: 70, error: "limit", counter: "deferred")
        #expect(change == .requeue(requeue))
    }

    @Test func releaseSpendsNoAttemptAndSaysThatItRan() {
        let job = job(attempts: 1, crashes: 1, deferrals: 1)
        let requeue = Settlement.Requeue(header: "1 kind 3x5000 1 1 2", delayMilliseconds: 0, counter: "released")
        #expect(Settlement.release(job).change == .requeue(requeue))
    }

    @Test(arguments: [(0, 30_000), (1, 60_000), (19, 600_000), (100, 600_000)] as [(Int, Int64)])
    func aParkedJobWaitsLongerEachTime(_ deferrals: Int, _ expected: Int64) {
        guard case .requeue(let requeue) = Settlement.park(job(deferrals: deferrals), reason: "?").change else {
            Issue.record("not put back")
            return
        }
        #expect(requeue.delayMilliseconds == expected && requeue.counter == "parked")
        #expect(requeue.header == "1 kind 3x5000 0 0 \(deferrals + 1)")
    }

    @Test func holdingALaneIsCarried() {
        let outcomes: [JobOutcome] = [
            .retry(reason: "429", holdLaneMilliseconds: 700),
            .defer(milliseconds: 1, reason: "later", holdLaneMilliseconds: 700),
        ]
        for outcome in outcomes {
            guard case .requeue(let requeue) = Settlement(outcome, of: job(), leavesTrace: false).change else {
                Issue.record("not put back")
                return
            }
            #expect(requeue.holdLaneMilliseconds == 700)
        }
    }

    @Test func anythingBeyondThePlainEnvelopeIsNoPlainAck() {
        var keyed = job().envelope
        keyed.options.uniqueKey = "key"
        let claimed = ClaimedJob(id: JobID(nowMilliseconds: 1), fence: 9, envelope: keyed)
        #expect(Settlement(.done(), of: claimed, leavesTrace: false).change == .done(trace: "", followers: []))
        var tracked = job().envelope
        tracked.options.isTracked = true
        let other = ClaimedJob(id: JobID(nowMilliseconds: 1), fence: 9, envelope: tracked)
        let change = Settlement(.done(), of: other, leavesTrace: false).change
        #expect(change == .done(trace: "done kind 1 0 0\n", followers: []))
    }

    @Test func longReasonsAreCut() {
        let change = Settlement(.bury(reason: String(repeating: "x", count: 9_000)), of: job(), leavesTrace: false)
            .change
        guard case .bury(_, let reason, _) = change else {
            Issue.record("not buried: \(change)")
            return
        }
        #expect(reason.utf8.count == Limits.maximumReasonBytes)
    }
}
