import Basics
import Jobs
import Logging
import Operator
import Postgres
import Program
import Queue
import Redis

/// The connections of one command, made when they are first needed and gone at its end. It speaks to Redis and Postgres
/// themselves, so it works while the API is down.
struct Session: Sendable {
    let settings: Settings
    let queue: QueueClient
    let pool: PostgresPool
    let clock: any WallClock
    let screen: Screen
    let wantsJSON: Bool

    private static let connectTimeout = Duration.seconds(2)

    /// Runs a command and ends the process with its outcome.
    static func run(
        _ options: TerminalOptions, _ body: @escaping @Sendable (Session) async throws -> Void
    ) async -> Never {
        await ProgramMain.run {
            let settings = try Settings.load(environmentFilePath: options.envFile)
            let redis = RedisClient(configuration: try ServerSettings.redis(settings), name: "aventora")
            var postgres = try ServerSettings.postgres(settings, applicationName: "aventora")
            postgres.connectTimeout = min(postgres.connectTimeout, connectTimeout)
            let pool = PostgresPool(configuration: postgres, size: 1)
            let session = Session(
                settings: settings, queue: QueueClient(redis: redis), pool: pool, clock: SystemWallClock(),
                screen: Screen(), wantsJSON: options.json)
            let result: Result<Void, any Error>
            do { result = .success(try await body(session)) } catch { result = .failure(error) }
            await redis.shutdown()
            await pool.shutdown()
            do { try result.get() } catch { throw programError(error) }
        }
    }

    var queueDesk: QueueDesk { QueueDesk(queue: queue, clock: clock) }
    var deadDesk: DeadDesk { DeadDesk(queue: queue, clock: clock) }
    var scheduleDesk: ScheduleDesk {
        get throws(ProgramError) {
            let schedules = JobSchedule.all + (try TipsVariables.settings(settings).schedules)
            return ScheduleDesk(queue: queue, ledger: TickStore(pool: pool), schedules: schedules)
        }
    }
    var deliveryDesk: DeliveryDesk {
        DeliveryDesk(queue: queue, log: DeliveryStore(pool: pool), history: FinishedStore(pool: pool))
    }
    var keyring: SecretsKeyring {
        get throws(ProgramError) { try SecretsSettings.keyring(settings) }
    }
    var endpointDesk: EndpointDesk {
        get throws(ProgramError) {
            EndpointDesk(store: EndpointStore(pool: pool), keyring: try keyring, queue: queue, clock: clock)
        }
    }
    var jobDesk: JobDesk {
        JobDesk(queue: queue, history: FinishedStore(pool: pool), outbox: OutboxStore(pool: pool), clock: clock)
    }

    /// Looks after replays; one that sends a single delivery again needs a way to enqueue.
    func replayDesk(_ submit: DurableQueue?) throws(ProgramError) -> ReplayDesk {
        ReplayDesk(
            queue: queue, submit: submit, deliveries: deliveryDesk, log: DeliveryStore(pool: pool),
            endpoints: EndpointStore(pool: pool), store: ReplayStore(pool: pool),
            pushRetry: try WebhookSettings.retry(settings), clock: clock)
    }
    var replayDesk: ReplayDesk {
        get throws(ProgramError) { try replayDesk(nil) }
    }

    /// Runs `body` with a way to enqueue jobs by their kinds, into the outbox while Redis is away.
    func withSubmitter<Value>(_ body: (JobSubmitter) async throws -> Value) async throws -> Value {
        try await withDurableQueue { durable in
            try await body(JobSubmitter(queue: durable, receipts: queue, clock: clock))
        }
    }

    /// Runs `body` with a way to enqueue, into the outbox while Redis is away.
    func withDurableQueue<Value>(_ body: (DurableQueue) async throws -> Value) async throws -> Value {
        // A wait for the disk holds its connection, so it has one of its own.
        let redis = RedisClient(configuration: try ServerSettings.redis(settings), name: "aventora-fsync")
        let durable = DurableQueue(
            queue: queue, fsynced: FsyncedQueue(redis: redis), outbox: OutboxStore(pool: pool),
            logger: Logger(label: "aventora") { _ in SwiftLogNoOpLogHandler() })
        let result: Result<Value, any Error>
        do {
            result = .success(try await body(durable))
        } catch {
            result = .failure(error)
        }
        durable.shutDown()
        await redis.shutdown()
        return try result.get()
    }

    /// The kinds of job, with the retries that the variables say.
    var catalogue: KindCatalogue {
        get throws(ProgramError) { .standard(pushRetry: try WebhookSettings.retry(settings)) }
    }

    /// Answers in JSON if that was asked for, else in the lines of `report`.
    func answer(_ value: some Encodable, _ report: (_ width: Int?) -> [String]) throws {
        if wantsJSON {
            screen.write(
                String(decoding: try ResourceJSON.encode(value, isIndented: screen.isTerminal), as: UTF8.self) + "\n")
        } else {
            screen.write(lines: report(screen.width))
        }
    }

    /// What went wrong, with the exit code of its kind.
    static func programError(_ error: any Error) -> ProgramError {
        switch error {
        case let error as ProgramError: error
        case let error as QueueError where error.isRetriable:
            ProgramError(.unavailable, "Redis cannot be reached: \(error.message)", underlying: error)
        case let error as QueueError: ProgramError(.internal, "Redis refused: \(error.message)", underlying: error)
        case let error as JobsError where error.isRetriable:
            ProgramError(.unavailable, "Postgres cannot be reached: \(error.message)", underlying: error)
        case let error as JobsError: ProgramError(.internal, error.description, underlying: error)
        case let error as InputError: ProgramError(.usage, error.description, underlying: error)
        default: ProgramError(.internal, "unexpected error: \(error)", underlying: error)
        }
    }
}
