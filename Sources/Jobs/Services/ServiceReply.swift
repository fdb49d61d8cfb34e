public import Basics
internal import Curl

/// What a service answered, whatever it was.
public struct ServiceReply: Sendable {
    /// The service's name, for errors.
    let service: String
    /// 100 to 599.
    public let status: Int
    /// As they came.
    public let headers: [(name: String, value: String)]
    /// As it came, whole.
    public let body: [UInt8]
    /// How long `Retry-After` asks to wait, in ms; nil without one that can be read.
    public let retryAfterMilliseconds: Int64?
    private let mask: SecretMask

    init(service: String, _ response: CurlResponse, retryAfterMilliseconds: Int64?, mask: SecretMask) {
        (self.service, self.mask, self.retryAfterMilliseconds) = (service, mask, retryAfterMilliseconds)
        (status, headers, body) = (response.status, response.headers, response.body)
    }

    /// Whether it is 200 to 299.
    public var isSuccess: Bool { 200...299 ~= status }

    /// The body as JSON.
    ///
    /// - Throws: `unreadable` for anything else, such as a proxy's page.
    public func json(
        limits: JSONLimits = JSONLimits(bytes: 64 << 20, values: 5_000_000)
    ) throws(ServiceError)
        -> JSONValue
    {
        do {
            return try JSONParser.parse(body, limits: limits)
        } catch {
            throw ServiceError(.unreadable, service: service, "the answer is not JSON (\(error.code))", status: status)
        }
    }

    /// Itself when it is a success.
    ///
    /// - Throws: what else it says, by the status alone. The message holds the beginning of the answer, with the tokens
    ///   and secrets of the request struck out.
    @discardableResult
    public func success() throws(ServiceError) -> ServiceReply {
        guard !isSuccess else { return self }
        throw ServiceError(
            .of(status: status), service: service, summary, status: status,
            retryAfterMilliseconds: retryAfterMilliseconds)
    }

    /// The status and the beginning of the body on one line, without secrets.
    public var summary: String {
        let line = shown(String(decoding: body.prefix(Self.shownBytes), as: UTF8.self))
        return line.isEmpty ? "status \(status)" : "status \(status): \(line)"
    }

    /// A text out of the answer as it may be shown: its beginning, on one line, without the secrets of the request.
    public func shown(_ text: String) -> String {
        let scrubbed = mask.scrub(String(decoding: text.utf8.prefix(Self.shownBytes), as: UTF8.self))
        return String(scrubbed.map { $0.isNewline || $0.asciiValue.map { $0 < 0x20 } ?? false ? " " : $0 })
    }

    private static let shownBytes = 300
}
