import Command
import Foundation
import Glibc

/// Another program while it runs.
struct RunningProgram: Sendable {
    let process: ChildProcess
    private let limit: Duration
    private let log: String
    private let name: String

    init(process: ChildProcess, limit: Duration, log: String, name: String) {
        self.process = process
        self.limit = limit
        self.log = log
        self.name = name
    }

    /// Waits until it ends by itself, at most its limit.
    ///
    /// - Throws: ``BenchError`` with its last lines when it fails or takes too long.
    @discardableResult
    func waitUntilDone() async throws -> String {
        let exit = await process.waitForExit(within: limit)
        if exit == nil { await process.stop([]) }
        let text = PrivateFile.read(log) ?? ""
        PrivateFile.remove(log)
        guard let exit, exit == .exited(0) else {
            let end = exit.map(String.init(describing:)) ?? "killed after \(limit)"
            throw BenchError("\(name): \(end): \(Self.lastLines(text))")
        }
        return text
    }

    /// Ends it: SIGTERM, after 5 s SIGKILL. Its figures, if it writes any, do not count.
    func stop() async {
        await process.stop([StopStep(signal: SIGTERM, limitMilliseconds: 5_000)])
        PrivateFile.remove(log)
    }

    /// Kills it.
    func kill() async {
        await process.stop([])
        PrivateFile.remove(log)
    }

    /// - Throws: ``BenchError`` with its last lines when it has ended.
    func checkRuns() throws {
        guard let exit = process.exit else { return }
        throw BenchError("\(name): \(exit): \(Self.lastLines(PrivateFile.read(log) ?? ""))")
    }

    /// The memory that it has in RAM, in bytes.
    func residentBytes() throws -> Int { try statusBytes("VmRSS") }

    /// The part of it that is no file's: the rest, code for the most part, is shared with other processes or can be read
    /// again at any time.
    func anonymousBytes() throws -> Int { try statusBytes("RssAnon") }

    /// How many descriptors it has open.
    func socketCount() throws -> Int {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process.processIdentifier)/fd").count
        } catch {
            throw BenchError("\(name) has ended")
        }
    }

    private func statusBytes(_ field: String) throws -> Int {
        let status = PrivateFile.read("/proc/\(process.processIdentifier)/status") ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("\(field):") }
        guard let kibibytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
            throw BenchError("\(name) has ended")
        }
        return kibibytes * 1_024
    }

    /// The processor time that it has used, in seconds.
    func processorSeconds() throws -> Double {
        guard let seconds = Self.processorSeconds(of: process.processIdentifier) else {
            throw BenchError("\(name) has ended")
        }
        return seconds
    }

    /// The same of any process; nil of one that is no more.
    static func processorSeconds(of identifier: Int32) -> Double? {
        let text = PrivateFile.read("/proc/\(identifier)/stat") ?? ""
        // After the name in brackets, which may hold spaces, come the fields from the third on.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else {
            return nil
        }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func lastLines(_ text: String) -> String {
        text.split(whereSeparator: \.isNewline).suffix(6).joined(separator: " | ")
    }
}
