// Where each account's engagements go. Accounts change their settings while the system runs, so what was read is
// trusted for a second only; while Postgres is away, what was read last is used for up to an hour.

import Basics
public import Logging
import Postgres
public import Queue
import Synchronization

/// The targets of accounts: the environment's and the accounts' own.
public final class TargetDirectory: Sendable {
    /// How long a look-up is trusted, in ms.
    public static let freshMilliseconds: Int64 = 1_000
    /// How long it may stand in for one that fails, in ms.
    public static let staleMilliseconds: Int64 = 3_600_000
    /// Accounts that are remembered; beyond it the whole memory is dropped.
    public static let maximumAccounts = 10_000

    private struct Entry {
        let routes: [CRMTarget: TargetSettings.Route]
        let readAtMilliseconds: Int64
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var isFailing = false
    }

    private let settings: TargetSettings
    private let accounts: HubStore
    private let clock: any MonotonicClock
    private let logger: Logger
    private let state = Mutex(State())

    /// - Parameters:
    ///   - settings: what the environment says, for accounts that say nothing.
    ///   - accounts: where accounts say it.
    public init(settings: TargetSettings, accounts: HubStore, clock: any MonotonicClock, logger: Logger) {
        self.settings = settings
        self.accounts = accounts
        self.clock = clock
        self.logger = logger
    }

    /// The routes of each account; one that cannot be known now is not in the result. At most one query.
    public func routes(of domainNames: Set<String>) async -> [String: [CRMTarget: TargetSettings.Route]] {
        let now = clock.nowMilliseconds
        var (known, missing) = remembered(domainNames, youngerThan: Self.freshMilliseconds, now)
        guard !missing.isEmpty else { return known }
        do {
            let rows = try await read(missing)
            for name in missing { known[name] = settings.routes(account: rows[name]) }
            remember(known, missing, now)
        } catch {
            let isFirst = state.withLock { state in
                defer { state.isFailing = true }
                return !state.isFailing
            }
            if isFirst { logger.warning("accounts' settings cannot be read", metadata: ["error": "\(error)"]) }
            known.merge(remembered(Set(missing), youngerThan: Self.staleMilliseconds, now).known) { first, _ in first }
        }
        return known
    }

    private func read(_ domainNames: [String]) async throws(JobsError) -> [String: JSONObject] {
        do {
            return try await accounts.settings(domainNames: domainNames)
        } catch {
            if await accounts.isAbsent(after: error) { return [:] }
            throw error
        }
    }

    private func remembered(
        _ domainNames: Set<String>, youngerThan age: Int64, _ now: Int64
    ) -> (known: [String: [CRMTarget: TargetSettings.Route]], missing: [String]) {
        state.withLock { state in
            var known: [String: [CRMTarget: TargetSettings.Route]] = [:]
            var missing: [String] = []
            for name in domainNames {
                if let entry = state.entries[name], now - entry.readAtMilliseconds < age {
                    known[name] = entry.routes
                } else {
                    missing.append(name)
                }
            }
            return (known, missing)
        }
    }

    private func remember(
        _ routes: [String: [CRMTarget: TargetSettings.Route]], _ names: [String], _ now: Int64
    ) {
        let wasFailing = state.withLock { state in
            if state.entries.count + names.count > Self.maximumAccounts { state.entries.removeAll() }
            for name in names.prefix(Self.maximumAccounts) {
                state.entries[name] = Entry(routes: routes[name] ?? [:], readAtMilliseconds: now)
            }
            defer { state.isFailing = false }
            return state.isFailing
        }
        if wasFailing { logger.info("accounts' settings can be read again") }
    }
}
