/// What one benchmark found.
struct Report: Sendable, Encodable {
    let benchmark: String
    /// The circumstances that the figures depend on.
    var conditions: [String: String]
    private(set) var rows: [Row] = []
    /// What was promised, beside what was measured.
    var bars: [Bar] = []
    /// Peers that failed, and other things to know.
    var remarks: [String] = []

    /// All measurements of one thing.
    struct Row: Sendable, Encodable {
        /// What is measured. Rows of one group are compared with the group's first.
        let group: String
        let unit: String
        let contender: String
        fileprivate let rank: Int
        fileprivate(set) var samples: [Double]

        var median: Double {
            let sorted = samples.sorted()
            let middle = sorted.count / 2
            return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        }
        var least: Double { samples.min() ?? 0 }
        var most: Double { samples.max() ?? 0 }

        private enum Key: String, CodingKey { case group, unit, contender, median, min, max, samples }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: Key.self)
            try values.encode(group, forKey: .group)
            try values.encode(unit, forKey: .unit)
            try values.encode(contender, forKey: .contender)
            try values.encode(median, forKey: .median)
            try values.encode(least, forKey: .min)
            try values.encode(most, forKey: .max)
            try values.encode(samples, forKey: .samples)
        }
    }

    /// With the conditions that all benchmarks have in common.
    init(benchmark: String, _ options: BenchOptions, absentPeers: [String] = []) async throws {
        self.benchmark = benchmark
        conditions = [
            "runs": "\(options.runCount)", "append-only file": "everysec",
            "Redis": try await BenchRedis.with(options) { try await $0.version() },
        ]
        if !absentPeers.isEmpty { conditions["not installed"] = absentPeers.joined(separator: ", ") }
    }

    /// The median of one row.
    func median(_ group: String, _ contender: String) -> Double? {
        rows.first { $0.group == group && $0.contender == contender }?.median
    }

    /// The groups in the order of their first rows.
    var groups: [String] {
        rows.reduce(into: []) { names, row in
            if !names.contains(row.group) { names.append(row.group) }
        }
    }

    /// - Parameter rank: of the contender: rows stand in its order, whenever they are measured.
    mutating func add(_ reading: Reading, of contender: String, rank: Int) {
        let name = reading.contender ?? contender
        if let index = rows.firstIndex(where: { $0.group == reading.group && $0.contender == name }) {
            rows[index].samples.append(reading.value)
        } else {
            let row = Row(
                group: reading.group, unit: reading.unit, contender: name, rank: rank, samples: [reading.value])
            rows.insert(row, at: rows.firstIndex { $0.rank > rank } ?? rows.endIndex)
        }
    }
}

/// One figure of one measurement.
struct Reading: Sendable {
    let group: String
    let unit: String
    let value: Double
    /// Whose it is, if it is not just the contender's.
    var contender: String?
}
