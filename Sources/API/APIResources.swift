import Curl
import Jobs
import Logging
import Postgres
import Program
import Queue
import Redis

/// What one API process holds open: made before its services start, closed after they have ended.
struct APIResources: Sendable {
    /// For whoever looks.
    let queue: QueueClient
    /// For whoever submits.
    let durable: DurableQueue
    let pool: PostgresPool
    let endpoints: EndpointDirectory
    /// For the few routes that ask another system before they answer.
    let curl: CurlClient
    private let redis: [RedisClient]
    private let outbox: PostgresPool
    private let listener: PostgresListener

    /// What a caller may wait for a Redis that hangs before his jobs go to the outbox; and then for Postgres.
    private static let patience = Duration.seconds(1)
    private static let poolSize = 4

    /// Connects to nothing yet.
    init(_ configuration: APIConfiguration, logger: Logger) {
        // Who looks may wait longer than who submits; and a wait for the disk holds its connection.
        let look = RedisClient(configuration: configuration.redis, name: "api", logger: logger)
        let fsync = RedisClient(configuration: configuration.redis, name: "api-fsync", logger: logger)
        var hasty = configuration.redis
        (hasty.connectTimeout, hasty.commandTimeout) = (Self.patience, Self.patience)
        let submit = RedisClient(configuration: hasty, name: "api-submit", logger: logger)
        redis = [look, fsync, submit]
        queue = QueueClient(redis: look)
        pool = PostgresPool(configuration: configuration.postgres, size: Self.poolSize)
        var brief = configuration.postgres
        (brief.connectTimeout, brief.statementTimeout) = (Self.patience * 2, Self.patience * 5)
        outbox = PostgresPool(configuration: brief, size: Self.poolSize, acquireTimeout: Self.patience * 3)
        durable = DurableQueue(
            queue: QueueClient(redis: submit), fsynced: FsyncedQueue(redis: fsync), outbox: OutboxStore(pool: outbox),
            logger: logger)
        listener = EndpointDirectory.listener(configuration.postgres, logger: logger)
        endpoints = EndpointDirectory(store: EndpointStore(pool: pool), listener: listener, logger: logger)
        var requests = CurlConfiguration()
        requests.userAgent = "aventora-jobs/\(Version.current)"
        curl = CurlClient(configuration: requests)
    }

    /// Ends all of it.
    func close() async {
        durable.shutDown()
        await curl.shutdown()
        await listener.shutdown()
        for client in redis { await client.shutdown() }
        await pool.shutdown()
        await outbox.shutdown()
    }
}
