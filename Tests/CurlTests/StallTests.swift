import Foundation
import Testing

@testable import Curl

/// Time limits that pass while this process cannot run.
@Suite(.timeLimit(.minutes(1)))
struct StallTests {
    @Test
    func onlyTimeThatWasWaitedForCounts() {
        var gauge = StallGauge()
        gauge.turn(nowMilliseconds: 0, isWatched: false)
        // Nothing was in flight: the thread slept on purpose.
        gauge.turn(nowMilliseconds: 9_000, isWatched: false)
        gauge.turn(nowMilliseconds: 9_100, isWatched: true)
        // Late within the tolerance.
        gauge.turn(nowMilliseconds: 9_350, isWatched: true)
        #expect(gauge.totalMilliseconds == 0)
        gauge.turn(nowMilliseconds: 9_601, isWatched: true)
        #expect(gauge.totalMilliseconds == 151)
        gauge.turn(nowMilliseconds: 13_701, isWatched: true)
        #expect(gauge.totalMilliseconds == 4_151)
    }

    @Test(arguments: [
        (stalled: Int64(0), total: Int64(3_001), isToBlame: false), (stalled: 151, total: 3_001, isToBlame: true),
        (stalled: 4_000, total: 4_800, isToBlame: true), (stalled: 4_000, total: 7_000, isToBlame: false),
        (stalled: 4_000, total: 6_999, isToBlame: true),
    ])
    func targetThatHadItsTimeIsToBlame(stalled: Int64, total: Int64, isToBlame: Bool) {
        let result = StallGauge.isToBlame(stalledMilliseconds: stalled, totalMilliseconds: total, limit: 3_000)
        #expect(result == isToBlame)
    }

    @Test
    func answerThatCameWhileTheThreadStoodStillIsNoTimeOutOfTheTarget() async throws {
        let arrived = Signal<Bool>()
        let standsStill = DispatchSemaphore(value: 0)
        try await withServer(
            answering: { _ in
                arrived.fire(true)
                _ = standsStill.wait(timeout: .now() + 10)
                standsStill.signal()
                return response("200 OK")
            },
            body: { server in
                try await withClient { client in
                    let url = server.url()
                    let waiting = Task {
                        try await failure(
                            client, CurlRequest(method: .post, url: url, totalTimeoutMilliseconds: 4_000))
                    }
                    _ = try await arrived.next()
                    // The policy is asked on the client's thread.
                    let policy = TestPolicy { _ in
                        standsStill.signal()
                        Thread.sleep(forTimeInterval: 5)
                        return true
                    }
                    _ = try await client.send(CurlRequest(method: .get, url: url, addressPolicy: policy))
                    let error = try await waiting.value
                    #expect(error.code == .stalled)
                    #expect(error.isOurs && error.isRetriable)
                    #expect(error.phase == .firstByte)
                }
            })
    }
}
