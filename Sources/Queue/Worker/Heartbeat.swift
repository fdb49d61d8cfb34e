// A process's sign of life, and its watch over the others'. It lives on a thread and a connection of its own: a pool
// that is blocked or busy must not look like a death.

public import Logging
public import Redis
import ServiceLifecycle
import Threads

/// Beats for one process and gives back the claims of workers that have stopped beating.
///
/// Any number of processes may do this at once. A lease runs out ``leaseMilliseconds`` after the last beat; beats come
/// every ``intervalMilliseconds``, so two may be lost, and a dead worker's jobs run elsewhere within
/// `leaseMilliseconds + intervalMilliseconds`.
public actor Heartbeat {
    /// What the process tells of itself.
    public struct Identity: Sendable {
        /// Its name: unique per start, printable, without spaces or line ends.
        public let name: String
        /// JSON for people and dashboards; empty for a process that only watches.
        public let description: String
        /// Whether it claims jobs.
        public let isWorker: Bool

        public init(name: String, description: String, isWorker: Bool) {
            self.name = name
            self.description = description
            self.isWorker = isWorker
        }
    }

    /// What a beat brought back for the process itself.
    struct Notice: Sendable {
        let isQuiet: Bool
        /// Per queue, jobs that it shall cancel.
        let cancels: [[JobID]]
        /// No beat had arrived for as long as a lease lasts: its claims may be others' by now.
        let wasSilent: Bool
    }

    public static let leaseMilliseconds: Int64 = 9_000
    public static let intervalMilliseconds: Int64 = 3_000
    /// How long a silent process stays listed.
    public static let listedMilliseconds: Int64 = 3_600_000

    private nonisolated let executor: ThreadExecutor
    public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let redis: RedisClient
    private let identity: Identity
    private let keys: [Keys]
    private let commonKeys: CommonKeys
    private let intervalMilliseconds: Int64
    private let leaseMilliseconds: Int64
    private let logger: Logger
    private let onNotice: @Sendable (Notice) -> Void
    private let clock = SystemMonotonicClock()
    private var failures = 0
    private var beatMilliseconds: Int64?
    private nonisolated let stopSignal = StopSignal()

    /// - Parameters:
    ///   - configuration: of the connection that the heartbeat makes for itself.
    ///   - queues: whose leases it keeps and watches.
    public init(
        configuration: RedisConfiguration,
        identity: Identity,
        queues: [QueueName],
        namespace: String = "aj",
        intervalMilliseconds: Int64 = Heartbeat.intervalMilliseconds,
        leaseMilliseconds: Int64 = Heartbeat.leaseMilliseconds,
        logger: Logger
    ) {
        self.init(
            configuration: configuration, identity: identity, queues: queues, namespace: namespace,
            intervalMilliseconds: intervalMilliseconds, leaseMilliseconds: leaseMilliseconds, logger: logger,
            onNotice: { _ in })
    }

    init(
        configuration: RedisConfiguration,
        identity: Identity,
        queues: [QueueName],
        namespace: String,
        intervalMilliseconds: Int64,
        leaseMilliseconds: Int64,
        logger: Logger,
        onNotice: @escaping @Sendable (Notice) -> Void
    ) {
        executor = ThreadExecutor(name: "heartbeat")
        redis = RedisClient(configuration: configuration, name: "heartbeat-" + identity.name)
        self.identity = identity
        self.keys = queues.map { Keys(namespace: namespace, queue: $0) }
        commonKeys = CommonKeys(namespace: namespace)
        self.intervalMilliseconds = intervalMilliseconds
        self.leaseMilliseconds = leaseMilliseconds
        self.logger = logger
        self.onNotice = onNotice
    }

    /// Beats until ``stop()``; then takes the process off the lists and closes the connection.
    public func run() async {
        repeat { await beat() } while !waitForStop()
        await leave()
        await redis.shutdown()
    }

    /// Ends ``run()``. Call it when every claim is settled.
    public nonisolated func stop() { stopSignal.set() }

    /// Blocks this actor's own thread, which has nothing else to do.
    private func waitForStop() -> Bool {
        stopSignal.wait(milliseconds: intervalMilliseconds)
    }

    private func beat() async {
        do {
            let reply = try await redis.run(beatCommand()).arrayValue ?? []
            guard reply.count == 1 + 2 * keys.count else {
                throw QueueError(.unexpectedReply, "the beat script answered in an unknown form")
            }
            let cancels = reply[(1 + keys.count)...].map { names in
                (names.string ?? "").split(separator: "\n").compactMap { JobID(String($0)) }
            }
            let now = clock.nowMilliseconds
            let wasSilent = now - (beatMilliseconds ?? now) >= leaseMilliseconds
            beatMilliseconds = now
            onNotice(Notice(isQuiet: reply[0] == .integer(1), cancels: cancels, wasSilent: wasSilent))
            for (keys, names) in zip(keys, reply[1...keys.count]) {
                for worker in (names.string ?? "").split(separator: "\n") { try await reap(String(worker), keys) }
            }
            if failures > 0 { logger.info("heartbeat is back", metadata: ["missed": "\(failures)"]) }
            failures = 0
        } catch {
            failures += 1
            if failures == 1 { logger.warning("heartbeat failed", metadata: ["error": "\(error)"]) }
        }
    }

    private func beatCommand() -> RedisCommand {
        let own = [commonKeys.workers, commonKeys.descriptions, commonKeys.clock, commonKeys.quiet]
        let ofQueues = keys.flatMap { [$0.leases, $0.cancels, $0.claims(of: identity.name)] }
        var command = RedisCommand(script: Scripts.beat, keys: own + ofQueues)
        command.append(0)
        command.append(identity.name)
        command.append(identity.description)
        command.append(leaseMilliseconds)
        command.append(Self.listedMilliseconds)
        command.append(identity.isWorker ? "1" : "0")
        return command
    }

    private func reap(_ worker: String, _ keys: Keys) async throws(RedisError) {
        var givenBack: Int64 = 0
        var quarantined: Int64 = 0
        var left: Int64 = 0
        repeat {
            var command = RedisCommand(script: Scripts.reap, keys: keys.all + [keys.claims(of: worker)])
            command.append(0)
            command.append(worker)
            command.append(leaseMilliseconds)
            command.append(Limits.reapedPerCall)
            command.append(Limits.crashesUntilQuarantine)
            FaultPoint.reach(.beforeReap)
            let counts = try await redis.run(command).arrayValue?.compactMap(\.integerValue) ?? []
            FaultPoint.reach(.afterReap)
            guard counts.count == 3 else { return }
            givenBack += counts[0]
            quarantined += counts[1]
            left = counts[2]
        } while left > 0
        guard left == 0, givenBack + quarantined > 0 else { return }
        logger.warning(
            "a worker died; its jobs went back to their queue",
            metadata: ["worker": "\(worker)", "jobs": "\(givenBack)", "quarantined": "\(quarantined)"])
    }

    private func leave() async {
        var commands: [RedisCommand] = []
        if identity.isWorker {
            for keys in keys {
                var command = RedisCommand(
                    script: Scripts.leave, keys: [keys.leases, keys.claims(of: identity.name)])
                command.append(identity.name)
                commands.append(command)
            }
        }
        let lists = [("ZREM", commonKeys.workers), ("HDEL", commonKeys.descriptions), ("SREM", commonKeys.quiet)]
        for (name, key) in lists {
            var command = RedisCommand(name)
            command.append(key)
            command.append(identity.name)
            commands.append(command)
        }
        do {
            _ = try await redis.run(commands)
        } catch {
            // The lease then runs out by itself, and the list forgets the process within the hour.
            logger.debug("could not leave", metadata: ["error": "\(error)"])
        }
    }
}
