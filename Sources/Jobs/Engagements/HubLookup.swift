// Asked for every event of some kinds. Accounts change their settings while the system runs, so what was read is trusted
// for a second only.

import Postgres
import Queue
import Synchronization

/// One text that the Hub's views hold for another, remembered for a second.
final class HubLookup: Sendable {
    /// How long a look-up is trusted, in ms.
    static let freshMilliseconds: Int64 = 1_000
    /// Keys that are remembered; beyond it the whole memory is dropped.
    private static let maximumKeys = 10_000

    private struct Entry {
        let value: String?
        let readAtMilliseconds: Int64
    }

    private let pool: PostgresPool
    private let clock: any MonotonicClock
    private let statement: PostgresStatement
    private let column: String
    private let failure: String
    private let entries = Mutex<[String: Entry]>([:])

    /// - Parameters:
    ///   - statement: takes the key; its first row has the value in `column`.
    ///   - failure: what an error says.
    init(
        pool: PostgresPool, clock: any MonotonicClock, statement: PostgresStatement, column: String, failure: String
    ) {
        (self.pool, self.clock) = (pool, clock)
        (self.statement, self.column, self.failure) = (statement, column, failure)
    }

    /// The value; nil when there is none, or there is no Hub at all. At most one query a second and key. Throws
    /// `hubUnreadable`.
    func value(of key: String) async throws(JobsError) -> String? {
        let now = clock.nowMilliseconds
        if let entry = entries.withLock({ $0[key] }), now - entry.readAtMilliseconds < Self.freshMilliseconds {
            return entry.value
        }
        let value = try await read(key)
        entries.withLock { entries in
            if entries.count >= Self.maximumKeys { entries.removeAll() }
            entries[key] = Entry(value: value, readAtMilliseconds: now)
        }
        return value
    }

    private func read(_ key: String) async throws(JobsError) -> String? {
        do {
            return try await pool.query(statement, [.text(key)]).first?.optionalString(column)
        } catch {
            let error = JobsError.wrap(error, failure)
            if await HubViews.areAbsent(after: error, pool) { return nil }
            throw JobsError(.hubUnreadable, failure, underlying: error.underlying)
        }
    }
}
