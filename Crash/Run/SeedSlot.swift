import Command
import Foundation

/// Runs seeds one after the other with a Postgres of its own.
struct SeedSlot: Sendable {
    let number: Int
    let options: CrashOptions

    /// Until there is no seed left; each ledger is told of as it comes.
    func run(_ queue: SeedQueue) async throws {
        let directory = "\(options.directory)/postgres-\(number)"
        // Of a run that was killed: its processes first, then its files.
        let leftovers = Leftovers(directory: directory)
        if FileManager.default.fileExists(atPath: directory) { _ = try await leftovers.stop() }
        try? FileManager.default.removeItem(atPath: directory)
        let postgres = try await SlotPostgres.start(directory: directory)
        do {
            if let process = postgres.server.processIdentifier { try leftovers.note(process, name: "postgres") }
            while !Task.isCancelled, let seed = queue.take() {
                let ledger = try await run(seed, postgres)
                queue.add(ledger)
                CrashCommand.tell(SeedLine(ledger, options: options).text)
            }
        } catch {
            try await postgres.server.destroy()
            throw error
        }
        try await postgres.server.destroy()
        try? FileManager.default.removeItem(atPath: directory)
    }

    private func run(_ seed: UInt64, _ postgres: SlotPostgres) async throws -> SeedLedger {
        let directory = "\(options.directory)/seed-\(seed)"
        // Of an earlier run of this seed.
        try? FileManager.default.removeItem(atPath: directory)
        let plan = FaultPlan(seed: seed, window: options.windowMilliseconds, point: options.point)
        let place = CrashSystem.Place(
            programs: options.programs, directory: directory, databaseName: "crash_\(number)_\(seed)")
        var ledger = try await SeedRun(plan: plan, place: place, postgres: postgres).run()
        if ledger.isGood, !options.keepsAll {
            try? FileManager.default.removeItem(atPath: directory)
        } else {
            ledger.folder = directory
        }
        return ledger
    }
}
