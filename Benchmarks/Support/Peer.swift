import Command
import Foundation

/// Another job system that is on this machine, driven by a script under `peers/` that speaks the command line of
/// `peers/peer.py`.
struct Peer: Sendable {
    /// One way of running it.
    struct Setting: Sendable {
        let label: String
        /// What the script takes for jobs at a time.
        let concurrency: Int
    }

    /// With its version, as in tables.
    let name: String
    /// Of its script.
    let key: String
    let program: String
    /// What comes before the script's own arguments.
    let leading: [String]
    let script: String
    /// As its documentation recommends for throughput; the first one stands for it where only one is measured.
    let settings: [Setting]
    /// It gets one job where ours gets so many: a rate needs seconds, not a number of jobs.
    let share: Int

    /// What the script writes.
    struct Figures: Decodable {
        let seconds: Double
        let processorSeconds: Double
        /// The jobs that ran, in order.
        let numbers: [Int]
        /// How long each stamped job waited for its start.
        let delayNanoseconds: [Int64]
    }

    func jobCount(of jobCount: Int) -> Int { max(1_000, jobCount / share) }
}

/// A peer's script, run against one Redis.
struct PeerProgram: Sendable {
    let peer: Peer
    let options: BenchOptions
    let redis: BenchRedis
    /// Where each job posts its payload, which then has the size of a delivery's body; nil: nowhere.
    var deliverURL: String?

    /// A peer slower than this is no use to anybody; it is killed.
    private static let leastRate = 100

    /// Runs the script to its end.
    @discardableResult
    func run(_ mode: String, jobCount: Int, concurrency: Int = 0) async throws -> Peer.Figures {
        let run = try program(mode, jobCount: jobCount, concurrency: concurrency, output: output(mode))
        try await run.run()
        return try figures(mode)
    }

    /// Starts a worker for `jobCount` jobs, 0 for as many as come.
    func startWorker(jobCount: Int, concurrency: Int) async throws -> RunningProgram {
        PrivateFile.remove(readyFile)
        return try await program("work", jobCount: jobCount, concurrency: concurrency, output: output("work")).start()
    }

    /// Starts a worker, and another process that enqueues jobs whose waits are measured; answers what the worker saw.
    func feed(_ mode: String, jobCount: Int, rate: Int) async throws -> Peer.Figures {
        // One more is enqueued to see that the worker works.
        let worker = try await startWorker(jobCount: jobCount + 1, concurrency: peer.settings[0].concurrency)
        do {
            try await run(mode, jobCount: jobCount, concurrency: rate)
            try await worker.waitUntilDone()
        } catch {
            await worker.kill()
            throw error
        }
        let figures = try figures("work")
        guard figures.numbers.count == jobCount + 1, Set(figures.numbers) == Set(0...jobCount),
            figures.delayNanoseconds.count == jobCount
        else {
            throw BenchError("\(peer.name): \(figures.numbers.count) runs of \(jobCount + 1) jobs, not each once")
        }
        return figures
    }

    /// What a script of this mode has written; its files are removed.
    func figures(_ mode: String) throws -> Peer.Figures {
        defer { removeFiles(mode) }
        let path = "\(output(mode)).json"
        guard let data = FileManager.default.contents(atPath: path) else {
            throw BenchError("\(peer.name) wrote no figures (\(mode))")
        }
        return try JSONDecoder().decode(Peer.Figures.self, from: data)
    }

    private func removeFiles(_ mode: String) {
        for ending in ["json", "part", "log"] { PrivateFile.remove("\(output(mode)).\(ending)") }
    }

    private func output(_ mode: String) -> String { "\(options.directory)/peer-\(mode)" }

    /// The worker makes it when it runs its first job; who feeds it waits for that.
    private var readyFile: String { "\(options.directory)/peer.ready" }

    private func program(_ mode: String, jobCount: Int, concurrency: Int, output: String) throws -> ProgramRun {
        let folder = "\(options.directory)/peers"
        try PeerScripts.write(to: folder)
        var environment = [
            BenchWorker.urlVariable: redis.server.url, "READY_FILE": readyFile, "PYTHONDONTWRITEBYTECODE": "1",
        ]
        if let deliverURL {
            environment["DELIVER_URL"] = deliverURL
            environment["PAYLOAD_BYTES"] = "\(DeliverBenchmark.bodyBytes)"
        }
        return try ProgramRun(
            peer.program,
            peer.leading + ["\(folder)/\(peer.script)", mode, "\(jobCount)", "\(concurrency)", output],
            environment: environment,
            limit: .seconds(60 + jobCount / Self.leastRate),
            log: "\(output).log")
    }
}
