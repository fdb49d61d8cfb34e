// Foundation's Process reads past the end of a buffer while it starts a child, which ends every run under the address
// sanitizer; so the fixtures start theirs through posix_spawn.

public import Foundation
import Glibc
import Threads

/// A child process: the part of Foundation's `Process` that fixtures need.
///
/// Set it up, ``run()`` it once, from one thread; waiting and signalling are for any thread. The child inherits its
/// standard streams and whatever is not marked close-on-exec, as everything here is.
@safe public final class SpawnedProcess: @unchecked Sendable {
    // @unchecked: the settings are written before `run()` only; what changes later is behind `state`.

    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    private struct State {
        var processIdentifier: Int32 = 0
        var terminationStatus: Int32?
    }

    /// The program's path.
    public var executable = ""
    public var arguments: [String] = []
    /// nil: this process's own.
    public var environment: [String: String]?
    /// nil: this process's own.
    public var currentDirectory: String?
    /// The child's ends of its streams; by default it reads nothing and what it prints is thrown away.
    private var childEnds: [Int32: FileHandle] = [:]

    private let state = Locked(State())

    public init() {}

    public var processIdentifier: Int32 { state.withLock { $0.processIdentifier } }

    /// The exit code, or 128 + the signal; after ``waitUntilExit()``.
    public var terminationStatus: Int32 { state.withLock { $0.terminationStatus ?? -1 } }

    public func run() throws {
        var actions = unsafe posix_spawn_file_actions_t()
        unsafe posix_spawn_file_actions_init(&actions)
        defer { unsafe posix_spawn_file_actions_destroy(&actions) }
        for descriptor: Int32 in 0...2 {
            if let end = childEnds[descriptor] {
                unsafe posix_spawn_file_actions_adddup2(&actions, end.fileDescriptor, descriptor)
            } else {
                let mode = descriptor == 0 ? O_RDONLY : O_WRONLY
                unsafe posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", mode, 0)
            }
        }
        let variables = (environment ?? ProcessInfo.processInfo.environment).map { "\($0.key)=\($0.value)" }
        // posix_spawn cannot change the directory everywhere, so a shell does it first.
        let change = currentDirectory.map { ["/bin/sh", "-c", #"cd "$0" && exec "$@""#, $0] } ?? []
        let command = change + [executable] + arguments
        var words = unsafe command.map { unsafe strdup($0) } + [nil]
        var settings = unsafe variables.map { unsafe strdup($0) } + [nil]
        defer { unsafe (words + settings).forEach { unsafe free($0) } }
        var child: pid_t = 0
        let code = unsafe posix_spawn(&child, command[0], &actions, nil, &words, &settings)
        guard code == 0 else { throw Failure(description: "cannot start \(executable): error \(code)") }
        state.withLock { [child] in $0.processIdentifier = child }
        // The child has them; here they would only keep the other end from seeing its end.
        for end in childEnds.values { try end.close() }
        childEnds = [:]
    }

    /// What is written to the handle before or after ``run()``, the child reads; closing it ends the child's input.
    public func openInput() throws -> FileHandle {
        let (reading, writing) = try Self.makePipe()
        childEnds[0] = reading
        return writing
    }

    /// What the child prints.
    public func openOutput() throws -> FileHandle {
        let (reading, writing) = try Self.makePipe()
        childEnds[1] = writing
        return reading
    }

    /// What the child prints to standard error.
    public func openError() throws -> FileHandle {
        let (reading, writing) = try Self.makePipe()
        childEnds[2] = writing
        return reading
    }

    /// Close-on-exec from the first moment, which a plain pipe is not: a child started meanwhile must not keep an end.
    private static func makePipe() throws -> (reading: FileHandle, writing: FileHandle) {
        var ends: [Int32] = [-1, -1]
        let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else { throw Failure(description: "no pipe: \(errno)") }
        return (
            FileHandle(fileDescriptor: ends[0], closeOnDealloc: true),
            FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        )
    }

    /// Blocks until it has ended.
    public func waitUntilExit() {
        let (child, hasEnded) = state.withLock { ($0.processIdentifier, $0.terminationStatus != nil) }
        guard child > 0, !hasEnded else { return }
        var status: Int32 = 0
        while unsafe waitpid(child, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7F
        let ended = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
        state.withLock { $0.terminationStatus = ended }
    }

    /// Sends a signal, unless it has been waited for.
    public func send(_ signal: Int32) {
        state.withLock { state in
            guard state.processIdentifier > 0, state.terminationStatus == nil else { return }
            kill(state.processIdentifier, signal)
        }
    }
}
