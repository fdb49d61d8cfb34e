// Two proofs that a job is on disk. WAITAOF (Redis 7.2 and later) waits until the append-only file is synced past the
// last write of its own connection; a server with `appendfsync always` syncs before it answers at all. The first blocks
// its connection, and one wait serves any number of writes before it, so callers who come while a wait is under way share
// the next one: whoever finds no serving task starts one, which takes all that waits, until nothing does.
//
// An answer `duplicate` writes nothing, and WAITAOF would then wait for nothing although the first submission, on another
// connection, may not be on disk yet. So each batch ends with a write of its own, which is behind everything that the
// batch has seen.

public import Redis
import Threads

/// Enqueues jobs and answers once they are on Redis's disk.
public final class FsyncedQueue: Sendable {
    /// How a server can prove it.
    public enum Proof: Sendable, Hashable {
        /// It has WAITAOF.
        case waitaof
        /// It syncs its append-only file before each reply.
        case always
        /// It cannot; the reason names the setting.
        case none(reason: String)
    }

    private struct Call: Sendable {
        let command: RedisCommand
        let answer: CheckedContinuation<Result<RedisReply, QueueError>, Never>
    }

    private struct State: Sendable {
        var waiting: [Call] = []
        var isServed = false
        var proof: Proof?
        var provenAtMilliseconds: Int64 = 0
    }

    private let queue: QueueClient
    private let clock: any MonotonicClock
    private let state = Locked(State())

    /// How long the server's settings are trusted, in ms.
    static let trustMilliseconds: Int64 = 10_000

    /// - Parameters:
    ///   - redis: a connection of its own, since WAITAOF blocks it; the caller shuts it down. Its command time-out has to
    ///     be longer than ``Limits/fsyncTimeoutMilliseconds``.
    ///   - namespace: what every key begins with.
    ///   - clock: measures how old the knowledge of the server's settings is.
    public init(redis: RedisClient, namespace: String = "aj", clock: any MonotonicClock = SystemMonotonicClock()) {
        queue = QueueClient(redis: redis, namespace: namespace)
        self.clock = clock
    }

    /// Enqueues a submission like ``QueueClient/submit(_:to:isGuarded:)``, and waits for the disk.
    ///
    /// - Throws: ``QueueError/Code/durabilityRefused`` when the server cannot prove it: nothing was enqueued.
    ///   ``QueueError/Code/durabilityUnproven`` when it did not within ``Limits/fsyncTimeoutMilliseconds``, or its settings
    ///   have just changed: the jobs are in Redis, and nothing is known of the disk.
    public func submit(
        _ submission: Submission, to name: QueueName, isGuarded: Bool = false
    ) async throws(QueueError) -> SubmissionResult {
        try queue.check(submission)
        if case .none(let reason) = try await proof() { throw Self.refusal(reason) }
        let command = queue.enqueueCommand([.init(submission, isGuarded: isGuarded)], name)
        let answer = await withCheckedContinuation { continuation in
            let mustServe = state.withLock { state in
                state.waiting.append(Call(command: command, answer: continuation))
                defer { state.isServed = true }
                return !state.isServed
            }
            if mustServe { Task.detached { await self.serve() } }
        }
        return try queue.read(try answer.get(), for: [submission])[0].get()
    }

    /// How the server can prove it, as known for at most ``trustMilliseconds`` and asked again after each failure.
    public func proof() async throws(QueueError) -> Proof {
        let now = clock.nowMilliseconds
        let trusted = state.withLock { state in
            now - state.provenAtMilliseconds < Self.trustMilliseconds ? state.proof : nil
        }
        if let trusted { return trusted }
        let proof = try await ask()
        state.withLock { state in
            state.proof = proof
            state.provenAtMilliseconds = now
        }
        return proof
    }

    private func serve() async {
        while true {
            let calls: [Call] = state.withLock { state in
                let count = min(state.waiting.count, Limits.submissionsPerFsync)
                defer { state.waiting.removeFirst(count) }
                if count == 0 { state.isServed = false }
                return Array(state.waiting[..<count])
            }
            if calls.isEmpty { return }
            do throws(QueueError) {
                try await carry(calls)
            } catch {
                forget()
                for call in calls { call.answer.resume(returning: .failure(error)) }
            }
        }
    }

    /// Answers every call, or throws and has answered none.
    private func carry(_ calls: [Call]) async throws(QueueError) {
        let proof = try await proof()
        if case .none(let reason) = proof { throw Self.refusal(reason) }
        let mark = queue.command("SET", CommonKeys(namespace: queue.namespace).synced, "1")
        let replies: [RedisReply]
        do {
            replies = try await queue.redis.run(calls.map(\.command) + [mark] + commands(of: proof))
        } catch {
            throw QueueError(error)
        }
        let doubt = replies[calls.count].failure?.description ?? doubt(proof, Array(replies[(calls.count + 1)...]))
        if doubt != nil { forget() }
        for (call, reply) in zip(calls, replies) {
            if let failure = reply.failure {
                call.answer.resume(returning: .failure(QueueError(failure)))
            } else if let doubt {
                let message = "the jobs are in Redis, but not proven to be on disk: \(doubt)"
                call.answer.resume(returning: .failure(QueueError(.durabilityUnproven, message)))
            } else {
                call.answer.resume(returning: .success(reply))
            }
        }
    }

    /// How many callers wait for their turn; not those under way.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    private func forget() { state.withLock { $0.proof = nil } }

    private func commands(of proof: Proof) -> [RedisCommand] {
        switch proof {
        case .waitaof: [queue.command("WAITAOF", "1", "0", "\(Limits.fsyncTimeoutMilliseconds)")]
        // The settings as they are on this connection right after the writes: they may have changed since they were read.
        case .always: Self.settings.map { queue.command("CONFIG", "GET", $0) }
        case .none: []
        }
    }

    /// Why these replies prove nothing; nil when they do.
    private func doubt(_ proof: Proof, _ replies: [RedisReply]) -> String? {
        switch proof {
        case .waitaof:
            if let failure = replies[0].failure { return failure.description }
            let synced = replies[0].arrayValue?.first?.integerValue ?? 0
            return synced >= 1 ? nil : "the disk did not answer within \(Limits.fsyncTimeoutMilliseconds) ms"
        case .always: return Self.fault(replies)
        case .none(let reason): return reason
        }
    }

    private func ask() async throws(QueueError) -> Proof {
        let replies: [RedisReply]
        do {
            let settings = Self.settings.map { queue.command("CONFIG", "GET", $0) }
            replies = try await queue.redis.run([queue.command("COMMAND", "INFO", "WAITAOF")] + settings)
        } catch {
            throw QueueError(error)
        }
        // A server that does not know the command says so with a null in the place of its description.
        let hasWaitaof = replies[0].arrayValue?.first?.arrayValue?.isEmpty == false
        if hasWaitaof {
            let isOff = replies[1].arrayValue?.last?.string == "no"
            return isOff ? .none(reason: "it has appendonly no") : .waitaof
        }
        return Self.fault(Array(replies.dropFirst())).map { .none(reason: "\($0), and no WAITAOF") } ?? .always
    }

    private static let settings = ["appendonly", "appendfsync", "no-appendfsync-on-rewrite"]

    /// What is wrong with a server that should sync before each reply.
    private static func fault(_ replies: [RedisReply]) -> String? {
        for (name, (reply, wanted)) in zip(settings, zip(replies, ["yes", "always", "no"])) {
            guard let value = reply.arrayValue?.last?.string else { return "it does not tell its setting \(name)" }
            if value != wanted { return "it has \(name) \(value)" }
        }
        return nil
    }

    private static func refusal(_ reason: String) -> QueueError {
        QueueError(.durabilityRefused, "this Redis cannot prove that a job is on disk: \(reason)")
    }
}
