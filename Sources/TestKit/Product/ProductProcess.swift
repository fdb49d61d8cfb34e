package import Basics
package import Command
import Foundation
import Glibc
import Threads

/// One program of the product as a real process, which can be killed, frozen and started again.
///
/// Start and restart are for one caller at a time; signals and the log are for any.
package final class ProductProcess: Sendable {
    /// Such as `worker-1`.
    package let name: String
    /// The port of its `/readyz`.
    package let port: UInt16
    private let command: ChildCommand
    private let logPath: String
    private let running = Locked<ChildProcess?>(nil)

    init(name: String, port: UInt16, command: ChildCommand, logPath: String) {
        self.name = name
        self.port = port
        self.command = command
        self.logPath = logPath
    }

    /// Starts it; returns when it runs, which says nothing of its being ready.
    package func start() async throws {
        let child = try await ChildProcess.start(command)
        running.withLock { $0 = child }
    }

    /// Its process id; nil when it does not run.
    package var processIdentifier: Int32? { child.flatMap { $0.exit == nil ? $0.processIdentifier : nil } }

    /// How it ended; nil while it runs.
    package var exit: ChildExit? { child?.exit }

    /// SIGKILL, and waits for the end.
    package func kill() async {
        child?.send(SIGKILL)
        _ = await child?.waitForExit()
    }

    /// Sends a signal.
    package func send(_ signal: Int32) { child?.send(signal) }

    /// SIGSTOP: it stays where it is, its connections stay open.
    package func freeze() { child?.send(SIGSTOP) }

    /// Lets a frozen process go on.
    package func thaw() { child?.send(SIGCONT) }

    /// How it ends, waiting for it.
    ///
    /// - Throws: ``WaitExpired`` when it still runs after `limit`.
    package func waitForExit(within limit: Duration = .seconds(20)) async throws -> ChildExit {
        guard let child else { throw WaitExpired(description: "\(name) was never started") }
        guard let exit = await child.waitForExit(within: limit) else {
            throw WaitExpired(description: "waited in vain for the end of \(name), \(limit); \(logTail)")
        }
        return exit
    }

    /// SIGTERM, after `limit` SIGKILL; returns once it has ended. True if it ended by itself.
    package func stop(within limit: Duration = .seconds(15)) async -> Bool {
        guard let child else { return true }
        child.send(SIGCONT)
        child.send(SIGTERM)
        if await child.waitForExit(within: limit) != nil { return true }
        await kill()
        return false
    }

    /// What it has written so far, over all its starts.
    package var output: String {
        String(decoding: FileManager.default.contents(atPath: logPath) ?? Data(), as: UTF8.self)
    }

    /// Its lines; one that is not a JSON object is nil.
    package var log: [JSONObject?] {
        output.split(separator: "\n").map { line in
            do { return try JSONParser.parse(Array(line.utf8)).object } catch { return nil }
        }
    }

    /// The lines with this message.
    package func lines(_ message: String) -> [JSONObject] {
        log.compactMap { $0 }.filter { $0["message"]?.string == message }
    }

    /// The end of its log, for error messages.
    package var logTail: String {
        "\(name) logged last: " + output.split(separator: "\n").suffix(5).joined(separator: " | ").prefix(2_000)
    }

    private var child: ChildProcess? { running.withLock { $0 } }
}
