public import Curl

/// One request and what came back, fit to be kept: no secrets, nothing beyond its limit.
public struct HTTPExchange: Sendable, Hashable, Codable {
    /// `POST http://host:port/… HTTP/1.1` and the header lines.
    public var requestHead: String
    /// The status, if a status line came.
    public var status: Int?
    /// The status line and the header lines; nil when no whole head came.
    public var responseHead: String?
    /// The beginning of the body, any bytes.
    public var responseBody: [UInt8] = []
    /// Whether the body was longer than what is kept.
    public var isCut = false
    /// The peer's address and port.
    public var address: String?
    /// Whether a kept connection served it; nil when no response came.
    public var isReused: Bool?
    /// Where the time went.
    public var times = HTTPTimes()

    /// A request that nothing came back of.
    ///
    /// - Parameter secrets: texts that are in it and must not be kept.
    public init(_ request: CurlRequest, secrets: [String]) { self.init(request, mask: SecretMask(secrets)) }

    init(_ request: CurlRequest, mask: SecretMask) { requestHead = HTTPHead.text(of: request, mask: mask) }

    /// Takes the response in.
    public mutating func take(_ response: CurlResponse, secrets: [String]) {
        take(response, mask: SecretMask(secrets))
    }

    mutating func take(_ response: CurlResponse, mask: SecretMask) {
        status = response.status
        responseHead = HTTPHead.text(of: response, mask: mask)
        // A secret that the limit cuts in two is masked before it is cut.
        let body = mask.scrub(Array(response.body.prefix(DeliveryAttempt.maximumBodyBytes + mask.longestBytes)))
        responseBody = Array(body.prefix(DeliveryAttempt.maximumBodyBytes))
        isCut = response.bodyIsTruncated || response.body.count > DeliveryAttempt.maximumBodyBytes
        address = response.remoteAddress?.description
        isReused = response.connectionWasReused
        times = HTTPTimes(response.timings)
    }

    /// Takes in how it failed.
    public mutating func take(_ error: CurlError) {
        status = error.status
        address = error.refusedAddress?.description
        times = HTTPTimes(error.timings)
    }

    var byteCount: Int { requestHead.utf8.count + (responseHead?.utf8.count ?? 0) + responseBody.count + 128 }
}

/// Where the time of one request went, in microseconds. The phases add up to the total.
public struct HTTPTimes: Sendable, Hashable, Codable {
    public var dns: Int64 = 0
    public var connect: Int64 = 0
    public var tls: Int64 = 0
    /// Sending the request and waiting for the response.
    public var firstByte: Int64 = 0
    public var body: Int64 = 0
    public var total: Int64 = 0

    /// No time at all.
    public init() {}

    init(_ timings: CurlTimings) {
        (dns, connect, tls) = (timings.dns, timings.connect, timings.tls)
        (firstByte, body, total) = (timings.firstByte, timings.body, timings.total)
    }
}
