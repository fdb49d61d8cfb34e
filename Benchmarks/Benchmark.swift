/// One thing that is measured, by name.
///
/// A new one is a file with a type of this kind and a line in ``all``.
protocol Benchmark: Sendable {
    /// As it is asked for on the command line.
    var name: String { get }
    /// One line for a person.
    var summary: String { get }

    /// Measures; takes minutes.
    func run(_ options: BenchOptions) async throws -> Report
}

/// The benchmarks that there are, in the order in which they run.
enum BenchmarkCatalogue {
    static let all: [any Benchmark] = [
        NoopBenchmark(), AcceptBenchmark(), DeliverBenchmark(), PickupBenchmark(), DueLagBenchmark(),
        BacklogBenchmark(),
        MemoryBenchmark(), FairnessBenchmark(), IsolationBenchmark(), InFlightBenchmark(),
    ]

    static var names: String { all.map(\.name).joined(separator: ", ") }

    static subscript(name: String) -> (any Benchmark)? { all.first { $0.name == name } }
}

/// What the command line says of all benchmarks.
struct BenchOptions: Sendable {
    /// Jobs of one measurement.
    var jobCount: Int
    /// Measurements of each contender.
    var runCount: Int
    /// Jobs at a time in the worker; the first is what the others are compared with.
    var concurrencies: [Int]
    /// Whether peers and bare limits are measured too.
    var measuresPeers: Bool
    /// Whether a look at the shape is enough: a tenth of what is large, a third of what takes long.
    var isQuick: Bool
    /// Where servers keep their data while they are measured; absolute.
    var directory: String
    /// Where `peers/setup` puts the Python peers; absolute.
    var peersDirectory: String

    /// The usual concurrency.
    var concurrency: Int { concurrencies.first ?? 256 }
    /// What is a million in the promises that are measured.
    var million: Int { isQuick ? 100_000 : 1_000_000 }

    /// A stretch of time that is observed.
    func seconds(_ count: Double) -> Double { isQuick ? count / 3 : count }

    /// At most so many measurements: of what takes long, or does not vary.
    func runCount(atMost most: Int) -> Int { min(runCount, most) }
}

/// A measurement that did not count: lost or doubled jobs, a peer that failed.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
