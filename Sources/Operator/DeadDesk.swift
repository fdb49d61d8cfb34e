public import Basics
public import Queue

/// Looks at buried jobs, sends them to work again, takes them away.
public struct DeadDesk: Sendable {
    private let queue: QueueClient
    private let clock: any WallClock

    /// A desk over a connection.
    public init(queue: QueueClient, clock: any WallClock) {
        self.queue = queue
        self.clock = clock
    }

    /// One page: queue after queue, each from its newest.
    ///
    /// - Parameter limit: 1 or more.
    public func page(
        _ selection: DeadSelection, limit: Int, from cursor: DeadCursor = DeadCursor()
    ) async throws(QueueError) -> Page<JobResource> {
        var items: [JobResource] = []
        let now = clock.nowMilliseconds()
        for (index, name) in selection.queues.enumerated() where index >= cursor.queue {
            let offset = index == cursor.queue ? cursor.offset : 0
            let page = try await queue.dead(
                in: name, matching: selection.filter, limit: limit - items.count, offset: offset)
            items += page.jobs.map { JobResource($0, nowMilliseconds: now) }
            if let next = page.nextOffset {
                return Page(items: items, nextCursor: DeadCursor(queue: index, offset: next).text)
            }
            if items.count == limit, index + 1 < selection.queues.count {
                return Page(items: items, nextCursor: DeadCursor(queue: index + 1, offset: 0).text)
            }
        }
        return Page(items: items)
    }

    /// Sends them all to work again with fresh budgets; how many.
    public func retry(_ selection: DeadSelection) async throws(QueueError) -> Int {
        var count = 0
        for name in selection.queues { count += try await queue.retryDead(in: name, matching: selection.filter) }
        return count
    }

    /// Takes them all away for good; how many.
    public func delete(_ selection: DeadSelection) async throws(QueueError) -> Int {
        var count = 0
        for name in selection.queues { count += try await queue.dropDead(in: name, matching: selection.filter) }
        return count
    }
}

/// How many buried jobs something was done to.
public struct DeadCount: Encodable, Sendable {
    public let count: Int

    /// A count.
    public init(count: Int) { self.count = count }
}
