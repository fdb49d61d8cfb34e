import Redis

/// Something that a handler wants remembered after its job has ended, and could not write down where it belongs: it waits in
/// Redis for a recorder. The engine knows nothing of what it says.
public struct LogEntry: Sendable, Hashable {
    /// Sets it apart: another of the same name takes its place.
    public let name: String
    /// What it says.
    public let bytes: [UInt8]

    /// An entry.
    public init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }
}

extension QueueClient {
    /// Leaves entries for a queue's recorder. Doing it again is harmless.
    ///
    /// - Parameters:
    ///   - entries: some hundreds.
    ///   - mostEntries: how many may wait in all.
    ///   - mostBytes: how much they may hold together.
    /// - Returns: how many were left out because there was no room; they are counted as `log_dropped`.
    @discardableResult
    public func log(
        _ entries: [LogEntry], of queue: QueueName, mostEntries: Int = Limits.maximumLogEntries,
        mostBytes: Int = Limits.maximumLogBytes
    ) async throws(QueueError) -> Int {
        guard !entries.isEmpty else { return 0 }
        let keys = Keys(namespace: namespace, queue: queue)
        var command = RedisCommand(
            script: Scripts.log, keys: [keys.log, keys.meta, keys.counters],
            reserving: entries.reduce(64) { $0 + $1.bytes.count + $1.name.utf8.count + 32 })
        command.append(mostEntries)
        command.append(mostBytes)
        for entry in entries {
            command.append(entry.name)
            command.append(entry.bytes)
        }
        guard let dropped = try await run(command).integerValue else { throw Self.unexpectedReply }
        return Int(dropped)
    }

    /// Entries of one queue that nobody has written down yet, at most about `count`; in no order.
    public func waitingLog(of queue: QueueName, count: Int) async throws(QueueError) -> [LogEntry] {
        let keys = Keys(namespace: namespace, queue: queue)
        let reply = try await run(command("HRANDFIELD", keys.log, "\(count)", "WITHVALUES"))
        let values = reply.arrayValue ?? []
        return stride(from: 0, to: values.count - 1, by: 2).compactMap { index in
            guard let name = values[index].string, let bytes = values[index + 1].bytesValue else { return nil }
            return LogEntry(name: name, bytes: bytes)
        }
    }

    /// Drops entries that are written down now, or never can be.
    public func unlog(_ names: [String], of queue: QueueName) async throws(QueueError) {
        guard !names.isEmpty else { return }
        let keys = Keys(namespace: namespace, queue: queue)
        var command = RedisCommand(script: Scripts.unlog, keys: [keys.log, keys.meta])
        for name in names { command.append(name) }
        _ = try await run(command)
    }
}
