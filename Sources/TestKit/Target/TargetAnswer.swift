/// What a ``FakeTarget`` does with one request.
package enum TargetAnswer: Sendable {
    /// Answers at once.
    case reply(status: Int, headers: [(name: String, value: String)], body: [UInt8])
    /// Answers after a while, with a short body.
    case late(status: Int, milliseconds: Int)
    /// Keeps the request until ``FakeTarget/release()``, then answers.
    case held(status: Int)
    /// Reads the request and never answers; the client has to leave.
    case hang
    /// Answers with a TCP reset.
    case reset
    /// Closes the connection without a byte.
    case close
    /// Sends bytes that are not HTTP and closes.
    case garbage
    /// Sends the head at once and then a byte of the body each 100 ms, without end.
    case drip(status: Int)
    /// Sends the head a byte each 100 ms, without ever completing it.
    case dripHead

    /// Whether the target takes the request: an answer that begins with a 2xx.
    package var isSuccess: Bool {
        switch self {
        case .reply(let status, _, _), .late(let status, _), .held(let status), .drip(let status):
            200...299 ~= status
        case .hang, .reset, .close, .garbage, .dripHead:
            false
        }
    }

    /// A status with a short body.
    package static func status(_ status: Int, _ headers: (name: String, value: String)...) -> TargetAnswer {
        .reply(status: status, headers: headers, body: Array("{}".utf8))
    }

    /// A status with a body of so many bytes.
    package static func big(status: Int, byteCount: Int) -> TargetAnswer {
        .reply(status: status, headers: [], body: [UInt8](repeating: UInt8(ascii: "x"), count: byteCount))
    }
}
