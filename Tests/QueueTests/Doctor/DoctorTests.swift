import Redis
import TestKit
import Testing

@testable import Queue

/// A fault, how to bring it about, and what of it is found.
struct PlantedFault: Sendable, CustomTestStringConvertible {
    let name: String
    let found: [Ailment: Int]
    /// The same with a repair, where one repair makes another fault go away or appear.
    var foundWhileRepairing: [Ailment: Int]
    /// What a repair leaves.
    var remaining: Set<Ailment> = []
    /// Whether the queue has jobs with order keys too.
    var needsChains = false
    let plant: @Sendable (DoctorBench) async throws -> Void

    var testDescription: String { name }

    init(
        _ name: String, _ found: [Ailment: Int], whileRepairing: [Ailment: Int]? = nil,
        remaining: Set<Ailment> = [], needsChains: Bool = false,
        plant: @escaping @Sendable (DoctorBench) async throws -> Void
    ) {
        self.name = name
        self.found = found
        foundWhileRepairing = whileRepairing ?? found
        self.remaining = remaining
        self.needsChains = needsChains
        self.plant = plant
    }
}

@Suite(.timeLimit(.minutes(2)))
struct DoctorTests {
    @Test func aHealthyQueueHasNothing() async throws {
        let bench = try await DoctorBench()
        try await bench.fillChains()
        let report = try await bench.doctor.examine()
        #expect(report.findings == [] && report.omissions == [] && report.isWell)
        #expect(report.queues == ["test"] && report.jobs > 15)
        let expected = try await bench.runnable()
        let runs = try await bench.drain()
        #expect(Set(runs.keys) == expected && runs.values.allSatisfy { $0 == 1 })
        #expect(try await bench.doctor.examine().findings == [])
    }

    /// As in production, and with so short a reach that these short lines are judged as very long ones are.
    static let ways = [
        QueueDoctor.Options(restMilliseconds: 0, settleMilliseconds: 0),
        QueueDoctor.Options(restMilliseconds: 0, settleMilliseconds: 0, slice: 2, reach: 1, suspectsPerWalk: 2),
    ]

    @Test(arguments: PlantedFault.all, ways)
    func aFaultIsFoundAndRepairedAndEveryJobRunsOnce(
        _ fault: PlantedFault, _ options: QueueDoctor.Options
    ) async throws {
        let bench = try await DoctorBench(options: options)
        if fault.needsChains { try await bench.fillChains() } else { try await bench.fill() }
        try await fault.plant(bench)
        let found = try await bench.doctor.examine()
        #expect(found.counts == fault.found, "\(found.findings)")
        #expect(found.findings.allSatisfy { $0.repaired == 0 })
        let hasFault = fault.found.keys.contains { $0.severity == .fault }
        #expect(found.isWell == !hasFault)
        // Looking changes nothing.
        #expect(try await bench.doctor.examine().counts == fault.found)

        let repaired = try await bench.doctor.examine(repairs: true)
        #expect(repaired.counts == fault.foundWhileRepairing, "\(repaired.findings)")
        let remaining = try await bench.doctor.examine()
        #expect(Set(remaining.counts.keys) == fault.remaining, "\(remaining.findings)")
        #expect(repaired.isWell == !fault.remaining.contains { $0.severity == .fault })
        for finding in repaired.findings where !fault.remaining.contains(finding.ailment) {
            #expect(finding.repaired == finding.count, "\(finding)")
        }
        guard fault.remaining.isEmpty else { return }
        let expected = try await bench.runnable()
        let runs = try await bench.drain()
        #expect(Set(runs.keys) == expected && runs.values.allSatisfy { $0 == 1 })
        #expect(try await bench.doctor.examine().findings.filter { $0.severity != .dust } == [])
    }
}
