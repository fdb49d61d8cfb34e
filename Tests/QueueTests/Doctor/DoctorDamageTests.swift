import Redis
import TestKit
import Testing

@testable import Queue

/// Keys and fields deleted at random: whatever still has an envelope runs after a repair, and nothing hangs.
@Suite(.timeLimit(.minutes(3)))
struct DoctorDamageTests {
    /// Takes something away, doubles it or puts it elsewhere.
    private func damage(_ bench: DoctorBench, _ random: inout SeededRandom) async throws -> String {
        let keys = bench.keys
        let hashes = [
            keys.jobs, keys.errors, keys.counters, keys.meta, keys.keys, keys.next, keys.cancels, keys.lanes,
            keys.lanesRunning, keys.lanesLimits, keys.lanesBucket,
        ]
        let hash = try #require(hashes.randomElement(using: &random))
        let sortedSets = [keys.due, keys.dead, keys.leases, keys.lanesHeld, keys.lanesDue, keys.orders]
        let sorted = try #require(sortedSets.randomElement(using: &random))
        let lists = [keys.ready, keys.ring, keys.lane("a"), keys.lane("b"), keys.lane("full")]
        let list = try #require(lists.randomElement(using: &random))
        switch Int.random(in: 0..<9, using: &random) {
        case 0:
            let key = try #require([hash, sorted, list, keys.cancelled].randomElement(using: &random))
            // Without any envelope there is nothing left to see.
            guard key != keys.jobs else { return "nothing" }
            try await bench.run("DEL", key)
            return "DEL \(key)"
        case 1, 2:
            guard let field = try await bench.strings("HKEYS", hash).randomElement(using: &random) else { break }
            try await bench.run("HDEL", hash, field)
            return "HDEL \(hash) \(field)"
        case 3:
            guard let member = try await bench.strings("ZRANGE", sorted, "0", "-1").randomElement(using: &random) else {
                break
            }
            try await bench.run("ZREM", sorted, member)
            return "ZREM \(sorted) \(member)"
        case 4:
            guard let member = try await bench.strings("LRANGE", list, "0", "-1").randomElement(using: &random) else {
                break
            }
            try await bench.run("LREM", list, "1", member)
            return "LREM \(list) \(member)"
        case 5, 6:
            guard let id = try await bench.strings("HKEYS", keys.jobs).randomElement(using: &random) else { break }
            let place = Int.random(in: 0..<4, using: &random)
            switch place {
            case 0: try await bench.run("RPUSH", keys.ready, id)
            case 1: try await bench.run("ZADD", keys.due, "5", id)
            case 2: try await bench.run("ZADD", keys.dead, "5", id)
            default: try await bench.run("HSET", keys.claims(of: "w3"), id, "7")
            }
            return "doubled \(id) in place \(place)"
        case 7:
            try await bench.run("DEL", keys.claims(of: "w1"))
            return "claims"
        default:
            guard let lane = try await bench.strings("HKEYS", keys.lanes).randomElement(using: &random) else { break }
            let state = try #require(["r", "f", "h", "H", "x"].randomElement(using: &random))
            try await bench.run("HSET", keys.lanes, lane, state)
            return "lane \(lane) is \(state)"
        }
        return "nothing"
    }

    @Test(arguments: 1...40)
    func whatHasAnEnvelopeRunsOnceAndNothingHangs(_ seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let options = DoctorTests.ways[Int(seed % 2)]
        let bench = try await DoctorBench(options: options)
        try await bench.fillChains()
        var steps: [String] = []
        for _ in 0..<Int.random(in: 1...8, using: &random) { steps.append(try await damage(bench, &random)) }
        let report = try await bench.doctor.examine(repairs: true)
        let story = "seed \(seed): \(steps) -> \(report.findings.map { "\($0.count) \($0.ailment)" })"
        #expect(report.isWell, "\(story); remaining \(report.remaining ?? [])")
        #expect(try await bench.doctor.examine().findings.filter { $0.severity == .fault } == [], "\(story)")
        let expected = try await bench.runnable()
        // A run that was asked to stop and is lost is stopped when it runs again, or is faster.
        let mayRun = Set(try await bench.strings("HKEYS", bench.keys.cancels))
        let runs = try await bench.drain()
        #expect(Set(runs.keys).subtracting(mayRun) == expected, "\(story)")
        #expect(runs.values.allSatisfy { $0 == 1 }, "\(story)")
        #expect(try await bench.doctor.examine().findings.filter { $0.severity == .fault } == [], "\(story)")
    }
}
