import ArgumentParser
import Command
import Foundation

/// Runs the benchmarks that are named, or all.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Run benchmarks, print their tables and write the figures to a file.",
        discussion: BenchmarkCatalogue.all.map { "\($0.name): \($0.summary)" }.joined(separator: "\n")
    )

    @Argument(help: "Which ones; all unless given.")
    var names: [String] = []

    @Option(help: "Jobs of one measurement, 1,000 to 10,000,000; [200,000, quick 50,000].")
    var jobs: Int?

    @Option(help: "Measurements of each, 1 to 100; the median counts; [5, quick 1].")
    var runs: Int?

    @Option(help: ArgumentHelp("Jobs at a time in the worker, 1 to 10,000 each.", valueName: "n,n,..."))
    var concurrency = CountList(values: [256, 1_000])

    @Flag(help: "Measure neither peers nor bare limits.")
    var noPeers = false

    @Flag(help: "One run, with fewer jobs and less waiting: for the shape, not for figures.")
    var quick = false

    @Option(help: ArgumentHelp("Folder for the servers' data, and for the figures.", valueName: "dir"))
    var data = ".aventora"

    @Option(help: ArgumentHelp("File for the figures; bench.json in the folder unless given.", valueName: "path"))
    var json: String?

    private var jobCount: Int { jobs ?? (quick ? 50_000 : 200_000) }
    private var runCount: Int { runs ?? (quick ? 1 : 5) }

    func validate() throws {
        for name in names where BenchmarkCatalogue[name] == nil {
            throw ValidationError("there is no benchmark '\(name)'; there are: \(BenchmarkCatalogue.names)")
        }
        guard (1_000...10_000_000).contains(jobCount) else {
            throw ValidationError("--jobs: 1,000 to 10,000,000 are allowed")
        }
        guard (1...100).contains(runCount) else { throw ValidationError("--runs: 1 to 100 are allowed") }
        guard !concurrency.values.isEmpty, concurrency.values.allSatisfy({ (1...10_000).contains($0) }) else {
            throw ValidationError("--concurrency: 1 to 10,000 are allowed")
        }
        guard !Self.isDebugBuild else {
            throw ValidationError("a debug build says nothing; build it with: swift build -c release")
        }
    }

    func run() async throws {
        do {
            try await measure()
        } catch let error as CommandError {
            Self.tell("aventora-bench: \(error)")
            throw ExitCode(error.code.exitCode)
        } catch let error as BenchError {
            Self.tell("aventora-bench: \(error)")
            throw ExitCode.failure
        }
    }

    private func measure() async throws {
        let folder = URL(fileURLWithPath: data).standardizedFileURL.path
        let directory = "\(folder)/bench"
        try PrivateFile.makeDirectory(directory)
        let lock = try lock(directory)
        var file = ReportFile(machine: Machine())
        for benchmark in BenchmarkCatalogue.all where names.isEmpty || names.contains(benchmark.name) {
            let options = BenchOptions(
                jobCount: jobCount, runCount: runCount, concurrencies: concurrency.values, measuresPeers: !noPeers,
                isQuick: quick, directory: directory, peersDirectory: "\(folder)/peers")
            let others = OtherLoad()
            var report = try await benchmark.run(options)
            report.conditions["other load"] = others.share(cores: file.machine.cores)
            print(ReportTable(report).text)
            file.benchmarks.append(report)
        }
        let path = json ?? "\(folder)/bench.json"
        try file.write(to: path)
        print("figures: \(path)")
        withExtendedLifetime(lock) {}
    }

    /// Two at once would measure each other.
    private func lock(_ directory: String) throws(CommandError) -> DirectoryLock {
        do throws(CommandError) {
            return try DirectoryLock(directory: directory)
        } catch {
            guard error.code == .conflict else { throw error }
            throw CommandError(.conflict, "another aventora-bench is running in \(directory)")
        }
    }

    static func tell(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }

    private static let isDebugBuild: Bool = {
        #if DEBUG
        true
        #else
        false
        #endif
    }()
}

/// Numbers separated by commas.
struct CountList: ExpressibleByArgument {
    let values: [Int]

    init(values: [Int]) { self.values = values }

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        values = parts.compactMap { Int($0) }
        guard values.count == parts.count else { return nil }
    }

    var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}
