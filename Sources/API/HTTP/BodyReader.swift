internal import HTTPTypes
public import Hummingbird
internal import NIOCore
internal import NIOHTTP1

/// Reads the body of a request, within bounds.
public enum BodyReader {
    /// The whole body. Call it at most once a request.
    ///
    /// - Parameters:
    ///   - request: its body has not been read.
    ///   - maximumBytes: a longer body is refused: before a byte of it is read when its length is announced, else as
    ///     soon as it is passed. Memory held is bounded by this.
    /// - Throws: 413 (too long), 408 (not there within `HTTPLimits.requestReadLimitMilliseconds` of the head), 400 (it
    ///   ended early or is malformed). The connection is closed after each of them.
    public static func collect(_ request: Request, maximumBytes: Int) async throws(Problem) -> [UInt8] {
        let announced = request.headers[.contentLength].flatMap { Int($0) }
        if let announced, announced > maximumBytes { throw .contentTooLarge(maximumBytes: maximumBytes) }
        var bytes: [UInt8] = []
        do {
            for try await buffer in request.body {
                guard bytes.count + buffer.readableBytes <= maximumBytes else {
                    throw Problem.contentTooLarge(maximumBytes: maximumBytes)
                }
                if bytes.isEmpty { bytes.reserveCapacity(max(announced ?? 0, buffer.readableBytes)) }
                bytes.append(contentsOf: buffer.readableBytesView)
            }
        } catch {
            throw problem(for: error)
        }
        // A connection that closes half-way looks like the end of the body to the layer below.
        if let announced, announced != bytes.count { throw .malformedRequest() }
        return bytes
    }

    /// The whole body of a request that must be JSON; it is not parsed.
    ///
    /// - Throws: 415 before a byte is read; else like `collect`.
    public static func collectJSON(_ request: Request, maximumBytes: Int) async throws(Problem) -> [UInt8] {
        try ContentType.requireJSON(request)
        return try await collect(request, maximumBytes: maximumBytes)
    }

    private static func problem(for error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case is RequestReadTimeout: .requestTimeout()
        case is CancellationError: .unavailable("the server is shutting down", retryAfterSeconds: 1)
        // Whatever else the connection reports, the rest of this body will not come.
        default: .malformedRequest()
        }
    }
}
