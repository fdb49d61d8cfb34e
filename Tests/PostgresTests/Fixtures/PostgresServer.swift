// A private Postgres server on 127.0.0.1. A small shell watches over it: when the test process ends for whatever
// reason, its end of the shell's standard input closes, and the shell ends the server and removes its files.

import Dispatch
import Foundation
import Threads

/// One server with its data directory; starts, stops and starts again.
final class PostgresServer: Sendable {
    /// The server that most tests share.
    static func shared() async throws -> PostgresServer { try await sharedTask.value }

    /// A server of the test's own, started.
    static func launch(slots: Int = 100) async throws -> PostgresServer {
        let root = try await shared().root
        return try await onThread { try PostgresServer(root: root, isShared: false, slots: slots) }
    }

    /// Has what URIs and SQL quote.
    static let password = "s3cr3t p@ss/w:rd'%\\"
    static let user = "tester"

    let port: Int
    private let root: String
    private let directory: String
    private let slots: Int
    private let isShared: Bool
    private let run = Locked<Run?>(nil)

    private struct Run: Sendable {
        let shell: Shell
        let serverID: Int32
    }

    private static let sharedTask = Task {
        try await onThread {
            var name = Array("/tmp/pgtest-XXXXXX".utf8CString)
            guard unsafe mkdtemp(&name) != nil else { throw FixtureError("mkdtemp failed: \(errno)") }
            let root = unsafe name.withUnsafeBufferPointer { unsafe String(cString: $0.baseAddress!) }
            if getuid() == 0 { try Shell.run("chown postgres:postgres \(root)", asRoot: true) }
            try Shell.run(
                """
                umask 077; printf '%s' "$PGTEST_PASSWORD" > \(root)/password
                \(binaries)/initdb -N -D \(root)/template -U \(user) --pwfile=\(root)/password -A scram-sha-256 \
                --wal-segsize=1 -E UTF8 --locale=C.UTF-8 > \(root)/initdb.log
                """)
            return try PostgresServer(root: root, isShared: true, slots: 400)
        }
    }

    private static let binaries = "/usr/lib/postgresql/15/bin"

    private init(root: String, isShared: Bool, slots: Int) throws {
        self.root = root
        self.isShared = isShared
        self.slots = slots
        port = try freePort()
        directory = "\(root)/\(port)"
        try Shell.run("cp -a \(root)/template \(directory)")
        try startBlocking()
    }

    deinit {
        if let run = run.withLock({ $0 }) {
            kill(run.serverID, SIGQUIT)
            run.shell.waitUntilExit()
        }
    }

    func url(user: String = PostgresServer.user, password: String = PostgresServer.password) -> String {
        let safe = password.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return "postgresql://\(user):\(safe)@127.0.0.1:\(port)/postgres"
    }

    func start() async throws { try await onThread { try self.startBlocking() } }

    /// As `pg_ctl stop -m immediate` does; returns when the server has ended.
    func stop() async throws { try await end(with: SIGQUIT) }

    /// Kills the postmaster alone, hard; its backends notice by themselves.
    func killHard() async throws { try await end(with: SIGKILL) }

    /// Lets the server stand still or go on.
    func freeze(_ isFrozen: Bool) throws {
        guard let run = run.withLock({ $0 }) else { throw FixtureError("the server is not running") }
        kill(run.serverID, isFrozen ? SIGSTOP : SIGCONT)
    }

    private func end(with signal: Int32) async throws {
        let ended = run.withLock { run in
            defer { run = nil }
            return run
        }
        guard let ended else { throw FixtureError("the server is not running") }
        kill(ended.serverID, signal)
        try await onThread { ended.shell.waitUntilExit() }
    }

    private func startBlocking() throws {
        let clean = isShared ? "rm -rf \(root) || { sleep 1; rm -rf \(root); }" : "true"
        let shell = try Shell(
            """
            exec 3<&0
            rm -f \(directory)/postmaster.pid
            \(Self.binaries)/postgres -D \(directory) -p \(port) -h 127.0.0.1 -k \(root) -c fsync=off \
            -c max_connections=\(slots) -c superuser_reserved_connections=0 -c max_wal_senders=0 \
            -c shared_buffers=32MB -c logging_collector=off >> \(root)/\(port).log 2>&1 &
            child=$!
            (read line <&3; : > \(root)/ended.\(port); kill -QUIT $child) &
            helper=$!
            tries=0
            until \(Self.binaries)/pg_isready -q -h 127.0.0.1 -p \(port); do
                kill -0 $child || exit 1
                tries=$((tries + 1))
                [ $tries -lt 400 ] || exit 1
                sleep 0.05
            done
            echo $child
            wait $child
            if [ -e \(root)/ended.\(port) ]; then \(clean); else kill $helper; fi
            """)
        guard let id = Int32(shell.readLine()) else { throw FixtureError("the server did not start; see \(root)") }
        run.withLock { $0 = Run(shell: shell, serverID: id) }
    }
}

struct FixtureError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Runs blocking work away from Swift's pool.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
    }
}

func freePort() throws -> Int {
    let listener = try SilentListener()
    defer { listener.stop() }
    return listener.port
}
