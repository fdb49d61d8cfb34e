import Command
import Foundation

/// The bare limit: the same requests by a libcurl multi loop that claims, signs, logs and acks nothing.
struct BareCurl: Sendable {
    let options: BenchOptions
    let nginx: BenchNginx

    var contender: Contender {
        Contender(name: "bare libcurl, \(DeliverBenchmark.connections) connections") {
            let output = "\(options.directory)/bare-curl.json"
            try await ProgramRun(
                try ProgramRun.ownPath(),
                [
                    BareCurlCommand.name, "--url", nginx.url, "--requests", "\(options.jobCount)",
                    "--connections", "\(DeliverBenchmark.connections)", "--body-bytes",
                    "\(DeliverBenchmark.bodyBytes)", "--output", output,
                ],
                limit: .seconds(60 + options.jobCount / 1_000), log: "\(output).log"
            ).run()
            let result = try BareCurlResult(taking: output)
            return [
                .rate(DeliverBenchmark.Group.rate, options.jobCount, result.seconds),
                .processorTime(DeliverBenchmark.Group.workerTime, options.jobCount, result.processorSeconds),
            ]
        }
    }
}

/// What the loop writes to a file.
struct BareCurlResult: Codable {
    let seconds: Double
    let processorSeconds: Double

    init(seconds: Double, processorSeconds: Double) {
        (self.seconds, self.processorSeconds) = (seconds, processorSeconds)
    }

    /// Reads the file and removes it.
    init(taking path: String) throws {
        defer { PrivateFile.remove(path) }
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }
}
