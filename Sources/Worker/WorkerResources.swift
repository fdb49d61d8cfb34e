import Curl
import Jobs
import Logging
import Postgres
import Program
import Queue
import Redis

/// What one worker process holds open: made before its services start, closed after they have ended.
struct WorkerResources: Sendable {
    let pool: PostgresPool
    let curl: CurlClient
    let queue: QueueClient
    let log: AttemptLog
    let endpoints: EndpointDirectory
    private let redis: RedisClient
    private let logPool: PostgresPool
    private let lookPool: PostgresPool
    private let listener: PostgresListener

    private static let poolSize = 4
    /// One writes while the other commits.
    private static let logPoolSize = 2
    /// How long the log's Postgres may take to be reached, and a statement that was given up to end.
    private static let logPatience = Duration.seconds(2)

    /// Connects to nothing yet.
    init(_ configuration: WorkerConfiguration, logger: Logger) {
        pool = PostgresPool(configuration: configuration.postgres, size: Self.poolSize)
        curl = CurlClient(configuration: Self.curlConfiguration(configuration))
        redis = RedisClient(configuration: configuration.redis, name: "probe-" + configuration.name)
        queue = QueueClient(redis: redis)
        var brief = configuration.postgres
        brief.connectTimeout = min(brief.connectTimeout, Self.logPatience)
        brief.statementTimeout = min(brief.statementTimeout, Self.logPatience)
        logPool = PostgresPool(configuration: brief, size: Self.logPoolSize, acquireTimeout: Self.logPatience)
        log = AttemptLog(
            store: DeliveryStore(pool: logPool), queue: queue, worker: configuration.name, logger: logger)
        // Of its own, lest looks at the endpoints wait behind deliveries.
        lookPool = PostgresPool(configuration: configuration.postgres, size: 1)
        listener = EndpointDirectory.listener(configuration.postgres, logger: logger)
        endpoints = EndpointDirectory(store: EndpointStore(pool: lookPool), listener: listener, logger: logger)
    }

    /// Ends all of it; what is left of the attempt log is written first.
    func close() async {
        await curl.shutdown()
        await log.close()
        await listener.shutdown()
        for pool in [logPool, lookPool, pool] { await pool.shutdown() }
        await redis.shutdown()
    }

    /// As many connections as jobs may run, so that a request never waits for one with its clock ticking.
    private static func curlConfiguration(_ configuration: WorkerConfiguration) -> CurlConfiguration {
        var curl = CurlConfiguration()
        curl.userAgent = "aventora-jobs/\(Version.current)"
        curl.maximumInFlight = max(configuration.concurrency, 1)
        return curl
    }
}
