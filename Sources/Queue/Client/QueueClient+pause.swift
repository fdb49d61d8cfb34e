import Redis

extension QueueClient {
    /// Stops claims from a queue, of every worker, from its next trip on. What runs goes on; jobs still come in and fall
    /// due. The pause outlasts every process.
    ///
    /// - Returns: whether it was running before. The time of the first pause stays.
    @discardableResult
    public func pause(_ queue: QueueName) async throws(QueueError) -> Bool {
        var command = RedisCommand(
            script: Scripts.pause, keys: [Keys(namespace: namespace, queue: queue).meta])
        command.append(scriptTimeMilliseconds)
        return try await run(command) == .integer(1)
    }

    /// Lets a paused queue be claimed from again, and wakes idle workers.
    ///
    /// - Returns: whether it was paused before.
    @discardableResult
    public func resume(_ queue: QueueName) async throws(QueueError) -> Bool {
        let keys = Keys(namespace: namespace, queue: queue)
        var command = RedisCommand(script: Scripts.resume, keys: [keys.meta, keys.doorbell])
        command.append(Limits.maximumDoorbellTokens)
        return try await run(command) == .integer(1)
    }
}
