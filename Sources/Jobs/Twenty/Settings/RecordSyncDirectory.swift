// Settings change while the system runs, so what was read is trusted for two seconds only; while Postgres is away, what was
// read last is used for up to an hour. A change notifies nobody: two seconds are soon enough.

public import Basics
public import Curl
public import Guard
public import Logging
public import Postgres
public import Queue
import Threads

/// What is in force of record sync's settings, as every process sees it.
public final class RecordSyncDirectory: Sendable {
    /// How long what was read is trusted, in ms.
    public static let freshMilliseconds: Int64 = 2_000
    /// How long it may stand in for a look that fails, in ms.
    public static let staleMilliseconds: Int64 = 3_600_000

    private struct State {
        var settings: RecordSyncSettings?
        var readAtMilliseconds: Int64 = 0
        var isFailing = false
    }

    private let store: RecordSyncStore
    private let variables: RecordSyncSettings
    private let keyring: SecretsKeyring
    private let clock: any MonotonicClock
    private let logger: Logger
    private let state = Locked(State())

    /// - Parameter variables: what is in force while nothing is stored.
    public init(
        store: RecordSyncStore, variables: RecordSyncSettings, keyring: SecretsKeyring, clock: any MonotonicClock,
        logger: Logger
    ) {
        (self.store, self.variables, self.keyring, self.clock) = (store, variables, keyring, clock)
        self.logger = logger
    }

    /// The settings in force. Costs one query every two seconds.
    ///
    /// - Throws: `interrupted` when they cannot be known now, or `authError` when the stored key cannot be opened.
    public func settings() async throws(TwentyError) -> RecordSyncSettings {
        let now = clock.nowMilliseconds
        let known = state.withLock { $0 }
        if let settings = known.settings, now - known.readAtMilliseconds < Self.freshMilliseconds { return settings }
        do {
            let settings = try await store.find()?.settings(over: variables, keyring) ?? variables
            let wasFailing = state.withLock { state in
                defer { state = State(settings: settings, readAtMilliseconds: now) }
                return state.isFailing
            }
            if wasFailing { logger.info("the settings of record sync can be read again") }
            return settings
        } catch {
            let isFirst = state.withLock { state in
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if isFirst {
                logger.warning("the settings of record sync cannot be read", metadata: ["error": "\(error)"])
            }
            if let error = error as? SecretsError {
                throw TwentyError(error.isRetriable ? .interrupted : .authError, "the key: \(error.message)")
            }
            if let settings = known.settings, now - known.readAtMilliseconds < Self.staleMilliseconds {
                return settings
            }
            throw TwentyError(.interrupted, "the settings of record sync cannot be read now")
        }
    }
}

/// Makes clients of Twenty that share one limiter.
public struct TwentyConnector: Sendable {
    private let client: CurlClient
    private let outbound: AddressGuard
    private let limiter: TwentyLimiter
    private let clock: any WallClock
    private let timeoutMilliseconds: Int

    /// - Parameter timeoutMilliseconds: of one call.
    public init(
        client: CurlClient, outbound: AddressGuard, limiter: TwentyLimiter, clock: any WallClock,
        timeoutMilliseconds: Int = 10_000
    ) {
        (self.client, self.outbound, self.limiter, self.clock) = (client, outbound, limiter, clock)
        self.timeoutMilliseconds = timeoutMilliseconds
    }

    /// Under the limit that all processes of this database share.
    public init(client: CurlClient, outbound: AddressGuard, limits: TwentyLimits, pool: PostgresPool) {
        let store = TwentyLimitStore(pool: pool)
        self.init(
            client: client, outbound: outbound,
            limiter: TwentyLimiter(store: store, limits: limits, clock: SystemMonotonicClock()),
            clock: SystemWallClock())
    }

    /// A client of one workspace. Cheap: it opens no connection.
    public func client(_ address: ServiceAddress, workspace: String? = nil) -> TwentyClient {
        TwentyClient(
            service: ServiceClient(
                address, client: client, outbound: outbound, clock: clock, timeoutMilliseconds: timeoutMilliseconds),
            limiter: limiter, workspace: workspace)
    }

    /// The client that settings speak of, whatever their switch and mode.
    ///
    /// - Throws: `operationFailed` when address or key is missing.
    public func client(_ settings: RecordSyncSettings) throws(TwentyError) -> TwentyClient {
        do throws(ServiceAddress.Fault) {
            if let address = try settings.address { return client(address) }
        } catch {
            throw TwentyError(.operationFailed, "the address of Twenty cannot be used: \(error)")
        }
        throw TwentyError(.operationFailed, "neither the settings nor the variables say where Twenty is and its key")
    }
}
