// A dev that was killed without a chance to stop its children may leave some. Each child's id is in a file under
// DIR/run from its start to its end; the next dev reads these files first.
//
// Ids come back after a while, so an id alone proves nothing: the process must have begun at the very tick that was
// written down, and its command line or environment must name the folder.

import Foundation
import Glibc

/// The processes that an earlier dev left running in a folder.
package struct Leftovers: Sendable {
    /// One process that was started for a folder.
    package struct Entry: Hashable, Sendable {
        package let name: String
        package let processIdentifier: Int32
        package let startTicks: UInt64
    }

    /// The variable by which a child is known as ours.
    package static let directoryVariable = "AVENTORA_DEV_DIRECTORY"

    private let directory: String

    /// - Parameter directory: the dev folder, absolute.
    package init(directory: String) { self.directory = directory }

    /// Writes down a running child. A child that has ended already is not written down.
    package func note(_ processIdentifier: Int32, name: String) throws(CommandError) {
        guard let ticks = ProcessTable.startTicks(of: processIdentifier) else { return }
        try PrivateFile.makeDirectory(folder)
        try PrivateFile.write("\(processIdentifier) \(ticks)\n", to: path(name))
    }

    /// Forgets a child that has ended.
    package func forget(_ name: String) { PrivateFile.remove(path(name)) }

    /// Those written down that still run and are this folder's.
    package func find() -> [Entry] {
        names().compactMap { name in
            let fields = (PrivateFile.read(path(name)) ?? "").split(whereSeparator: \.isWhitespace)
            guard fields.count == 2, let process = Int32(fields[0]), let ticks = UInt64(fields[1]),
                process > 1, process != getpid(), ProcessTable.startTicks(of: process) == ticks,
                ProcessTable.mentions(directory, processIdentifier: process)
            else { return nil }
            return Entry(name: name, processIdentifier: process, startTicks: ticks)
        }
    }

    /// Ends them all, by process id: SIGTERM (Postgres: SIGINT, its fast stop), after `graceMilliseconds` SIGKILL.
    /// Answers those that were running.
    ///
    /// - Throws: `.conflict` when one of them does not even end by SIGKILL within 5 s.
    package func stop(graceMilliseconds: Int64 = 5_000) async throws(CommandError) -> [Entry] {
        let entries = find()
        for entry in entries { send(entry.name == "postgres" ? SIGINT : SIGTERM, to: entry) }
        if await !haveEnded(entries, within: .milliseconds(graceMilliseconds)) {
            for entry in entries { send(SIGKILL, to: entry) }
            guard await haveEnded(entries, within: .seconds(5)) else {
                throw CommandError(.conflict, "processes of an earlier run in \(directory) do not end")
            }
        }
        for name in names() { forget(name) }
        return entries
    }

    private func send(_ signal: Int32, to entry: Entry) {
        guard isRunning(entry) else { return }
        _ = kill(entry.processIdentifier, signal)
    }

    private func isRunning(_ entry: Entry) -> Bool {
        ProcessTable.startTicks(of: entry.processIdentifier) == entry.startTicks
    }

    /// They are nobody's children, so there is nothing to wait on but the process table.
    private func haveEnded(_ entries: [Entry], within limit: Duration) async -> Bool {
        await Poll.until(within: limit) { !entries.contains(where: isRunning) }
    }

    private func names() -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return files.filter { $0.hasSuffix(".pid") }.map { String($0.dropLast(4)) }.sorted()
    }

    private var folder: String { "\(directory)/run" }

    private func path(_ name: String) -> String { "\(folder)/\(name).pid" }
}
