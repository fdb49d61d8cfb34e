import Basics
import FoundationEssentials
public import Jobs

/// An attempt as people and programs are shown it.
public struct AttemptResource: Encodable, Sendable {
    /// From 1; null for one that was not spent.
    public let number: Int64?
    public let outcome: String
    public let worker: String
    public let claimedAt: String
    public let startedAt: String
    public let retryAt: String?
    public let status: Int64?
    public let errorCode: String?
    public let error: String?
    public let address: String?
    public let isReused: Bool?
    public let times: AttemptTimes
    public let requestHead: String?
    public let response: AttemptResponse?

    private enum CodingKeys: String, CodingKey {
        case number, outcome, worker, status, error, address, response
        case claimedAt = "claimed_at"
        case startedAt = "started_at"
        case retryAt = "retry_at"
        case errorCode = "error_code"
        case isReused = "connection_reused"
        case times = "times_ms"
        case requestHead = "request_head"
    }

    /// - Parameter dueAtMilliseconds: since when it could have been claimed, Unix ms; nil when that is not known.
    public init(_ row: RecordedAttempt, dueAtMilliseconds: Int64?) {
        number = row.number
        outcome = row.outcome
        worker = row.worker
        claimedAt = Timestamp(milliseconds: row.claimedAtMilliseconds).iso8601
        startedAt = Timestamp(milliseconds: row.startedAtMilliseconds).iso8601
        retryAt = row.retryAtMilliseconds.map { Timestamp(milliseconds: $0).iso8601 }
        status = row.status
        errorCode = row.errorCode
        error = row.error
        address = row.address
        isReused = row.isReused
        times = AttemptTimes(row, dueAtMilliseconds: dueAtMilliseconds)
        requestHead = row.requestHead
        response = row.status == nil ? nil : AttemptResponse(row)
    }

    /// With null for what there is not.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(number, forKey: .number)
        try container.encode(outcome, forKey: .outcome)
        try container.encode(worker, forKey: .worker)
        try container.encode(claimedAt, forKey: .claimedAt)
        try container.encode(startedAt, forKey: .startedAt)
        try container.encode(retryAt, forKey: .retryAt)
        try container.encode(status, forKey: .status)
        try container.encode(errorCode, forKey: .errorCode)
        try container.encode(error, forKey: .error)
        try container.encode(address, forKey: .address)
        try container.encode(isReused, forKey: .isReused)
        try container.encode(times, forKey: .times)
        try container.encode(requestHead, forKey: .requestHead)
        try container.encode(response, forKey: .response)
    }
}

/// Where the time of an attempt went, in milliseconds.
public struct AttemptTimes: Encodable, Sendable {
    /// From when it was due until a worker claimed it; nil when that is not known.
    public let queued: Double?
    /// How long a limit held it up.
    public let limiter: Double
    /// Our own work between claim and request.
    public let prepare: Double
    public let dns: Double
    public let connect: Double
    public let tls: Double
    /// Sending it and waiting for the answer's beginning.
    public let firstByte: Double
    public let body: Double
    /// Of the request: the sum of those from `dns` on.
    public let total: Double

    private enum CodingKeys: String, CodingKey {
        case queued, limiter, prepare, dns, connect, tls, body, total
        case firstByte = "first_byte"
    }

    init(_ row: RecordedAttempt, dueAtMilliseconds: Int64?) {
        func milliseconds(_ microseconds: Int64) -> Double { Double(microseconds) / 1_000 }
        queued = dueAtMilliseconds.map { Double(max(0, row.claimedAtMilliseconds - $0)) }
        limiter = milliseconds(row.limiterMicroseconds)
        prepare = milliseconds(row.prepareMicroseconds)
        dns = milliseconds(row.times.dns)
        connect = milliseconds(row.times.connect)
        tls = milliseconds(row.times.tls)
        firstByte = milliseconds(row.times.firstByte)
        body = milliseconds(row.times.body)
        total = milliseconds(row.times.total)
    }

    /// With null for what is not known.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(queued, forKey: .queued)
        try container.encode(limiter, forKey: .limiter)
        try container.encode(prepare, forKey: .prepare)
        try container.encode(dns, forKey: .dns)
        try container.encode(connect, forKey: .connect)
        try container.encode(tls, forKey: .tls)
        try container.encode(firstByte, forKey: .firstByte)
        try container.encode(body, forKey: .body)
        try container.encode(total, forKey: .total)
    }
}

/// What an attempt got back.
public struct AttemptResponse: Encodable, Sendable {
    /// nil when only the status came through.
    public let head: String?
    /// The beginning of the body: as text, or in base64 when it is none.
    public let body: String
    /// `utf-8` or `base64`.
    public let bodyEncoding: String
    /// Whether the body was longer.
    public let isCut: Bool

    private enum CodingKeys: String, CodingKey {
        case head, body
        case bodyEncoding = "body_encoding"
        case isCut = "body_cut"
    }

    init(_ row: RecordedAttempt) {
        head = row.responseHead
        isCut = row.isCut
        let bytes = row.responseBody ?? []
        if let text = Self.text(bytes, isCut: row.isCut) {
            (body, bodyEncoding) = (text, "utf-8")
        } else {
            (body, bodyEncoding) = (Data(bytes).base64EncodedString(), "base64")
        }
    }

    /// The bytes as text; nil when they are none, or hold a NUL, which many readers of JSON refuse. A character that a cut
    /// went through is left out.
    private static func text(_ bytes: [UInt8], isCut: Bool) -> String? {
        guard !bytes.contains(0) else { return nil }
        for dropped in 0...(isCut ? min(3, bytes.count) : 0) {
            if let text = String(validating: bytes.dropLast(dropped), as: UTF8.self) { return text }
        }
        return nil
    }

    /// With null for what there is not.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(head, forKey: .head)
        try container.encode(body, forKey: .body)
        try container.encode(bodyEncoding, forKey: .bodyEncoding)
        try container.encode(isCut, forKey: .isCut)
    }
}
