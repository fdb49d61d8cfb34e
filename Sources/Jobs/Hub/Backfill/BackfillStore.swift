// A row of an item is changed by the job that has it, and by whoever ends the whole. Only items of a running backfill
// are begun, and only those without an end, so a job that comes twice, or too late, changes nothing.

public import Postgres
import Queue

/// `jobs.hub_backfills` and `jobs.hub_backfill_items`.
public struct BackfillStore: Sendable {
    let pool: PostgresPool

    /// How long those that have ended are kept, in days.
    static let keepDays: Int64 = 90

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Writes a new one with all its items; nil while another runs. Removes what is old. Throws `storage`.
    public func insert(
        id: String, _ plan: BackfillPlan, selection: [String], telephony: String?, pacePerMinute: Int,
        secrets: SealedSecret, nowMilliseconds: Int64
    ) async throws(JobsError) -> Backfill? {
        let values: [PostgresValue] = [
            .text(id), .text(plan.mode.rawValue), .json(BackfillItem.list(selection)),
            telephony.map { .text($0) } ?? .null, .integer(Int64(pacePerMinute)), .text(secrets.keyID),
            .bytes(secrets.bytes), .instant(milliseconds: nowMilliseconds),
        ]
        let items = Self.columns(of: plan, id, nowMilliseconds)
        do {
            return try await pool.transaction { transaction in
                _ = try await transaction.query(Self.removeOld, [.integer(Self.keepDays)])
                guard let row = try await transaction.query(Self.insert, values).first else { return nil }
                _ = try await transaction.query(Self.insertItems, items)
                return try Backfill(row)
            }
        } catch {
            throw JobsError.wrap(error, "A backfill could not be written")
        }
    }

    /// The one that runs, if one does. Throws `storage`.
    public func running() async throws(JobsError) -> Backfill? {
        try await rows(Self.selectRunning, []) { try Backfill($0) }.first
    }

    /// One; nil when there is none. Throws `storage`.
    public func find(_ id: String) async throws(JobsError) -> Backfill? {
        try await rows(Self.select, [.text(id)]) { try Backfill($0) }.first
    }

    /// Gives a running one other credentials and another pace; nil when it does not run. Throws `storage`.
    public func renew(
        _ id: String, secrets: SealedSecret, pacePerMinute: Int
    ) async throws(JobsError) -> Backfill? {
        let values: [PostgresValue] = [
            .text(id), .text(secrets.keyID), .bytes(secrets.bytes), .integer(Int64(pacePerMinute)),
        ]
        return try await rows(Self.renew, values) { try Backfill($0) }.first
    }

    /// Ends a running one: what has not begun is cancelled. Nil when none of this id runs. Throws `storage`.
    public func cancel(_ id: String) async throws(JobsError) -> Backfill? {
        do {
            return try await pool.transaction { transaction in
                guard let row = try await transaction.query(Self.cancel, [.text(id)]).first else { return nil }
                _ = try await transaction.query(Self.cancelItems, [.text(id)])
                return try Backfill(row)
            }
        } catch {
            throw JobsError.wrap(error, "A backfill could not be cancelled")
        }
    }

    /// Ends a running one all of whose items have ended, and forgets its credentials; whether this call did. Throws
    /// `storage`.
    public func close(_ id: String) async throws(JobsError) -> Bool {
        try await !rows(Self.close, [.text(id)]) { try $0.string("id") }.isEmpty
    }

    /// All items in their order. Throws `storage`.
    public func items(of id: String) async throws(JobsError) -> [BackfillItem] {
        try await rows(Self.selectItems, [.text(id)]) { try BackfillItem($0) }
    }

    /// Those that ended at a moment or later, in the order of their ends. Throws `storage`.
    public func ended(of id: String, sinceMilliseconds: Int64) async throws(JobsError) -> [BackfillItem] {
        try await rows(Self.selectEnded, [.text(id), .instant(milliseconds: sinceMilliseconds)]) {
            try BackfillItem($0)
        }
    }

    /// Those that have not ended, in their order. Throws `storage`.
    public func open(of id: String) async throws(JobsError) -> [BackfillItem] {
        try await rows(Self.selectOpen, [.text(id)]) { try BackfillItem($0) }
    }

    /// One item; nil when there is none. Throws `storage`.
    func item(_ workspace: String, of id: String) async throws(JobsError) -> BackfillItem? {
        try await rows(Self.selectItem, [.text(id), .text(workspace)]) { try BackfillItem($0) }.first
    }

    /// Notes that a job has an item; nil when its backfill does not run, or the item was done or skipped. Throws
    /// `storage`.
    func begin(_ workspace: String, of id: String, job: JobID) async throws(JobsError) -> BackfillItem? {
        try await rows(Self.begin, [.text(id), .text(workspace), .text(job.description)]) { try BackfillItem($0) }.first
    }

    /// Notes that an item is tried again later, and why. Throws `storage`.
    func putOff(_ workspace: String, of id: String, reason: String) async throws(JobsError) {
        let values: [PostgresValue] = [.text(id), .text(workspace), .text(Self.storable(reason))]
        _ = try await rows(Self.putOff, values) { try $0.string("workspace_id") }
    }

    /// Notes the end of an item that has none. Throws `storage`.
    public func end(
        _ workspace: String, of id: String, as state: BackfillItem.State, _ detail: String
    ) async throws(JobsError) {
        let values: [PostgresValue] = [
            .text(id), .text(workspace), .text(state.rawValue), .text(Self.storable(detail)),
        ]
        _ = try await rows(Self.end, values) { try $0.string("workspace_id") }
    }

    private static func storable(_ text: String) -> String { StorableText.make(text, maximumBytes: 1_000) }

    private func rows<Value>(
        _ statement: PostgresStatement, _ values: [PostgresValue], _ read: (PostgresRow) throws -> Value
    ) async throws(JobsError) -> [Value] {
        do { return try await pool.query(statement, values).map(read) } catch {
            throw JobsError.wrap(error, "Backfills could not be read or changed")
        }
    }

    /// The items' columns in the order of the insert.
    private static func columns(of plan: BackfillPlan, _ id: String, _ now: Int64) -> [PostgresValue] {
        let spaces = plan.items.map(\.workspace)
        let states = plan.items.map { item -> (BackfillItem.State, String) in
            switch item.verdict {
            case .wanted: (.pending, "")
            case .skipped(let reason): (.skipped, reason)
            case .refused(let reason): (.failed, reason)
            }
        }
        return [
            .text(id), .texts(spaces.map(\.id)), .integers(spaces.indices.map { Int64($0) }),
            .texts(spaces.map(\.subdomain)), .texts(spaces.map(\.displayName)), .texts(spaces.map(\.assignedDomain)),
            .texts(spaces.map(\.adminEmail)),
            .jsons(spaces.map { BackfillItem.list($0.memberEmails) }), .texts(states.map(\.0.rawValue)),
            .texts(states.map(\.1)), .instants(states.map { $0.0.isEnd ? now : nil }),
        ]
    }
}
