// A Postgres server of our own: its cluster, its port, its password.
//
// It dies with this process: the kernel sends its postmaster SIGQUIT, which ends the backends at once and leaves the
// rest to the recovery of the next start. Start, stop and restart are for one caller at a time; signals, the address
// and the waits are for any.

import Foundation
import Glibc
import Threads

/// A private Postgres server on 127.0.0.1, its cluster kept over stops, kills and restarts. As root it runs as the user
/// `postgres` (or `nobody`), otherwise as the caller.
public final class PrivatePostgres: Sendable {
    /// How to run the server.
    public struct Options: Sendable {
        /// The folder of its cluster and log; made if missing. When the server's user cannot reach it, only a note of
        /// the place under `/var/lib/aventora-dev` is kept here.
        public var directory: String
        /// The port, or nil for any free one.
        public var port: UInt16?
        /// The database that is made if missing; a plain lower-case name.
        public var database = "aventora"
        /// Whether commits are forced to disk [true]. Tests that kill only processes, not the machine, need it not and
        /// are much faster without.
        public var isDurable = true
        /// Whether connections need the password [true].
        public var requiresPassword = true
        /// Further settings, such as `["max_connections": "20"]`.
        public var settings: [String: String] = [:]
        /// How long a start may take, recovery included.
        public var startLimit = Duration.seconds(60)

        /// Options with their defaults.
        public init(directory: String) { self.directory = directory }
    }

    /// The superuser that the cluster is made with.
    public static let user = "aventora"

    /// Its port, the same over restarts.
    public let port: UInt16
    /// The superuser's password, the same over restarts.
    public let password: String
    /// The folder that really holds the cluster and the log.
    public var directory: String { home.directory }
    private let options: Options
    private let home: PostgresHome
    private let binaries: PostgresBinaries
    private let running = Locked<ChildProcess?>(nil)

    private init(options: Options, home: PostgresHome, binaries: PostgresBinaries, port: UInt16, password: String) {
        self.options = options
        self.home = home
        self.binaries = binaries
        self.port = port
        self.password = password
    }

    /// Starts a server, makes its cluster and database if they are missing, and returns once a login works. About 1 s
    /// the first time, a fraction of it later.
    ///
    /// - Throws: `.missingProgram` without Postgres, `.conflict` when the port asked for is taken, `.serverAway` when it
    ///   does not come up, `.configuration` when the folder cannot be used. Nothing is left running then.
    public static func start(_ options: Options) async throws(CommandError) -> PrivatePostgres {
        let account = try ServiceAccount.forServers()
        let home = try await PostgresHome.prepare(asked: ServerFolder.absolute(options.directory), account: account)
        let binaries = try PostgresBinaries.find(major: home.clusterMajor)
        let password = try ServerFolder.password(in: home.directory)
        let cluster = PostgresCluster(home: home, binaries: binaries)
        try await cluster.initialise(
            user: user, password: password, isDurable: options.isDurable, requiresPassword: options.requiresPassword
        )
        var attempt = 1
        while true {
            let port = if let fixed = options.port { fixed } else { try LoopbackPort.free() }
            let server = PrivatePostgres(
                options: options, home: home, binaries: binaries, port: port, password: password
            )
            do {
                try await server.start()
                return server
            } catch {
                guard options.port == nil, error.code == .conflict, attempt < 5 else { throw error }
                attempt += 1
            }
        }
    }

    /// `postgresql://` with user, password and database.
    public var url: String { url(database: options.database) }

    /// The same for another database of the cluster.
    public func url(database: String) -> String {
        "postgresql://\(Self.user):\(password)@127.0.0.1:\(port)/\(database)"
    }

    /// The postmaster's process id, or nil while it is not running.
    public var processIdentifier: Int32? {
        process.flatMap { $0.exit == nil ? $0.processIdentifier : nil }
    }

    /// Starts it again after a stop or a kill, on the same port with the same data. Already running: does nothing.
    public func start() async throws(CommandError) {
        guard processIdentifier == nil else { return }
        let clock = ContinuousClock()
        let end = clock.now + Self.orphanLimit
        while true {
            do {
                return try await startOnce()
            } catch {
                guard error.message.contains("shared memory block"), clock.now < end, !Task.isCancelled else {
                    throw error
                }
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    /// How long the backends of a killed postmaster may take to notice; until then a new one refuses to start.
    private static let orphanLimit = Duration.seconds(20)

    private func startOnce() async throws(CommandError) {
        let offset = try ServerFolder.trimLog(home.log)
        let child = try await ChildProcess.start(command())
        do {
            try await waitUntilReady(child, offset: offset)
            try await makeDatabase()
        } catch {
            await child.stop([StopStep(signal: SIGQUIT, limitMilliseconds: 5_000)])
            throw error
        }
        running.withLock { $0 = child }
    }

    /// The signals that end the server: fast (sessions are cut), immediate (recovery at the next start), killed.
    static let stopSteps = [
        StopStep(signal: SIGINT, limitMilliseconds: 10_000), StopStep(signal: SIGQUIT, limitMilliseconds: 5_000),
    ]

    /// Stops it: fast, after 10 s immediate, after 5 s more SIGKILL. Not running: does nothing.
    public func stop() async { await end(Self.stopSteps) }

    /// Kills the postmaster with SIGKILL and waits for its end; its backends end by themselves within moments.
    public func kill() async { await end([]) }

    /// Stops it and starts it again.
    public func restart() async throws(CommandError) {
        await stop()
        try await start()
    }

    /// Stops it at once and removes the cluster and the folder.
    public func destroy() async throws(CommandError) {
        await end([StopStep(signal: SIGQUIT, limitMilliseconds: 5_000)])
        try ServerFolder.remove(home.directory)
        try ServerFolder.remove(ServerFolder.absolute(options.directory))
    }

    /// Stops the postmaster where it is (SIGSTOP): no new connection is answered; sessions go on.
    public func freeze() { process?.send(SIGSTOP) }

    /// Lets a frozen postmaster go on.
    public func thaw() { process?.send(SIGCONT) }

    /// Waits until the process that runs now has ended.
    public func waitForExit() async { _ = await process?.waitForExit() }

    var process: ChildProcess? { running.withLock { $0 } }

    /// `psql` of the same installation.
    var client: String { binaries.client }

    private func end(_ steps: [StopStep]) async {
        guard let process else { return }
        if !steps.isEmpty { process.send(SIGCONT) }
        await process.stop(steps)
        running.withLock { $0 = nil }
    }

    private func command() -> ChildCommand {
        var settings = [
            "port": "\(port)", "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "100",
            "log_min_messages": "warning", "log_timezone": "UTC", "timezone": "UTC", "lc_messages": "C",
            "logging_collector": "off", "log_destination": "stderr",
        ]
        if !options.isDurable {
            settings.merge(["fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"]) { $1 }
        }
        settings.merge(options.settings) { $1 }
        let flags = settings.sorted { $0.key < $1.key }.flatMap { ["-c", "\($0.key)=\($0.value)"] }
        return ChildCommand(
            executable: binaries.server, arguments: ["-D", home.data] + flags,
            environment: [
                "PATH": "\(binaries.directory):/usr/bin:/bin",
                Leftovers.directoryVariable: ServerFolder.absolute(options.directory),
            ],
            workingDirectory: home.directory, output: .file(home.log), account: home.account,
            parentDeathSignal: .quit
        )
    }

    /// The postmaster writes its state into a file of its own cluster, so another server on the port cannot be taken
    /// for ours, and asking costs no process.
    private func waitUntilReady(_ child: ChildProcess, offset: Int) async throws(CommandError) {
        let isReady = await Poll.until(within: options.startLimit) {
            if child.exit != nil { return true }
            let lines = (PrivateFile.read("\(home.data)/postmaster.pid") ?? "")
                .split(separator: "\n", omittingEmptySubsequences: false)
            return lines.count > 7 && lines[0] == "\(child.processIdentifier)" && lines[7].hasPrefix("ready")
        }
        if child.exit != nil {
            let reason = PrivateFile.tail(home.log, after: offset)
            let code: CommandError.Code = reason.contains("in use") ? .conflict : .serverAway
            throw CommandError(code, "postgres ended at its start on port \(port): \(reason)")
        }
        guard isReady else {
            let reason = PrivateFile.tail(home.log, after: offset)
            throw CommandError(.serverAway, "postgres did not become ready on port \(port): \(reason)")
        }
    }

    /// Also the proof that a login works.
    private func makeDatabase() async throws(CommandError) {
        let name = options.database
        guard name.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == 95 }) else {
            throw CommandError(.configuration, "\(name) is no plain name for a database")
        }
        let session = PsqlSession(client: binaries.client, databaseURL: url(database: "postgres"))
        let found = try await session.run("select 1 from pg_database where datname = '\(name)'")
        let isThere = found.split(separator: "\n").contains("1")
        if !isThere { _ = try await session.run("create database \(name)") }
    }
}
