import Command
import Foundation

/// What a run of the suite came to, as it goes into `crash.json`.
struct CrashLedger: Encodable {
    let finishedAt = Date()
    let seeds: [SeedLedger]

    init(seeds: [SeedLedger]) { self.seeds = seeds }

    private enum CodingKeys: String, CodingKey { case finishedAt, totals, points, seeds }

    /// The sums over all seeds, in the order of the table.
    var totals: [(name: String, value: Int64)] {
        func sum(_ value: (SeedLedger) -> Int) -> Int64 { seeds.reduce(0) { $0 + Int64(value($1)) } }
        return [
            ("seeds", Int64(seeds.count)), ("seeds_broken", sum { $0.isGood ? 0 : 1 }), ("accepted", sum(\.accepted)),
            ("delivered", sum(\.delivered)), ("dead", sum(\.dead)), ("quarantined", sum(\.quarantined)),
            ("pending", sum(\.pending)), ("lost", sum(\.lost)),
            ("duplicated", sum { $0.duplicated.values.reduce(0, +) }), ("orphaned", sum(\.orphaned)),
            ("late", sum(\.late)), ("longest_recovery_ms", seeds.map(\.longestRecovery).max() ?? 0),
            ("attempts_overspent", sum(\.overspent)), ("stale_refused", seeds.reduce(0) { $0 + $1.staleRefused }),
            ("left_in_redis", sum(\.leftovers)),
        ]
    }

    /// Duplicates by cause.
    var duplicated: [String: Int] { seeds.reduce(into: [:]) { $0.merge($1.duplicated, uniquingKeysWith: +) } }

    /// By named point: in how many seeds a process was to die there, and how many did.
    var points: [(name: String, armed: Int, reached: Int)] {
        let names = seeds.map { String($0.point.prefix { $0 != ":" }) }
        return Set(names).sorted().map { name in
            let reached = seeds.reduce(0) { sum, seed in sum + seed.reachedPoints.count { $0 == name } }
            return (name, names.count { $0 == name }, reached)
        }
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(finishedAt, forKey: .finishedAt)
        try values.encode(Dictionary(uniqueKeysWithValues: totals.map { ($0.name, $0.value) }), forKey: .totals)
        try values.encode(
            Dictionary(uniqueKeysWithValues: points.map { ($0.name, ["armed": $0.armed, "reached": $0.reached]) }),
            forKey: .points)
        try values.encode(seeds, forKey: .seeds)
    }

    /// Writes it and answers the text.
    func write(to path: String) throws -> String {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .iso8601
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(self), as: UTF8.self)
        do {
            try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        } catch {
            throw CommandError(.configuration, "cannot write \(path)", underlying: error)
        }
        return text
    }
}
