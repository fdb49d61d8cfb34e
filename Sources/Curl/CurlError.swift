/// Why a request got no response, or none that can be relied on.
public struct CurlError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure. More may be added.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Name: String {
            case invalidRequest, resolveFailed, connectFailed, tlsFailed, timedOut, connectionReset, badResponse
            case addressRefused, cancelled, overloaded, stalled, closed, `internal`
        }

        private let name: Name

        private init(_ name: Name) { self.name = name }

        /// The request itself is wrong; nothing was sent.
        public static let invalidRequest = Code(.invalidRequest)
        /// The host's name did not resolve.
        public static let resolveFailed = Code(.resolveFailed)
        /// No TCP connection: refused, unreachable.
        public static let connectFailed = Code(.connectFailed)
        /// No TLS session: certificate, host name, protocol.
        public static let tlsFailed = Code(.tlsFailed)
        /// One of the two time limits passed; ``CurlError/phase`` says where.
        public static let timedOut = Code(.timedOut)
        /// The connection broke while sending or receiving, or closed without a response.
        public static let connectionReset = Code(.connectionReset)
        /// The answer was not HTTP, or its headers were above the limit.
        public static let badResponse = Code(.badResponse)
        /// The address policy said no; nothing was sent.
        public static let addressRefused = Code(.addressRefused)
        /// The sending task was cancelled.
        public static let cancelled = Code(.cancelled)
        /// As many requests in flight as the configuration allows; nothing was sent.
        public static let overloaded = Code(.overloaded)
        /// A time limit passed while this process was stopped or starved: the target did not have that time, and may
        /// have read the request and answered.
        public static let stalled = Code(.stalled)
        /// The client was shut down.
        public static let closed = Code(.closed)
        /// libcurl failed in a way that says nothing of the target: out of memory, an option it does not know.
        public static let `internal` = Code(.internal)

        public var description: String { name.rawValue }
    }

    public let code: Code

    /// The stage that the transfer had reached; nil if it never started.
    public let phase: CurlPhase?

    /// For people: libcurl's text where it has one. Holds host and port, never paths, headers, bodies or user info.
    public let message: String

    /// libcurl's own number; nil if the failure is not libcurl's.
    public let curlCode: Int32?

    /// The status, if a final status line arrived before the failure (a reply that drips past the time limit, a
    /// connection that breaks mid-body): the target has decided, and the caller may go by it.
    public let status: Int?

    /// All 0 if the transfer never started.
    public let timings: CurlTimings

    /// What the policy refused.
    public let refusedAddress: CurlAddress?

    init(
        code: Code,
        message: String,
        phase: CurlPhase? = nil,
        curlCode: Int32? = nil,
        status: Int? = nil,
        timings: CurlTimings = CurlTimings(),
        refusedAddress: CurlAddress? = nil,
    ) {
        self.code = code
        self.phase = phase
        self.message = message
        self.curlCode = curlCode
        self.status = status
        self.timings = timings
        self.refusedAddress = refusedAddress
    }

    /// The same, blamed on this process.
    func stalled(milliseconds: Int64) -> CurlError {
        CurlError(
            code: .stalled, message: "this process could not run for \(milliseconds) ms: \(message)", phase: phase,
            curlCode: curlCode, status: status, timings: timings, refusedAddress: refusedAddress)
    }

    static func invalid(_ message: String) -> CurlError { CurlError(code: .invalidRequest, message: message) }

    static let closedClient = CurlError(code: .closed, message: "the client is shut down")

    /// Whether the same request may succeed later without anybody changing it. A request that was never sent for a
    /// reason of ours (`overloaded`, `closed`) is retriable as well, and is no fault of the target: see
    /// ``isOurs``.
    public var isRetriable: Bool {
        switch code {
        case .invalidRequest, .addressRefused, .cancelled: false
        default: true
        }
    }

    /// Whether the failure says nothing of the target, so that it should not count as an attempt on it.
    public var isOurs: Bool {
        switch code {
        case .cancelled, .overloaded, .stalled, .closed, .internal: true
        default: false
        }
    }

    public var description: String {
        var text = code.description
        if let phase { text += " in \(phase)" }
        if let status { text += " after status \(status)" }
        if !message.isEmpty { text += ": \(message)" }
        if let curlCode { text += " (curl \(curlCode))" }
        return text
    }
}
