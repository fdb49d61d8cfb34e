import Redis

extension QueueClient {
    /// Traces of finished jobs of one queue that nobody has recorded yet, at most about `count`; in no order.
    public func finishedTraces(of queue: QueueName, count: Int) async throws(QueueError) -> [FinishedTrace] {
        let keys = Keys(namespace: namespace, queue: queue)
        let reply = try await run(command("HRANDFIELD", keys.finished, "\(count)", "WITHVALUES"))
        let values = strings(reply)
        return stride(from: 0, to: values.count - 1, by: 2).compactMap { index in
            JobID(values[index]).flatMap { FinishedTrace(id: $0, queue: queue, line: values[index + 1]) }
        }
    }

    /// Drops traces that the history has now. One that a later end of the same job has taken the place of stays.
    public func forget(_ traces: [FinishedTrace], of queue: QueueName) async throws(QueueError) {
        guard !traces.isEmpty else { return }
        var command = RedisCommand(
            script: Scripts.forget, keys: [Keys(namespace: namespace, queue: queue).finished])
        for trace in traces {
            command.append(trace.id)
            command.append(trace.head)
        }
        _ = try await run(command)
    }

    /// Whether Redis answers.
    public func ping() async throws(QueueError) { _ = try await run(RedisCommand("PING")) }
}
