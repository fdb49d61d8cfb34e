import Testing

@testable import Queue

/// Every row of `croniter.txt`: patterns, zones and moments by an implementation that is not ours. The script beside it
/// makes the table.
@Suite(.timeLimit(.minutes(1)))
struct CronTableTests {
    /// `zone start +n +n +n`.
    private struct Row {
        let pattern: Substring
        let zone: Int
        let start: Int64
        let moments: [Int64]
    }

    @Test func everyRowIsMatched() throws {
        let zones = try ["UTC", "America/Toronto", "Europe/Berlin", "Australia/Lord_Howe"].map(CronFixture.zone)
        let rows = try Self.rows()
        var patterns: [Substring: CronPattern] = [:]
        var refused: Set<Substring> = []
        var differences: [String] = []
        for row in rows {
            if patterns[row.pattern] == nil, !refused.contains(row.pattern) {
                patterns[row.pattern] = CronPattern(String(row.pattern))
                if patterns[row.pattern] == nil { refused.insert(row.pattern) }
            }
            // What we refuse, because no date ever matches, finds nothing there.
            let found = patterns[row.pattern]?.next(3, after: row.start * 1_000, in: zones[row.zone]).map { $0 / 1_000 }
            if found ?? [] != row.moments {
                differences.append("\(row.pattern) in \(zones[row.zone].identifier) from \(row.start): \(found ?? [])")
            }
        }
        #expect(differences.isEmpty, "\(differences.count), first \(differences.prefix(5))")
        #expect(rows.count == 16_800)
        #expect(patterns.count + refused.count == 2_100)
        #expect(refused.count == Set(rows.filter(\.moments.isEmpty).map(\.pattern)).count)
    }

    private static func rows() throws -> [Row] {
        let bytes = try CronFixture.contents(of: "croniter", "txt")
        var rows: [Row] = []
        var pattern: Substring = ""
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") where !line.hasPrefix("#") {
            guard line.hasPrefix("\t") else {
                pattern = line
                continue
            }
            let numbers = line.dropFirst().split(separator: " ").compactMap { Int64($0) }
            var moments: [Int64] = []
            for distance in numbers.dropFirst(2) { moments.append((moments.last ?? numbers[1]) + distance) }
            rows.append(Row(pattern: pattern, zone: Int(numbers[0]), start: numbers[1], moments: moments))
        }
        return rows
    }
}
