// Every process keeps all endpoints. A change notifies; and because a notification can be lost with its connection, a
// one-row version is looked at every second as well. While Postgres is away, what was read last is used for an hour.

public import Logging
public import Postgres
public import Queue
public import ServiceLifecycle
import Synchronization

/// The endpoints, compiled for matching: what one process knows of them, at most two seconds old while Postgres answers.
public final class EndpointDirectory: Service {
    /// How often the version is looked at, in ms.
    public static let pollMilliseconds: Int64 = 1_000
    /// How long a snapshot may stand in for one that cannot be read, in ms.
    public static let staleMilliseconds: Int64 = 3_600_000
    private static let rowsPerRead = 1_000

    private struct State {
        var snapshot: EndpointSnapshot?
        var checkedAtMilliseconds: Int64 = 0
        var isFailing = false
    }

    private let store: EndpointStore
    private let listener: PostgresListener?
    private let clock: any MonotonicClock
    private let logger: Logger
    private let state = Mutex(State())
    private let reading = ReadingTurn()

    /// - Parameter listener: to ``EndpointStore/channel``; the caller shuts it down. Without one, changes wait for the
    ///   next look.
    public init(
        store: EndpointStore, listener: PostgresListener?, clock: any MonotonicClock = SystemMonotonicClock(),
        logger: Logger
    ) {
        self.store = store
        self.listener = listener
        self.clock = clock
        self.logger = logger
    }

    /// A listener for ``init(store:listener:clock:logger:)``.
    public static func listener(_ configuration: PostgresConfiguration, logger: Logger) -> PostgresListener {
        PostgresListener(
            configuration: configuration, channels: [EndpointStore.channel],
            onFailure: { logger.debug("endpoints' changes are not listened to", metadata: ["error": "\($0)"]) })
    }

    /// What is known: at once where something is, else after a read. Nil while nothing is known that may be used.
    public func snapshot() async -> EndpointSnapshot? {
        if let known { return known }
        await refresh()
        return known
    }

    /// Keeps the snapshot fresh until a shutdown.
    public func run() async throws {
        let (wakes, wake) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        wake.yield()
        await cancelWhenGracefulShutdown { [listener, clock] in
            await withDiscardingTaskGroup { group in
                if let listener {
                    group.addTask { for await _ in listener.notifications() { wake.yield() } }
                }
                group.addTask {
                    while true {
                        do { try await clock.sleep(milliseconds: Self.pollMilliseconds) } catch { return }
                        wake.yield()
                    }
                }
                group.addTask { for await _ in wakes { await self.refresh() } }
            }
        }
    }

    /// Reads the endpoints again if they have changed. Never throws: what is known stays.
    public func refresh() async {
        await reading.take {
            do {
                let version = try await store.version()
                if state.withLock({ $0.snapshot?.version }) != version {
                    note(EndpointSnapshot(version: version, endpoints: try await readAll()))
                } else {
                    note(nil)
                }
            } catch {
                if Task.isCancelled { return }
                // A database that was not migrated yet has no endpoints.
                if (error as? JobsError)?.underlying?.sqlState == "42P01" {
                    return note(EndpointSnapshot(version: 0, endpoints: []))
                }
                noteFailure(error)
            }
        }
    }

    private var known: EndpointSnapshot? {
        let now = clock.nowMilliseconds
        return state.withLock { state in
            now - state.checkedAtMilliseconds < Self.staleMilliseconds ? state.snapshot : nil
        }
    }

    private func readAll() async throws(JobsError) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        while endpoints.count < EndpointStore.maximumEndpoints {
            let page = try await store.page(after: endpoints.last?.id, count: Self.rowsPerRead)
            endpoints += page
            if page.count < Self.rowsPerRead { break }
        }
        return endpoints
    }

    /// - Parameter snapshot: nil when the one that is there is still right.
    private func note(_ snapshot: EndpointSnapshot?) {
        let now = clock.nowMilliseconds
        let wasFailing = state.withLock { state in
            if let snapshot { state.snapshot = snapshot }
            state.checkedAtMilliseconds = now
            defer { state.isFailing = false }
            return state.isFailing
        }
        if wasFailing { logger.info("endpoints can be read again") }
    }

    private func noteFailure(_ error: any Error) {
        let isFirst = state.withLock { state in
            defer { state.isFailing = true }
            return !state.isFailing
        }
        if isFirst { logger.warning("endpoints cannot be read", metadata: ["error": "\(error)"]) }
    }
}

/// One reader at a time; whoever comes meanwhile waits for its turn and reads again, since what it asks about may have
/// happened after the first one's look.
private actor ReadingTurn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take(_ body: @Sendable () async -> Void) async {
        if isTaken { await withCheckedContinuation { waiting.append($0) } }
        isTaken = true
        await body()
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}
