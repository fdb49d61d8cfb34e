public import HTTPTypes

/// An answer that is an error, as RFC 9457 describes it. Any handler may throw it.
///
/// Everything in it is shown to the caller: no internals, no secrets.
public struct Problem: Error, Sendable, Equatable {
    /// One bad field of the request.
    public struct Field: Sendable, Equatable {
        /// Where it is in the body, as a JSON pointer (RFC 6901), such as `/events/3/type`.
        public var pointer: String
        /// What is wrong and what is allowed.
        public var detail: String

        /// One bad field.
        public init(pointer: String, detail: String) {
            self.pointer = pointer
            self.detail = detail
        }
    }

    /// The HTTP status, 400...599.
    public var status: HTTPResponse.Status
    /// A URI that names the kind of problem; `about:blank` when the status says it all.
    public var type: String
    /// The kind of problem in a few words, the same for each of its kind.
    public var title: String
    /// What happened this time, for a person.
    public var detail: String?
    /// Bad fields, when the body is at fault.
    public var errors: [Field]
    /// Seconds after which trying again may help; becomes `Retry-After`.
    public var retryAfterSeconds: Int?
    /// What the path can do; becomes `Allow`.
    public var allow: [HTTPRequest.Method]
    /// Becomes `WWW-Authenticate`.
    public var challenge: String?
    /// The connection is closed after the answer: the rest of the request is not worth reading.
    public var closesConnection: Bool

    /// - Parameters:
    ///   - status: 400...599.
    ///   - detail: what happened this time.
    ///   - errors: bad fields.
    ///   - title: by default the words of the status.
    ///   - type: by default `about:blank`.
    public init(
        _ status: HTTPResponse.Status,
        detail: String? = nil,
        errors: [Field] = [],
        title: String? = nil,
        type: String = "about:blank",
    ) {
        self.status = status
        self.type = type
        self.title = title ?? status.reasonPhrase
        self.detail = detail
        self.errors = errors
        self.retryAfterSeconds = nil
        self.allow = []
        self.challenge = nil
        self.closesConnection = false
    }
}
