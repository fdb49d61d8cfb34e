/// What a ``FakeTarget`` does with one request.
package enum TargetAnswer: Sendable {
    /// Answers at once.
    case reply(status: Int, headers: [(name: String, value: String)], body: [UInt8])
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

    /// A status with a short body.
    package static func status(_ status: Int, _ headers: (name: String, value: String)...) -> TargetAnswer {
        .reply(status: status, headers: headers, body: Array("{}".utf8))
    }

    /// A status with a body of so many bytes.
    package static func big(status: Int, byteCount: Int) -> TargetAnswer {
        .reply(status: status, headers: [], body: [UInt8](repeating: UInt8(ascii: "x"), count: byteCount))
    }
}
