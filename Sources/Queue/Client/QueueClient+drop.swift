import Redis

extension QueueClient {
    /// Takes buried jobs of one queue that match out of the dead set for good, and answers how many. Each leaves a trace
    /// that it is dead, in the history from then on.
    ///
    /// Costs a walk over the dead set, and one call for each ``Limits/droppedPerCall`` jobs; a job that is buried
    /// meanwhile stays.
    public func dropDead(
        in queue: QueueName, matching filter: DeadFilter = DeadFilter()
    ) async throws(QueueError) -> Int {
        let keys = Keys(namespace: namespace, queue: queue)
        let ids = try await deadIDs(in: queue, matching: filter)
        var count = 0
        for first in stride(from: 0, to: ids.count, by: Limits.droppedPerCall) {
            var command = call(Scripts.drop, keys)
            for id in ids[first..<min(first + Limits.droppedPerCall, ids.count)] { command.append(id) }
            count += Int(try await run(command).integerValue ?? 0)
        }
        return count
    }

    /// Puts these jobs back to work with fresh budgets, those of them that are buried, and answers how many those were. One
    /// whose unique or debounce key another job holds by now stays buried.
    public func retryDead(_ ids: [JobID], in queue: QueueName) async throws(QueueError) -> Int {
        let keys = Keys(namespace: namespace, queue: queue)
        var count = 0
        for first in stride(from: 0, to: ids.count, by: Limits.revivedPerCall) {
            var command = call(Scripts.revive, keys)
            for id in ids[first..<min(first + Limits.revivedPerCall, ids.count)] { command.append(id) }
            count += Int(try await run(command).integerValue ?? 0)
        }
        return count
    }

    /// The ids of all buried jobs of one queue that match, the newest first.
    func deadIDs(in queue: QueueName, matching filter: DeadFilter) async throws(QueueError) -> [JobID] {
        var ids: [JobID] = []
        var offset: Int? = 0
        while let from = offset {
            let page = try await dead(in: queue, matching: filter, limit: 200, offset: from)
            ids.append(contentsOf: page.jobs.map(\.id))
            offset = page.nextOffset
        }
        return ids
    }
}
