import ArgumentParser
import Command
import Foundation
import Queue
import UnixSignals

/// `aventora-crash`: what `make crash` runs.
@main
struct CrashCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "aventora-crash",
        abstract: "Run the whole system under load while everything about it is killed, frozen and filled.",
        discussion: """
            Each seed is one system with its own faults; nothing that was accepted may be lost. The exit code is 1 when \
            a promise was broken. See docs/crash.md.
            """
    )

    @Option(help: "How many seeds, 1 to 100,000.")
    var seeds = 20

    @Option(help: "The first seed.")
    var from: UInt64 = 1

    @Option(help: "How long faults begin in each, in seconds, 4 to 600.")
    var seconds = 8

    @Option(help: "Seeds at a time, 1 to 16.")
    var parallel = 1

    @Option(
        help: ArgumentHelp(
            "Kill at this point in every seed; all in turn unless given: "
                + FaultPoint.allCases.map(\.rawValue).joined(separator: ", "), valueName: "name"))
    var point: String?

    @Option(help: ArgumentHelp("Folder of the programs; this one's own unless given.", valueName: "dir"))
    var programs: String?

    @Option(help: ArgumentHelp("Folder for data and for crash.json.", valueName: "dir"))
    var data = ".aventora"

    @Flag(help: "Print the ledger as JSON instead of tables.")
    var json = false

    @Flag(help: "Keep the folders of good seeds too.")
    var keep = false

    func validate() throws {
        guard (1...100_000).contains(seeds) else { throw ValidationError("--seeds: 1 to 100,000 are allowed") }
        guard (4...600).contains(seconds) else { throw ValidationError("--seconds: 4 to 600 are allowed") }
        guard (1...16).contains(parallel) else { throw ValidationError("--parallel: 1 to 16 are allowed") }
        guard from <= UInt64.max - UInt64(seeds) else { throw ValidationError("--from: too large") }
        guard point == nil || point.flatMap(FaultPoint.init(rawValue:)) != nil else {
            throw ValidationError("--point: there is no point '\(point ?? "")'")
        }
    }

    func run() async throws {
        do {
            let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
            let work = Task { try await runSeeds() }
            let watcher = Task {
                for await _ in signals { work.cancel() }
            }
            defer { watcher.cancel() }
            let ledger = try await work.value
            guard ledger.seeds.allSatisfy(\.isGood) else { throw ExitCode.failure }
        } catch is CancellationError {
            Self.tell("aventora-crash: stopped")
            throw ExitCode(130)
        } catch let error as ExitCode {
            throw error
        } catch {
            Self.tell("aventora-crash: \(error)")
            throw ExitCode((error as? CommandError)?.code.exitCode ?? 70)
        }
    }

    private func runSeeds() async throws -> CrashLedger {
        let folder = URL(fileURLWithPath: data).standardizedFileURL.path
        let directory = "\(folder)/crash"
        // Postgres may run as another user, who has to reach his folder.
        try PrivateFile.makeDirectory(directory, mode: 0o711)
        let lock = try DirectoryLock(directory: directory)
        let options = CrashOptions(
            programs: programs.map { URL(fileURLWithPath: $0).standardizedFileURL.path } ?? ProcessTable.ownDirectory(),
            directory: directory, windowMilliseconds: Int64(seconds) * 1_000,
            point: point.flatMap(FaultPoint.init(rawValue:)), keepsAll: keep)
        let queue = SeedQueue(from: from, count: seeds)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<min(parallel, seeds) {
                group.addTask { try await SeedSlot(number: number, options: options).run(queue) }
            }
            try await group.waitForAll()
        }
        try Task.checkCancellation()
        let ledger = CrashLedger(seeds: queue.ledgers)
        let path = "\(folder)/crash.json"
        let text = try ledger.write(to: path)
        print(json ? text : CrashTable(ledger).text + "ledger: \(path)")
        withExtendedLifetime(lock) {}
        return ledger
    }

    static func tell(_ line: String) { FileHandle.standardError.write(Data("\(line)\n".utf8)) }
}
