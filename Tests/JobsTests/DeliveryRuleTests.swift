import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct DeliveryRuleTests {
    private let rule = DeliveryRule(attempts: 3, delayMilliseconds: 5_000)

    private enum Expected {
        case delivered, retried, refused
    }

    private func expected(_ status: Int) -> Expected {
        if 200...299 ~= status { return .delivered }
        if [408, 425, 429].contains(status) || 500...599 ~= status || 100...199 ~= status { return .retried }
        return .refused
    }

    @Test(arguments: 100...599)
    func decidesEveryStatus(_ status: Int) {
        for attempt in 1...3 {
            let decision = rule.decide(.response(status: status, location: "http://elsewhere/"), attempt: attempt)
            switch (expected(status), decision) {
            case (.delivered, .delivered): break
            case (.retried, .retry(let afterMilliseconds, let reason)):
                #expect(attempt < 3 && afterMilliseconds == 5_000 && reason.contains("\(status)"))
            case (.retried, .final(let reason)):
                #expect(attempt == 3 && reason.contains("\(status)") && reason.contains("3 of 3"))
            case (.refused, .final(let reason)):
                #expect(reason.contains("\(status)"))
                #expect(reason.contains("http://elsewhere/") == (status < 400))
            default: Issue.record("status \(status) at attempt \(attempt): \(decision)")
            }
        }
    }

    @Test(arguments: [0, -1, 99, 600, 999])
    func retriesStatusesThatAreNone(_ status: Int) {
        guard case .retry = rule.decide(.response(status: status), attempt: 1) else {
            Issue.record("not retried")
            return
        }
    }

    @Test(arguments: TransportFailure.allCases)
    func decidesEveryFailure(_ failure: TransportFailure) {
        let first = rule.decide(.failure(failure, detail: "line\none"), attempt: 1)
        let last = rule.decide(.failure(failure, detail: ""), attempt: 3)
        switch (failure, first) {
        case (.addressRefused, .final(let reason)), (.invalidRequest, .final(let reason)):
            #expect(reason.contains(failure.rawValue))
        case (_, .retry(5_000, let reason)):
            #expect(failure.isRetriable && reason.contains(failure.rawValue) && !reason.contains("\n"))
        default: Issue.record("\(failure): \(first)")
        }
        guard case .final = last else {
            Issue.record("\(failure) after the last attempt: \(last)")
            return
        }
    }

    @Test(arguments: [
        (429, Int64(0), Int64(5_000)), (429, 4_000, 5_000), (429, 60_000, 60_000), (429, 7_200_000, 3_600_000),
        (429, -5, 5_000),
        (503, 60_000, 60_000), (500, 60_000, 5_000), (408, 60_000, 5_000),
    ])
    func honoursRetryAfter(_ status: Int, _ asked: Int64, _ pause: Int64) {
        let decision = rule.decide(.response(status: status, retryAfterMilliseconds: asked), attempt: 2)
        guard case .retry(pause, _) = decision else {
            Issue.record("\(decision)")
            return
        }
    }

    @Test func hasSaneBounds() {
        #expect(DeliveryRule(attempts: 0, delayMilliseconds: -1) == DeliveryRule(attempts: 1, delayMilliseconds: 0))
        guard case .final = DeliveryRule(attempts: 1).decide(.response(status: 500), attempt: 1) else {
            Issue.record("one attempt in all was retried")
            return
        }
    }
}
