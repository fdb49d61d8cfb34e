// A queue on a real Redis, with the scripts of production, and a clock that only the test moves. What happens between two
// moments is skipped: the time goes from one event to the next, so a week costs as much as what happens in it, about
// two trips to Redis a job.

import Logging
import Redis

/// Runs jobs by their registered handlers under a manual clock, in one order that is the same each time.
///
///     try await QueueSimulation.run(url: "redis://127.0.0.1:6379", registry: registry) { simulation in
///         try await simulation.client.enqueue(SendReceipt(order: 7, address: "a@b.example"))
///         try await simulation.advance(byMilliseconds: 60_000)
///         #expect(await simulation.runs.map(\.result) == [.done])
///     }
///
/// A job that waits does so by `context.clock`: then other jobs run meanwhile, as in a worker. One that waits for something
/// else holds everything up until it has it, in real time. A handler that sleeps and does other things beside it, in child
/// tasks of its own, is taken to sleep as long as one of them does.
public actor QueueSimulation {
    /// Enqueues and looks at the simulated time; for the test, and for handlers that enqueue.
    public nonisolated let client: QueueClient
    /// Stands still except while ``advance(byMilliseconds:)`` and ``runUntilIdle(withinMilliseconds:)`` run.
    public nonisolated let clock: SimulationClock
    /// Whose keys begin with the simulation's namespace.
    nonisolated let queues: [QueueName]
    nonisolated let redis: RedisClient

    private let worker: SimulatedWorker
    private var sources: [SimulationSource] = []
    private var isBusy = false

    /// Midnight UTC, first of January 2026: where simulations begin unless they are told otherwise.
    public static let standardStartMilliseconds: Int64 = 1_767_225_600_000

    /// What stands around the worker.
    private struct Stage: Sendable {
        let redis: RedisClient
        let client: QueueClient
        let clock: SimulationClock
        let inbox: Inbox
        let makeID: @Sendable () -> JobID

        init(_ configuration: RedisConfiguration, startMilliseconds: Int64) {
            let inbox = Inbox(clock: SystemMonotonicClock())
            let clock = SimulationClock(nowMilliseconds: startMilliseconds) { inbox.post(.silent) }
            let sequence = JobIDSequence(process: 0)
            let makeID: @Sendable () -> JobID = { JobID(nowMilliseconds: clock.nowMilliseconds, from: sequence) }
            redis = RedisClient(configuration: configuration, name: "simulation")
            client = QueueClient(
                redis: redis, namespace: "simulation:\(UInt64.random(in: 0...(.max)))",
                maximumQueueLength: Limits.maximumQueueLength,
                surroundings: .init(scriptTimeMilliseconds: { clock.nowMilliseconds }, makeID: makeID))
            self.inbox = inbox
            self.clock = clock
            self.makeID = makeID
        }
    }

    private init(_ stage: Stage, registry: JobRegistry, queues: [QueueName], concurrency: Int) {
        let queues = queues.isEmpty ? registry.queues : queues
        precondition(!queues.isEmpty, "a simulation needs a queue: name one, or register handlers that name theirs")
        let trips = WorkTrips(
            redis: stage.redis, keys: queues.map { Keys(namespace: stage.client.namespace, queue: $0) }, queues: queues,
            worker: "simulation")
        redis = stage.redis
        client = stage.client
        clock = stage.clock
        self.queues = queues
        worker = SimulatedWorker(
            trips: trips, registry: registry, concurrency: concurrency, clock: stage.clock, inbox: stage.inbox,
            makeID: stage.makeID)
    }

    /// The simulated time, Unix ms.
    public nonisolated var nowMilliseconds: Int64 { clock.nowMilliseconds }

    /// Every run that has ended, in order of its end.
    public var runs: [SimulatedRun] { worker.runs }

    /// The runs of one type of job.
    public func runs<TypedJob: Job>(of type: TypedJob.Type) -> [SimulatedRun] {
        runs.filter { $0.kind == type.definition.kind }
    }

    /// Moves the time on and runs what there is to run on the way, and at its end.
    ///
    /// - Parameter milliseconds: 0 runs what may run now.
    /// - Throws: ``QueueError`` when Redis fails, ``QueueError/Code/limitExceeded`` when jobs follow each other without
    ///   end while no time passes; what a source of events throws.
    public func advance(byMilliseconds milliseconds: Int64) async throws {
        let target = nowMilliseconds + max(0, milliseconds)
        begin()
        defer { isBusy = false }
        try await worker.work()
        while let next = nextMilliseconds, next <= target {
            try await move(to: next)
        }
        clock.set(target)
    }

    /// Moves the time on until no job runs or waits for its time, as far as that takes. What comes from schedules and
    /// other sources counts only if its time is before that.
    ///
    /// - Throws: as ``advance(byMilliseconds:)``, and ``QueueError/Code/limitExceeded`` when there is still something to
    ///   come after `withinMilliseconds`: a job that no handler is registered for, say, waits forever.
    public func runUntilIdle(withinMilliseconds: Int64 = 30 * 86_400_000) async throws {
        let end = nowMilliseconds + withinMilliseconds
        begin()
        defer { isBusy = false }
        try await worker.work()
        while !worker.isIdle, let next = nextMilliseconds {
            guard next <= end else {
                let last = runs.last.map { ": the last run was of '\($0.kind)', \($0.result)" } ?? ""
                throw QueueError(.limitExceeded, "jobs still wait after \(withinMilliseconds) ms\(last)")
            }
            try await move(to: next)
        }
    }

    /// Adds a schedule: from now on its ticks fire on time, by the script that fires them in production.
    public func add(_ scheduled: ScheduledJob) async throws {
        let logger = Logger(label: "simulation", factory: { _ in SwiftLogNoOpLogHandler() })
        let ticker = Ticker(schedules: [scheduled], client: client, clock: clock, logger: logger)
        // The first look is its beginning.
        try await ticker.tick()
        add {
            scheduled.schedule.next(after: $0)
        } action: { _ in
            _ = try await ticker.tick()
        }
    }

    /// Adds something that happens at times of its own: a customer who edits, a server that is away each night.
    ///
    /// - Parameters:
    ///   - next: the first time after a given one at which it happens, both in Unix ms; nil when it never does again.
    ///   - action: what happens, at the simulated time that it is given.
    public func add(
        next: @escaping @Sendable (_ afterMilliseconds: Int64) -> Int64?,
        action: @escaping @Sendable (_ atMilliseconds: Int64) async throws -> Void
    ) {
        sources.append(
            SimulationSource(next: next, action: action, nextMilliseconds: next(nowMilliseconds)))
    }

    private func begin() {
        precondition(!isBusy, "the simulation's time is moved by one caller at a time")
        isBusy = true
    }

    private var nextMilliseconds: Int64? {
        (sources.compactMap(\.nextMilliseconds) + [worker.nextMilliseconds].compactMap { $0 }).min()
    }

    private func move(to milliseconds: Int64) async throws {
        clock.set(milliseconds)
        try await worker.awake()
        for index in sources.indices {
            if let time = sources[index].nextMilliseconds, time <= milliseconds {
                sources[index].nextMilliseconds = sources[index].next(time)
                try await sources[index].action(time)
            }
        }
        try await worker.work()
    }

    private func end() async throws { try await worker.end() }
}

/// See ``QueueSimulation/add(next:action:)``.
private struct SimulationSource {
    let next: @Sendable (Int64) -> Int64?
    let action: @Sendable (Int64) async throws -> Void
    var nextMilliseconds: Int64?
}

extension QueueSimulation {
    /// Runs `body` with a simulation of its own and removes everything it left in Redis.
    ///
    /// - Parameters:
    ///   - url: of any Redis; other users of it are not disturbed. Cleaning up looks at all names of keys there.
    ///   - startMilliseconds: the time at which it begins, Unix ms, more than 0.
    ///   - concurrency: jobs at a time.
    ///   - queues: what is served; empty: the queues of the handlers.
    ///   - registry: makes the handlers, which may enqueue through the client that they are given, and wait by the clock.
    /// - Throws: ``QueueError/Code/invalidAddress``, what `registry` and `body` throw, and ``QueueError`` when Redis fails.
    public static func run<Result>(
        url: String,
        startMilliseconds: Int64 = standardStartMilliseconds,
        concurrency: Int = 256,
        queues: [QueueName] = [],
        registry: (QueueClient, SimulationClock) throws -> JobRegistry,
        _ body: (QueueSimulation) async throws -> Result
    ) async throws -> Result {
        let stage = Stage(try RedisConfiguration(address: url), startMilliseconds: max(1, startMilliseconds))
        let simulation = QueueSimulation(
            stage, registry: try registry(stage.client, stage.clock), queues: queues, concurrency: concurrency)
        let result: Result
        do {
            result = try await body(simulation)
        } catch {
            // What the body says goes before what the cleaning may have to say.
            try? await simulation.close()
            throw error
        }
        try await simulation.close()
        return result
    }

    /// The same with handlers that need neither client nor clock.
    public static func run<Result>(
        url: String,
        startMilliseconds: Int64 = standardStartMilliseconds,
        concurrency: Int = 256,
        queues: [QueueName] = [],
        registry: JobRegistry,
        _ body: (QueueSimulation) async throws -> Result
    ) async throws -> Result {
        try await run(
            url: url, startMilliseconds: startMilliseconds, concurrency: concurrency, queues: queues,
            registry: { _, _ in registry }, body)
    }

    private func close() async throws {
        try await end()
        try await removeKeys()
        await redis.shutdown()
    }
}
