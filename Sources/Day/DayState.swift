// The end of a day in words, one line for each thing, without ids that are drawn by lot: so that what was meant and what
// was found, and two days, can be compared.

/// One kind of thing that a day leaves behind.
public enum DayPart: String, Sendable, CaseIterable {
    case hub, members, people, calls, engagements, subscription, pushes, replay, dead
}

/// What a day leaves behind: lines by part. A line that is there twice is twice in the list.
struct DayState: Sendable {
    private(set) var lines: [DayPart: [String]] = [:]

    mutating func add(_ part: DayPart, _ line: String) { lines[part, default: []].append(line) }

    /// Compares what was found with what was meant, part by part.
    func report(found: DayState) -> [DayPartReport] {
        DayPart.allCases.map { part in
            let (expected, seen) = (lines[part] ?? [], found.lines[part] ?? [])
            return DayPartReport(
                part: part, expected: expected.count, found: seen.count,
                missing: Self.difference(expected, seen), unexpected: Self.difference(seen, expected))
        }
    }

    /// What the first list has more than the second, sorted.
    private static func difference(_ first: [String], _ second: [String]) -> [String] {
        var left: [String: Int] = [:]
        for line in second { left[line, default: 0] += 1 }
        var more: [String] = []
        for line in first.sorted() {
            if let count = left[line], count > 0 { left[line] = count - 1 } else { more.append(line) }
        }
        return more
    }
}

/// How one part ended.
public struct DayPartReport: Sendable {
    /// Which.
    public let part: DayPart
    /// How many lines were meant, and found.
    public let expected: Int
    /// See ``expected``.
    public let found: Int
    /// Lines that were meant and are not there.
    public let missing: [String]
    /// Lines that are there and were not meant.
    public let unexpected: [String]

    /// Whether all is as it was meant.
    public var isGood: Bool { missing.isEmpty && unexpected.isEmpty }
}
