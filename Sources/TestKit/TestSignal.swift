/// Something that a test waits for: work under test signals, the test awaits. No sleeping, no polling.
public final class TestSignal<Value: Sendable>: Sendable {
    private let stream: AsyncStream<Value>
    private let continuation: AsyncStream<Value>.Continuation

    public init() { (stream, continuation) = AsyncStream.makeStream() }

    /// Adds a value; never blocks.
    public func send(_ value: Value) { continuation.yield(value) }

    /// The next `count` values in the order they were sent. The suite's time limit bounds the wait.
    public func next(_ count: Int) async -> [Value] {
        var values: [Value] = []
        guard count > 0 else { return values }
        for await value in stream {
            values.append(value)
            if values.count == count { break }
        }
        return values
    }

    /// The next value.
    public func next() async -> Value? { await next(1).first }
}
