import Glibc
import Testing
import Threads

@testable import Curl

/// Events that a server's thread fires and a test awaits, in order.
final class Signal<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func fire(_ value: Value) { continuation.yield(value) }

    func next() async throws -> Value {
        var iterator = stream.makeAsyncIterator()
        return try #require(await iterator.next())
    }
}

/// A policy made of a closure; keeps what it was asked.
final class TestPolicy: CurlAddressPolicy {
    private let verdict: @Sendable (CurlAddress) -> Bool
    private let seen = Locked<[CurlAddress]>([])

    init(_ verdict: @escaping @Sendable (CurlAddress) -> Bool) { self.verdict = verdict }

    var asked: [CurlAddress] { seen.withLock { $0 } }

    func allows(_ address: CurlAddress) -> Bool {
        seen.withLock { $0.append(address) }
        return verdict(address)
    }
}

/// Runs `body` with a client that is shut down afterwards.
func withClient(
    _ configuration: CurlConfiguration = CurlConfiguration(),
    _ body: (CurlClient) async throws -> Void,
) async throws {
    // As every program does: TLS over a connection that the server has closed raises it.
    _ = signal(SIGPIPE, SIG_IGN)
    let client = CurlClient(configuration: configuration)
    do {
        try await body(client)
    } catch {
        await client.shutdown()
        throw error
    }
    await client.shutdown()
}

/// The error that `send` must end with.
func failure(
    _ client: CurlClient,
    _ request: CurlRequest,
    sourceLocation: SourceLocation = #_sourceLocation,
) async throws -> CurlError {
    do {
        let response = try await client.send(request)
        Issue.record("got status \(response.status)", sourceLocation: sourceLocation)
        throw UnexpectedResponse()
    } catch let error as CurlError {
        return error
    }
}

struct UnexpectedResponse: Error {}

/// A response with a length.
func response(_ status: String, _ body: String = "", headers: String = "") -> String {
    "HTTP/1.1 \(status)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}
