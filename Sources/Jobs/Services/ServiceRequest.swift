internal import Basics
public import Curl

/// One call of a ``ServiceClient``.
public struct ServiceRequest: Sendable {
    /// The method.
    public var method: CurlRequest.Method
    /// Below the service's base, beginning with a slash; its parts already encoded.
    public var path: String
    /// In this order; encoded by the client.
    public var query: [(name: String, value: String)]
    /// Beside `Authorization`, `Accept` and, with a body, `Content-Type: application/json`, each of which a field of the
    /// same name replaces.
    public var headers: [(name: String, value: String)]
    /// JSON, unless `headers` says otherwise; nil for none.
    public var body: [UInt8]?
    /// What is in it and must not show in an error, beside the service's token.
    public var secrets: [String]

    /// A call.
    public init(
        _ method: CurlRequest.Method, _ path: String, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], body: [UInt8]? = nil, secrets: [String] = []
    ) {
        (self.method, self.path, self.query) = (method, path, query)
        (self.headers, self.body, self.secrets) = (headers, body, secrets)
    }
}
