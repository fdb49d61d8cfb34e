// Receivers of deliveries, all in one process and on one thread with poll(2), which is enough for thousands a second: what
// is measured is the sender.

import ArgumentParser
import Foundation
import Glibc

/// Listens on several ports, each with manners of its own, until somebody connects to the port for the end; then writes what it got to a file.
struct TargetsCommand: AsyncParsableCommand {
    static let name = "targets"
    static let configuration = CommandConfiguration(
        commandName: name, abstract: "The receivers of the delivery benchmarks; started by them.", shouldDisplay: false)

    @Option(help: "manners:port, separated by commas; manners: \(TargetManners.allCases.map(\.rawValue)).")
    var listen: String
    @Option(help: "A gzip file for those who send one.") var bomb: String?
    @Option(help: "Milliseconds until those who are slow answer.") var slowMilliseconds: Int = 60_000
    @Option var output: String

    func run() async throws {
        var loop = TargetLoop(
            bomb: bomb.flatMap { FileManager.default.contents(atPath: $0) }.map { [UInt8]($0) } ?? [],
            slowNanoseconds: Int64(slowMilliseconds) * 1_000_000, output: output)
        try OpenFiles.raiseLimit()
        for item in listen.split(separator: ",") {
            let parts = item.split(separator: ":")
            guard parts.count == 2, let manners = TargetManners(rawValue: String(parts[0])), let port = UInt16(parts[1])
            else { throw BenchError("--listen: \(item)") }
            try loop.listen(port: port, manners)
        }
        try loop.run()
    }
}

/// How a target treats who posts to it.
enum TargetManners: String, CaseIterable, Sendable {
    /// 200 at once.
    case good
    /// Says nothing.
    case hang
    /// A byte of its head a second.
    case drip
    /// Resets the connection once it has the request.
    case reset
    /// 200 and 100 MB.
    case big
    /// 200 and a small body that unpacks to 100 MB.
    case bomb
    /// 200 after a while.
    case slow
    /// Whoever connects ends the targets.
    case end
}

/// What the targets got, and the file in which they say so.
struct TargetsResult: Codable, Sendable {
    /// One delivery: its id, when it was asked for by its body, and when it was received.
    struct Arrival: Codable, Sendable {
        let manners: String
        let message: String
        let stampNanoseconds: Int64
        let receivedNanoseconds: Int64
    }

    var arrivals: [Arrival] = []
}

/// The descriptors that this process may have.
enum OpenFiles {
    /// As many as the administrator allows.
    static func raiseLimit() throws {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0 else { throw BenchError("getrlimit: errno \(errno)") }
        limit.rlim_cur = limit.rlim_max
        guard unsafe setrlimit(resource, &limit) == 0 else { throw BenchError("setrlimit: errno \(errno)") }
    }
}
