import Postgres
import Queue

/// Rows of `jobs.replays` as values.
extension Replay {
    static let columns = """
        id, state, from_at, to_at, delivery_state, target, endpoint_id, event_type, domain_name, pace, created_at, changed_at, \
        ended_at, total, cursor, batch_end, examined, sent, not_ended, endpoint_deleted, endpoint_off, payload_gone, \
        unreadable, runner, is_settled, error
        """

    init(_ row: PostgresRow) throws {
        guard let state = State(rawValue: try row.string("state")), let runner = JobID(try row.string("runner")) else {
            throw JobsError(.unexpectedData, "jobs.replays has a row that this release does not know")
        }
        id = try row.string("id")
        self.state = state
        self.runner = runner
        toMilliseconds = try row.instantMilliseconds("to_at")
        createdAtMilliseconds = try row.instantMilliseconds("created_at")
        var filter = DeliveryFilter()
        filter.fields[.state] = try row.optionalString("delivery_state")
        filter.fields[.target] = try row.optionalString("target")
        filter.fields[.endpoint] = try row.optionalString("endpoint_id")
        filter.fields[.eventType] = try row.optionalString("event_type")
        filter.fields[.domainName] = try row.optionalString("domain_name")
        filter.sinceMilliseconds = try row.instantMilliseconds("from_at")
        filter.untilMilliseconds = min(toMilliseconds, createdAtMilliseconds)
        self.filter = filter
        pace = Int(try row.integer("pace"))
        changedAtMilliseconds = try row.instantMilliseconds("changed_at")
        endedAtMilliseconds = try row.optionalInstantMilliseconds("ended_at")
        total = try row.integer("total")
        cursor = try row.string("cursor")
        batchEnd = try row.optionalString("batch_end")
        examined = try row.integer("examined")
        sent = try row.integer("sent")
        var skipped: [Skip: Int64] = [:]
        for skip in Skip.allCases { skipped[skip] = try row.integer(skip.rawValue) }
        self.skipped = skipped
        isSettled = try row.boolean("is_settled")
        error = try row.optionalString("error")
    }
}

/// One delivery of a batch.
struct ReplayCandidate: Sendable {
    let delivery: Delivery
    let standing: ReplayStanding
    /// Its job's arguments, where the log has them.
    let payload: [UInt8]?

    init(_ row: PostgresRow) throws {
        delivery = try RecordedDelivery(row).delivery
        payload = try row.optionalBytes("payload")
        standing = try ReplayStanding(row)
    }
}

/// Whether a delivery can be sent again, as far as the database knows.
enum ReplayStanding: Sendable, Hashable {
    case ready
    /// If its job is in the dead set.
    case buried
    case skipped(Replay.Skip)

    /// The column that ``sql(moment:)`` makes.
    init(_ row: PostgresRow) throws {
        switch try row.string("standing") {
        case "ready": self = .ready
        case "buried": self = .buried
        case let text:
            guard let skip = Replay.Skip(rawValue: text) else {
                throw JobsError(.unexpectedData, "a delivery stands in an unknown way")
            }
            self = .skipped(skip)
        }
    }

    /// - Parameter moment: the number of the parameter that says when the replay was asked for.
    static func sql(moment: Int) -> String {
        """
        CASE WHEN state IN ('pending', 'retrying') OR attempted_at > $\(moment) THEN 'not_ended'
            WHEN endpoint_id IS NULL THEN CASE WHEN payload IS NOT NULL THEN 'ready' WHEN state = 'failed' THEN 'buried'
                ELSE 'payload_gone' END
            WHEN NOT EXISTS (SELECT FROM jobs.endpoints AS e WHERE e.id = endpoint_id) THEN 'endpoint_deleted'
            WHEN NOT EXISTS (SELECT FROM jobs.endpoints AS e WHERE e.id = endpoint_id AND e.enabled) THEN 'endpoint_off'
            WHEN payload IS NOT NULL THEN 'ready' WHEN state = 'failed' THEN 'buried' ELSE 'payload_gone' END
        """
    }
}
