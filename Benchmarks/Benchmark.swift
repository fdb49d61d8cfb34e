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
    static let all: [any Benchmark] = [NoopBenchmark()]

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
    /// Where servers keep their data while they are measured; absolute.
    var directory: String
}

/// A measurement that did not count: lost or doubled jobs, a peer that failed.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
