import Testing

@testable import Queue

@Suite struct StopReasonTests {
    private func job(fence: Int64) -> ClaimedJob {
        let policy = RetryPolicy(attempts: 1, delayMilliseconds: 0)
        return ClaimedJob(id: Self.id, fence: fence, envelope: Envelope(kind: "kind", policy: policy, arguments: []))
    }

    private static let id = JobID(nowMilliseconds: 1)

    /// A worker has a job for the second time while its first run has not ended: what stopped the first is not the
    /// second's reason.
    @Test func theReasonIsTheClaims() {
        let reasons = StopReasons()
        var held = HeldJobs()
        held.add(JobBatch([job(fence: 1)]), 0, limitMilliseconds: .max)
        let isTold = held.stop(Self.id, because: .claimLost, reasons, nowMilliseconds: 0)
        let isToldAgain = held.stop(Self.id, because: .late, reasons, nowMilliseconds: 0)
        #expect(isTold && !isToldAgain)
        held.add(JobBatch([job(fence: 2)]), 0, limitMilliseconds: .max)
        #expect(reasons.reason(for: job(fence: 2)) == nil)
        #expect(reasons.take(for: job(fence: 2)) == nil)
        #expect(reasons.take(for: job(fence: 1)) == .claimLost)
        #expect(reasons.take(for: job(fence: 1)) == nil)
    }
}
