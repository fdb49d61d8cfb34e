// A process's sign of life, and its watch over the others'. It lives on a thread and a connection of its own: a pool
// that is blocked or busy must not look like a death.

import Dispatch
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
    private var failures = 0
    private nonisolated let stopSignal = DispatchSemaphore(value: 0)

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
        executor = ThreadExecutor(name: "heartbeat")
        redis = RedisClient(configuration: configuration, name: "heartbeat-" + identity.name)
        self.identity = identity
        self.keys = queues.map { Keys(namespace: namespace, queue: $0) }
        commonKeys = CommonKeys(namespace: namespace)
        self.intervalMilliseconds = intervalMilliseconds
        self.leaseMilliseconds = leaseMilliseconds
        self.logger = logger
    }

    /// Beats until ``stop()``; then takes the process off the lists and closes the connection.
    public func run() async {
        repeat { await beat() } while !waitForStop()
        await leave()
        await redis.shutdown()
    }

    /// Ends ``run()``. Call it when every claim is settled.
    public nonisolated func stop() { stopSignal.signal() }

    /// Blocks this actor's own thread, which has nothing else to do.
    private func waitForStop() -> Bool {
        stopSignal.wait(timeout: .now() + .milliseconds(Int(intervalMilliseconds))) == .success
    }

    private func beat() async {
        do {
            let expired = try await redis.run(beatCommand()).arrayValue ?? []
            for (keys, names) in zip(keys, expired) {
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
        var command = RedisCommand(
            script: Scripts.beat,
            keys: [commonKeys.workers, commonKeys.descriptions, commonKeys.clock] + keys.map(\.leases))
        command.append(0)
        command.append(identity.name)
        command.append(identity.description)
        command.append(leaseMilliseconds)
        command.append(Self.listedMilliseconds)
        for _ in keys { command.append(identity.isWorker ? "1" : "0") }
        return command
    }

    private func reap(_ worker: String, _ keys: Keys) async throws(RedisError) {
        var givenBack: Int64 = 0
        var quarantined: Int64 = 0
        var left: Int64 = 0
        repeat {
            var command = RedisCommand(
                script: Scripts.reap,
                keys: [
                    keys.leases, keys.claims(of: worker), keys.jobs, keys.ready, keys.dead, keys.errors, keys.doorbell,
                    keys.counters,
                ])
            command.append(0)
            command.append(worker)
            command.append(leaseMilliseconds)
            command.append(Limits.reapedPerCall)
            command.append(Limits.crashesUntilQuarantine)
            command.append(Limits.maximumDoorbellTokens)
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
        for (name, key) in [("ZREM", commonKeys.workers), ("HDEL", commonKeys.descriptions)] {
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
