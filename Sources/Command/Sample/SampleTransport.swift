/// One HTTP request to the API.
public struct SampleRequest: Sendable {
    /// `GET` or `POST`.
    public let method: String
    /// The path with its query.
    public let path: String
    /// The bearer token, if one is sent.
    public let token: String?
    /// A JSON body, if one is sent.
    public let body: [UInt8]?

    /// Makes a request.
    public init(method: String, path: String, token: String? = nil, body: [UInt8]? = nil) {
        self.method = method
        self.path = path
        self.token = token
        self.body = body
    }
}

/// Its answer.
public struct SampleResponse: Hashable, Sendable {
    /// The status code.
    public let status: Int
    /// The body, whole.
    public let body: [UInt8]

    /// Makes an answer.
    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}

/// How the sample's requests reach the API.
public protocol SampleTransport: Sendable {
    /// Sends one request and reads its answer, within a few seconds.
    ///
    /// - Throws: `.serverAway` when there was no whole answer.
    func send(_ request: SampleRequest) async throws(CommandError) -> SampleResponse
}
