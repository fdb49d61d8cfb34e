import Postgres

/// One attempt as the log has it.
public struct RecordedAttempt: Sendable, Hashable {
    /// From 1; nil for one that was not spent.
    public let number: Int64?
    /// As in `DeliveryAttempt.Outcome`.
    public let outcome: String
    public let worker: String
    /// By Redis's clock, Unix ms.
    public let claimedAtMilliseconds: Int64
    /// By the worker's clock, Unix ms.
    public let startedAtMilliseconds: Int64
    public let retryAtMilliseconds: Int64?
    public let status: Int64?
    public let errorCode: String?
    public let error: String?
    public let prepareMicroseconds: Int64
    public let limiterMicroseconds: Int64
    public let times: HTTPTimes
    public let address: String?
    public let isReused: Bool?
    public let requestHead: String?
    public let responseHead: String?
    /// nil when no response came.
    public let responseBody: [UInt8]?
    public let isCut: Bool

    static let columns = """
        number, outcome, worker, claimed_at, started_at, retry_at, status, error_code, error, prepare_us, limiter_us, dns_us, \
        connect_us, tls_us, first_byte_us, body_us, total_us, address, is_reused, request_head, response_head, \
        response_body, is_cut
        """

    init(_ row: PostgresRow) throws {
        number = try row.optionalInteger("number")
        outcome = try row.string("outcome")
        worker = try row.string("worker")
        claimedAtMilliseconds = try row.instantMilliseconds("claimed_at")
        startedAtMilliseconds = try row.instantMilliseconds("started_at")
        retryAtMilliseconds = try row.optionalInstantMilliseconds("retry_at")
        status = try row.optionalInteger("status")
        errorCode = try row.optionalString("error_code")
        error = try row.optionalString("error")
        prepareMicroseconds = try row.integer("prepare_us")
        limiterMicroseconds = try row.integer("limiter_us")
        var times = HTTPTimes()
        times.dns = try row.integer("dns_us")
        times.connect = try row.integer("connect_us")
        times.tls = try row.integer("tls_us")
        times.firstByte = try row.integer("first_byte_us")
        times.body = try row.integer("body_us")
        times.total = try row.integer("total_us")
        self.times = times
        address = try row.optionalString("address")
        isReused = try row.optionalBoolean("is_reused")
        requestHead = try row.optionalString("request_head")
        responseHead = try row.optionalString("response_head")
        responseBody = try row.optionalBytes("response_body")
        isCut = try row.boolean("is_cut")
    }
}
