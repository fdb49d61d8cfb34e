// A Redis server of our own: its folder, its port, its password.
//
// It dies with this process (the kernel sends SIGKILL; with the append-only file every acknowledged write is already in
// the system's cache, so only a power cut can lose any). Start, stop and restart are for one caller at a time; signals,
// the address and the waits are for any.

import Foundation
import Glibc
import Threads

/// A private Redis server on 127.0.0.1, its data kept under a folder over stops, kills and restarts.
public final class PrivateRedis: Sendable {
    /// How to run the server.
    public struct Options: Sendable {
        /// How often the append-only file is forced to disk.
        public enum Durability: String, Sendable {
            /// Before each reply.
            case always
            /// Once a second: what benchmarks measure.
            case everySecond = "everysec"
            /// When the system likes: for tests that look at something else.
            case never = "no"
        }

        /// The folder of its data, its configuration and its log; made if missing.
        public var directory: String
        /// The port, or nil for any free one.
        public var port: UInt16?
        /// How often the append-only file is forced to disk; [always].
        public var durability = Durability.always
        /// Whether it also listens on ``PrivateRedis/socketPath``.
        public var listensOnSocket = false
        /// Further lines of its configuration file, such as `maxmemory 64mb`.
        public var settings: [String] = []
        /// Variables for it, beside those that it has anyhow.
        public var environment: [String: String] = [:]
        /// How long it may read its data at a start.
        public var startLimit = Duration.seconds(60)

        /// Options with their defaults.
        public init(directory: String) { self.directory = directory }
    }

    /// Its port, the same over restarts.
    public let port: UInt16
    /// Its password, kept in the folder and the same over restarts.
    public let password: String
    /// Its folder, absolute.
    public let directory: String
    private let options: Options
    private let running = Locked<ChildProcess?>(nil)

    private init(options: Options, directory: String, port: UInt16, password: String) {
        self.options = options
        self.directory = directory
        self.port = port
        self.password = password
    }

    /// Starts a server and returns once it answers; takes about 20 ms with little data.
    ///
    /// - Throws: `.missingProgram` without `redis-server`, `.conflict` when the port asked for is taken, `.serverAway`
    ///   when it does not come up, `.configuration` when the folder cannot be used. Nothing is left running then.
    public static func start(_ options: Options) async throws(CommandError) -> PrivateRedis {
        let directory = ServerFolder.absolute(options.directory)
        try PrivateFile.makeDirectory(directory)
        let password = try ServerFolder.password(in: directory)
        var attempt = 1
        while true {
            let port = if let fixed = options.port { fixed } else { try LoopbackPort.free() }
            let redis = PrivateRedis(options: options, directory: directory, port: port, password: password)
            do {
                try await redis.start()
                return redis
            } catch {
                guard options.port == nil, error.code == .conflict, attempt < 5 else { throw error }
                attempt += 1
            }
        }
    }

    /// `redis://` with the password and database 0.
    public var url: String { "redis://:\(password)@127.0.0.1:\(port)/0" }

    /// `unix://` with the password; of use only with ``Options/listensOnSocket``.
    public var socketURL: String { "unix://:\(password)@\(socketPath)" }

    /// Where the socket is.
    public var socketPath: String { "\(directory)/redis.sock" }

    /// The process id, or nil while it is not running.
    public var processIdentifier: Int32? {
        process.flatMap { $0.exit == nil ? $0.processIdentifier : nil }
    }

    /// Starts it again after a stop or a kill, on the same port with the same data. Already running: does nothing.
    public func start() async throws(CommandError) {
        guard processIdentifier == nil else { return }
        let program = try ServerFolder.program("redis-server", folders: ["/usr/bin", "/usr/local/bin", "/usr/sbin"])
        try PrivateFile.write(configuration(), to: "\(directory)/redis.conf")
        let log = "\(directory)/redis.log"
        let offset = try ServerFolder.trimLog(log)
        let child = try await ChildProcess.start(
            ChildCommand(
                executable: program, arguments: ["\(directory)/redis.conf"],
                environment: options.environment.merging(
                    ["PATH": "/usr/bin:/bin", Leftovers.directoryVariable: directory]) { $1 },
                workingDirectory: directory, output: .file(log)
            )
        )
        do {
            try await waitUntilReady(child, log: log, offset: offset)
        } catch {
            await child.stop([])
            throw error
        }
        running.withLock { $0 = child }
    }

    /// Stops it: SIGTERM, after 10 s SIGKILL. Not running: does nothing.
    public func stop() async { await end([StopStep(signal: SIGTERM, limitMilliseconds: 10_000)]) }

    /// Kills it with SIGKILL and waits for its end.
    public func kill() async { await end([]) }

    /// Stops it and starts it again.
    public func restart() async throws(CommandError) {
        await stop()
        try await start()
    }

    /// Stops it and removes its folder.
    public func destroy() async throws(CommandError) {
        await kill()
        try ServerFolder.remove(directory)
    }

    /// Stops the process where it is (SIGSTOP): connections stay open and nothing is answered.
    public func freeze() { process?.send(SIGSTOP) }

    /// Lets a frozen process go on.
    public func thaw() { process?.send(SIGCONT) }

    /// Waits until the process that runs now has ended.
    public func waitForExit() async { _ = await process?.waitForExit() }

    var process: ChildProcess? { running.withLock { $0 } }

    private func end(_ steps: [StopStep]) async {
        guard let process else { return }
        if !steps.isEmpty { process.send(SIGCONT) }
        await process.stop(steps)
        running.withLock { $0 = nil }
    }

    /// Ready is a PONG to our password: another server that took the port meanwhile does not know it.
    private func waitUntilReady(_ child: ChildProcess, log: String, offset: Int) async throws(CommandError) {
        let client = LoopbackClient()
        let request = RedisProbe.request(password: password)
        var last = "nothing"
        let isReady = await Poll.until(within: options.startLimit) {
            if child.exit != nil { return true }
            do throws(CommandError) {
                let reply = try await client.exchange(
                    port: port, request: request, limitMilliseconds: 1_000, isComplete: RedisProbe.isComplete
                )
                let answer = RedisProbe.answer(reply)
                last = "\(answer)"
                return answer == .ready
            } catch {
                last = error.description
                return false
            }
        }
        if child.exit != nil {
            let reason = PrivateFile.tail(log, after: offset)
            let code: CommandError.Code = reason.contains("in use") ? .conflict : .serverAway
            throw CommandError(code, "redis-server ended at its start on port \(port): \(reason)")
        }
        guard isReady else {
            throw CommandError(.serverAway, "redis-server did not become ready on port \(port), last: \(last)")
        }
    }

    /// The process title stays the command line, by which a leftover is recognised.
    private func configuration() throws(CommandError) -> String {
        guard !options.listensOnSocket || socketPath.utf8.count < 104 else {
            throw CommandError(.configuration, "\(socketPath) is too long for a socket (at most 103 bytes)")
        }
        var lines = [
            "bind 127.0.0.1", "port \(port)", "protected-mode yes", "requirepass \(password)", "daemonize no",
            "appendonly yes", "appendfsync \(options.durability.rawValue)", "save \"\"", "maxmemory-policy noeviction",
            "dir \(quoted(directory))", "set-proc-title no", "loglevel notice",
        ]
        if options.listensOnSocket { lines += ["unixsocket \(quoted(socketPath))", "unixsocketperm 700"] }
        return (lines + options.settings).joined(separator: "\n") + "\n"
    }

    private func quoted(_ path: String) -> String {
        let escaped = path.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
        return "\"\(escaped)\""
    }
}
