import Command
import Dispatch
import Redis
import TestKit
import Testing
import Threads

@testable import Queue

/// A clock that a test moves.
private final class StillClock: MonotonicClock {
    private let now = Locked<Int64>(1_000_000)

    var nowMilliseconds: Int64 { now.withLock { $0 } }

    func sleep(milliseconds: Int64) async throws {}

    func move(milliseconds: Int64) { now.withLock { $0 += milliseconds } }
}

@Suite(.timeLimit(.minutes(1)))
struct FsyncedQueueTests {
    private let clock = StillClock()

    private func submission(_ count: Int = 1) -> Submission {
        let jobs = (0..<count).map { _ in
            NewJob(
                id: JobID(nowMilliseconds: 1_000), kind: "kind", arguments: Array("{}".utf8),
                policy: RetryPolicy(attempts: 3, delayMilliseconds: 5_000))
        }
        return Submission(groups: [.init(jobs: jobs)])
    }

    private func code(_ queue: FsyncedQueue, _ submission: Submission? = nil) async -> QueueError? {
        do throws(QueueError) {
            _ = try await queue.submit(submission ?? self.submission(), to: "test")
            return nil
        } catch {
            return error
        }
    }

    // MARK: - A server without WAITAOF, which is what is here

    private func withServer(
        _ settings: [String], _ body: (RedisClient, FsyncedQueue) async throws -> Void
    ) async throws {
        var options = PrivateRedis.Options(directory: TestFolders.make("redis"))
        options.settings = settings
        let server = try await PrivateRedis.start(options)
        let redis = RedisClient(configuration: try RedisConfiguration(url: server.url), name: "test")
        let queue = FsyncedQueue(redis: redis, clock: clock)
        let result: Result<Void, any Error>
        do { result = .success(try await body(redis, queue)) } catch { result = .failure(error) }
        await redis.shutdown()
        try await server.destroy()
        try result.get()
    }

    @Test func serverThatSyncsBeforeItAnswersIsProofEnough() async throws {
        try await withServer([]) { redis, queue in
            #expect(try await queue.proof() == .always)
            let submission = submission(3)
            let result = try await queue.submit(submission, to: "test")
            #expect(result == .accepted([.init(ids: submission.groups[0].jobs.map(\.id), isDuplicate: false)]))
            #expect(try await redis.run(RedisCommand("HLEN", arguments: ["aj:{test}:jobs"])) == .integer(3))
            #expect(throws: QueueError.self) { try QueueClient(redis: redis).check(self.submission(10_001)) }
        }
    }

    @Test(arguments: [
        ("appendonly", "no"), ("appendfsync", "everysec"), ("appendfsync", "no"), ("no-appendfsync-on-rewrite", "yes"),
    ])
    func anyOtherServerIsRefusedAndToldWhy(_ name: String, _ value: String) async throws {
        try await withServer(["\(name) \(value)"]) { redis, queue in
            #expect(try await queue.proof() == .none(reason: "it has \(name) \(value), and no WAITAOF"))
            let error = await code(queue)
            #expect(error?.code == .durabilityRefused && error?.isRetriable == false)
            #expect(error?.message.contains("\(name) \(value)") == true)
            #expect(try await redis.run(RedisCommand("DBSIZE")) == .integer(0))
            // Mended, it is asked again when the knowledge is old.
            _ = try await redis.run(RedisCommand("CONFIG", arguments: ["SET", "appendonly", "yes"]))
            _ = try await redis.run(RedisCommand("CONFIG", arguments: ["SET", "appendfsync", "always"]))
            _ = try await redis.run(RedisCommand("CONFIG", arguments: ["SET", "no-appendfsync-on-rewrite", "no"]))
            clock.move(milliseconds: FsyncedQueue.trustMilliseconds - 1)
            #expect(await code(queue)?.code == .durabilityRefused)
            clock.move(milliseconds: 1)
            #expect(await code(queue) == nil)
        }
    }

    /// The settings change while they are trusted: the very next submission finds out.
    @Test func changedSettingIsNoticedWithTheWriteItself() async throws {
        try await withServer([]) { redis, queue in
            #expect(await code(queue) == nil)
            _ = try await redis.run(RedisCommand("CONFIG", arguments: ["SET", "appendfsync", "everysec"]))
            let error = await code(queue)
            #expect(error?.code == .durabilityUnproven && error?.isRetriable == true)
            #expect(try await redis.run(RedisCommand("HLEN", arguments: ["aj:{test}:jobs"])) == .integer(2))
            #expect(await code(queue)?.code == .durabilityRefused)
        }
    }

    @Test func serverThatIsAwayIsUnavailable() async throws {
        let redis = RedisClient(
            configuration: RedisConfiguration(endpoint: .tcp(host: "127.0.0.1", port: Int(try LoopbackPort.free()))),
            name: "test")
        #expect(await code(FsyncedQueue(redis: redis, clock: clock))?.code == .unavailable)
        await redis.shutdown()
    }

    // MARK: - A server with WAITAOF, which is played

    /// Plays a server of 7.2. `waitaof` answers its WAITAOF.
    private func standIn(
        appendOnly: StandInRedis.Answer = .array([.text("appendonly"), .text("yes")]),
        waitaof: @escaping @Sendable () -> StandInRedis.Answer
    ) throws -> StandInRedis {
        try StandInRedis { command in
            switch command[0] {
            case "COMMAND": .array([.array([.text("waitaof"), .integer(4)])])
            case "CONFIG" where command[2] == "appendonly": appendOnly
            case "CONFIG": .array([.text(command[2]), .text("everysec")])
            case "SCRIPT": .text(String(repeating: "a", count: 40))
            case "EVALSHA": .array([.array([.text("new"), .text("")])])
            case "WAITAOF": waitaof()
            default: .status("OK")
            }
        }
    }

    private func withStandIn(
        _ server: StandInRedis, _ body: (FsyncedQueue) async throws -> Void
    ) async throws {
        let redis = RedisClient(configuration: server.configuration, name: "test")
        let result: Result<Void, any Error>
        do { result = .success(try await body(FsyncedQueue(redis: redis, clock: clock))) } catch {
            result = .failure(error)
        }
        await redis.shutdown()
        server.stop()
        try result.get()
    }

    @Test func waitsForTheDiskAfterItsWriteAndCountsWhoAnswered() async throws {
        let server = try standIn { .array([.integer(1), .integer(0)]) }
        try await withStandIn(server) { queue in
            #expect(try await queue.proof() == .waitaof)
            let submission = submission()
            let result = try await queue.submit(submission, to: "test")
            #expect(result == .accepted([.init(ids: submission.groups[0].jobs.map(\.id), isDuplicate: false)]))
            // The write of its own is what makes a duplicate's answer true as well.
            #expect(server.commands.suffix(3).map { $0[0] } == ["EVALSHA", "SET", "WAITAOF"])
            #expect(server.commands.last == ["WAITAOF", "1", "0", "\(Limits.fsyncTimeoutMilliseconds)"])
        }
    }

    @Test(arguments: [
        StandInRedis.Answer.array([.integer(0), .integer(0)]), .array([]), .failure("ERR no"), .null,
    ])
    func shortOrOddAnswerIsNeverAReceipt(_ answer: StandInRedis.Answer) async throws {
        let server = try standIn { answer }
        try await withStandIn(server) { (queue) async throws in
            let error = await code(queue)
            #expect(error?.code == .durabilityUnproven)
            #expect(error?.message.contains("in Redis") == true)
        }
    }

    @Test func connectionThatIsLostWhileItWaitsIsUnavailable() async throws {
        let server = try standIn { .hangUp }
        try await withStandIn(server) { (queue) async throws in
            #expect(await code(queue)?.code == .unavailable)
        }
    }

    @Test func waitaofOfAServerWithoutAFileIsRefused() async throws {
        let off = StandInRedis.Answer.array([.text("appendonly"), .text("no")])
        let server = try standIn(appendOnly: off) { .array([.integer(1), .integer(0)]) }
        try await withStandIn(server) { (queue) async throws in
            #expect(await code(queue)?.code == .durabilityRefused)
            #expect(!server.commands.contains { $0[0] == "EVALSHA" })
        }
    }

    /// A server that keeps its settings to itself is believed its WAITAOF.
    @Test func secretiveServerIsAskedToProveIt() async throws {
        let server = try standIn(appendOnly: .failure("NOPERM no")) { .array([.integer(1), .integer(0)]) }
        try await withStandIn(server) { (queue) async throws in
            #expect(await code(queue) == nil)
        }
    }

    /// While one waits for the disk, all others who come share the next wait.
    @Test func callersShareOneWait() async throws {
        let gate = DispatchSemaphore(value: 0)
        let arrived = TestSignal<Void>()
        let server = try standIn {
            arrived.send(())
            gate.wait()
            return .array([.integer(1), .integer(0)])
        }
        try await withStandIn(server) { queue in
            async let first = queue.submit(submission(), to: "test")
            _ = await arrived.next()
            let others = Task {
                try await withThrowingTaskGroup(of: SubmissionResult.self) { group in
                    for _ in 0..<50 { group.addTask { try await queue.submit(submission(), to: "test") } }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
            }
            try await Waiting.until("all to wait") { queue.waitingCount == 50 }
            // Two waits, and none left over.
            gate.signal()
            gate.signal()
            _ = try await first
            #expect(try await others.value.count == 50)
            #expect(server.commands.count { $0[0] == "EVALSHA" } == 51)
            #expect(server.commands.count { $0[0] == "WAITAOF" } == 2)
        }
    }
}
