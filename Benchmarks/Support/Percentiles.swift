/// Figures in order of size.
struct Percentiles: Sendable {
    private let sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    /// Of waits in ns, in ms.
    init(nanoseconds: [Int64]) { self.init(nanoseconds.map { Double($0) / 1e6 }) }

    /// The least figure that at least this share of all do not exceed; 0 without figures.
    func value(at share: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let rank = Int((share * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }

    var most: Double { sorted.last ?? 0 }

    /// The usual three readings of a wait, in ms.
    func readings(_ what: String) -> [Reading] {
        [
            Reading(group: "\(what), p50", unit: "ms", value: value(at: 0.5)),
            Reading(group: "\(what), p99", unit: "ms", value: value(at: 0.99)),
            Reading(group: "\(what), longest", unit: "ms", value: most),
        ]
    }
}
