public import Postgres
import Queue

/// What is remembered of that which Twenty tells: `jobs.inbound_records`, `jobs.inbound_bodies`, `jobs.inbound_counts`.
public struct InboundStore: Sendable {
    let pool: PostgresPool

    /// A store over a pool.
    public init(pool: PostgresPool) { self.pool = pool }

    /// Judges a change and notes what is told. A job that runs again gets the verdict that it got the first time. One
    /// transaction of up to four statements. Throws `storage`.
    func tell(_ change: InboundChange, job: JobID) async throws(JobsError) -> InboundChange.Action? {
        // Of a record without an id nothing can be remembered.
        guard let recordID = change.recordID else { return change.action }
        let key: [PostgresValue] = [.text(change.workspaceID), .text(change.object), .text(recordID)]
        do {
            return try await pool.transaction { transaction in
                _ = try await transaction.query(Self.makeRow, key)
                guard let row = try await transaction.query(Self.lockRow, key).first else { return change.action }
                if try row.string("job") == job.description {
                    return try row.optionalString("verdict").flatMap(InboundChange.Action.init(rawValue:))
                }
                var told = try ToldRecord(row)
                let action = told.tell(change)
                let values: [PostgresValue] = [
                    told.toldAt.map { .integer($0) } ?? .null, told.reconciledAt.map { .integer($0) } ?? .null,
                    told.createdBy.map { .text($0.rawValue) } ?? .null,
                    told.removedBy.map { .text($0.rawValue) } ?? .null,
                    .text(job.description), action.map { .text($0.rawValue) } ?? .null,
                ]
                _ = try await transaction.query(Self.updateRow, key + values)
                return action
            }
        } catch {
            throw JobsError.wrap(error, "What was told of a record could not be read")
        }
    }

    /// What has been told of these records of one workspace, by id. One query. Throws `storage`.
    func told(
        workspaceID: String, object: String, recordIDs: [String]
    ) async throws(JobsError) -> [String: ToldRecord] {
        do {
            var told: [String: ToldRecord] = [:]
            let values: [PostgresValue] = [.text(workspaceID), .text(object), .texts(recordIDs)]
            for row in try await pool.query(Self.selectRows, values) {
                told[try row.string("record_id")] = try ToldRecord(row)
            }
            return told
        } catch {
            throw JobsError.wrap(error, "What was told of records could not be read")
        }
    }

    /// Notes a request that was signed without a time.
    ///
    /// - Returns: whether it was noted so long ago that no receipt knows it any more: then it is a copy. Throws `storage`.
    public func isOldBody(_ name: String) async throws(JobsError) -> Bool {
        do {
            let values: [PostgresValue] = [.text(name), .integer(Limits.receiptLifetimeMilliseconds / 2)]
            return try await pool.query(Self.noteBody, values).first?.boolean("is_old") ?? false
        } catch {
            throw JobsError.wrap(error, "What was received could not be read")
        }
    }

    /// Adds to the counts of a day. Throws `storage`.
    func add(_ counts: [String: Int64], nowMilliseconds: Int64) async throws(JobsError) {
        let sorted = counts.sorted { $0.key < $1.key }
        do {
            _ = try await pool.query(
                Self.addCounts,
                [.instant(milliseconds: nowMilliseconds), .texts(sorted.map(\.key)), .integers(sorted.map(\.value))])
        } catch {
            throw JobsError.wrap(error, "What was received could not be counted")
        }
    }

    /// What came in on the last so many days, the newest first. Throws `storage`.
    public func counts(days: Int) async throws(JobsError) -> [InboundCount] {
        do {
            return try await pool.query(Self.selectCounts, [.integer(Int64(days))]).map { row in
                InboundCount(
                    day: try row.string("day"), result: try row.string("result"), count: try row.integer("count"))
            }
        } catch {
            throw JobsError.wrap(error, "The counts could not be read")
        }
    }

    /// Removes up to `count` rows that were not touched since a moment, of each table. Throws `storage`.
    func remove(beforeMilliseconds: Int64, count: Int) async throws(JobsError) -> Int {
        do {
            var removed = 0
            for statement in [Self.removeRecords, Self.removeCounts] {
                removed += try await pool.query(
                    statement, [.instant(milliseconds: beforeMilliseconds), .integer(Int64(count))]
                ).affectedRows
            }
            return removed
        } catch {
            throw JobsError.wrap(error, "Old rows could not be removed")
        }
    }

    /// Removes up to `count` notes of requests without a time that are older. Throws `storage`.
    func removeBodies(beforeMilliseconds: Int64, count: Int) async throws(JobsError) -> Int {
        do {
            return try await pool.query(
                Self.removeBodies, [.instant(milliseconds: beforeMilliseconds), .integer(Int64(count))]
            ).affectedRows
        } catch {
            throw JobsError.wrap(error, "Old rows could not be removed")
        }
    }
}

/// How often something came in on one day.
public struct InboundCount: Sendable, Hashable {
    /// `2026-01-31`, UTC.
    public let day: String
    /// What became of it.
    public let result: String
    /// How often.
    public let count: Int64
}

extension ToldRecord {
    fileprivate init(_ row: PostgresRow) throws(PostgresError) {
        toldAt = try row.optionalInteger("told_at")
        reconciledAt = try row.optionalInteger("reconciled_at")
        createdBy = try row.optionalString("created_by").flatMap(InboundChange.Source.init(rawValue:))
        removedBy = try row.optionalString("removed_by").flatMap(InboundChange.Source.init(rawValue:))
    }
}
