import Queue
import Testing

@testable import aventora_crash

@Suite struct FaultPlanTests {
    @Test func aSeedSaysEverything() {
        for seed in UInt64(1)...50 {
            #expect(FaultPlan(seed: seed, window: 8_000) == FaultPlan(seed: seed, window: 8_000))
        }
        let plans = (UInt64(1)...50).map { FaultPlan(seed: $0, window: 8_000).faults }
        #expect(Set(plans).count == 50)
    }

    @Test func consecutiveSeedsHaveEveryPointAndEveryTheme() {
        let plans = (UInt64(1)...200).map { FaultPlan(seed: $0, window: 8_000) }
        let points = plans.prefix(FaultPoint.allCases.count).map(\.arming.point)
        #expect(Set(points) == Set(FaultPoint.allCases))
        #expect(Set(plans.map(\.theme)) == Set(FaultPlan.Theme.allCases))
        let actions = Set(plans.flatMap { $0.faults.map { "\($0.fault.action) \($0.fault.subject.prefix(5))" } })
        let expected = [
            "kill worke", "freeze worke", "kill api-0", "freeze api-0", "kill sched", "freeze sched", "replace worke",
            "scale up scale", "scale down worke", "kill redis", "restart redis", "freeze redis", "fill redis",
            "kill postg", "restart postg", "freeze postg",
        ]
        for clock in FaultClock.allCases { #expect(plans.contains { $0.steps(clock) }) }
        #expect(actions.isSuperset(of: expected), "\(Set(expected).subtracting(actions))")
    }

    @Test func faultsOfOneSubjectNeverOverlapAndAWorkerIsAlwaysLeft() {
        for seed in UInt64(1)...2_000 {
            let plan = FaultPlan(seed: seed, window: 8_000)
            #expect(!plan.faults.isEmpty, "seed \(seed)")
            for (number, fault) in plan.faults.enumerated() {
                #expect((300...8_000).contains(fault.atMilliseconds), "seed \(seed): \(fault)")
                for other in plan.faults.dropFirst(number + 1) where other.fault.subject == fault.fault.subject {
                    let end = fault.atMilliseconds + fault.lastsMilliseconds
                    #expect(other.atMilliseconds > end, "seed \(seed): \(fault), \(other)")
                }
            }
            let downs = plan.faults.filter { if case .scaleDown = $0.fault { true } else { false } }
            #expect(downs.count < plan.workerCount, "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("worker-claimed", FaultPoint.workerClaimed, 1), ("worker-claimed:1", .workerClaimed, 1),
        ("api-after-enqueue:60", .apiAfterEnqueue, 60),
    ])
    func pointIsReadFromItsVariable(text: String, point: FaultPoint, nth: Int) throws {
        let parsed = try #require(FaultPoint.parse(text))
        #expect(parsed == (point, nth))
    }

    @Test(arguments: ["", "worker", "worker-claimed:", "worker-claimed:0", "worker-claimed:x", "worker-claimed:1:2"])
    func whatNamesNoPointArmsNothing(text: String) {
        #expect(FaultPoint.parse(text) == nil)
    }
}
