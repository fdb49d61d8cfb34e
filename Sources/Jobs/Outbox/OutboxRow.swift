import Postgres
import Queue

/// A row of the outbox on its way to Redis.
struct OutboxRow: Sendable {
    let number: Int64
    let submission: String
    let groupNumber: Int
    let queue: QueueName
    let job: NewJob
    /// Whether Redis was given it before, by a relay, and has lost it since.
    let wasRelayed: Bool
    /// Whether the row's policy was none that this release knows, so that the usual one stands in for it.
    let hasUnknownPolicy: Bool

    /// Throws `unexpectedData` for an id or a queue that no release writes.
    init(_ row: PostgresRow) throws {
        number = try row.integer("number")
        submission = try row.string("submission")
        groupNumber = Int(try row.integer("group_number"))
        guard let name = QueueName(try row.string("queue")), let id = JobID(try row.string("id")) else {
            throw JobsError(.unexpectedData, "jobs.outbox has a row with an unknown form of id or queue")
        }
        queue = name
        wasRelayed = try row.integer("times_relayed") > 0
        let policy = RetryPolicy(try row.string("policy"))
        hasUnknownPolicy = policy == nil
        job = NewJob(
            id: id, kind: try row.string("kind"), arguments: try row.bytes("arguments"),
            policy: policy ?? JobPolicy.internalWork, lane: try row.string("lane"),
            delayMilliseconds: try row.optionalInteger("delay_milliseconds") ?? 0, key: try Self.key(row),
            label: try row.optionalString("label"), orderKey: try row.optionalString("order_key"),
            timeLimitMilliseconds: try row.optionalInteger("time_limit_milliseconds"),
            version: Int(try row.integer("version")), isTracked: true)
    }

    private static func key(_ row: PostgresRow) throws -> JobKey? {
        guard let name = try row.optionalString("key") else { return nil }
        let milliseconds = try row.optionalInteger("key_milliseconds") ?? 0
        switch try row.string("key_kind") {
        case "unique": return .unique(name, lifetimeMilliseconds: milliseconds)
        case "ending": return .ending(name)
        default:
            return .debounce(
                name, quietMilliseconds: milliseconds, longestMilliseconds: try row.integer("longest_milliseconds"))
        }
    }

    /// The columns of rows for new jobs, in the order of the insert.
    static func columns(_ jobs: [(group: Int, job: NewJob)]) -> [PostgresValue] {
        [
            .integers(jobs.map { Int64($0.group) }), .texts(jobs.map(\.job.id.description)),
            .texts(jobs.map(\.job.envelope.kind)), .byteStrings(jobs.map(\.job.envelope.arguments)),
            .texts(jobs.map(\.job.envelope.policy.description)), .texts(jobs.map(\.job.envelope.lane)),
            .integers(jobs.map { $0.job.delayMilliseconds > 0 ? $0.job.delayMilliseconds : nil }),
            .texts(jobs.map { $0.job.key?.columns.kind }), .texts(jobs.map { $0.job.key?.name }),
            .integers(jobs.map { $0.job.key?.columns.milliseconds }),
            .integers(jobs.map { $0.job.key?.columns.longest }),
            .integers(jobs.map(\.job.envelope.options.timeLimitMilliseconds)),
            .integers(jobs.map { Int64($0.job.envelope.options.argumentsVersion) }), .texts(jobs.map(\.job.label)),
            .texts(jobs.map(\.job.envelope.options.orderKey)),
        ]
    }
}

extension JobKey {
    /// As three columns, beside the one for its name.
    fileprivate var columns: (kind: String, milliseconds: Int64?, longest: Int64?) {
        switch self {
        case .unique(_, let lifetime): ("unique", lifetime, nil)
        case .debounce(_, let quiet, let longest): ("debounce", quiet, longest)
        case .ending: ("ending", nil, nil)
        }
    }
}
