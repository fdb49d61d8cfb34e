import Redis

/// Which buried jobs are meant. An empty filter means all.
public struct DeadFilter: Sendable, Hashable {
    public var kind: String?
    /// What the lane begins with.
    public var lanePrefix: String?
    /// Buried at or after, Unix ms.
    public var sinceMilliseconds: Int64?
    /// Buried before, Unix ms.
    public var untilMilliseconds: Int64?
    public var ids: [JobID]?

    public init(
        kind: String? = nil,
        lanePrefix: String? = nil,
        sinceMilliseconds: Int64? = nil,
        untilMilliseconds: Int64? = nil,
        ids: [JobID]? = nil
    ) {
        self.kind = kind
        self.lanePrefix = lanePrefix
        self.sinceMilliseconds = sinceMilliseconds
        self.untilMilliseconds = untilMilliseconds
        self.ids = ids
    }

    func matches(_ job: JobView) -> Bool {
        (kind == nil || kind == job.envelope.kind) && (lanePrefix.map { job.envelope.lane.hasPrefix($0) } ?? true)
            && (ids == nil || ids?.contains(job.id) == true)
    }

    var lowest: String { sinceMilliseconds.map(String.init) ?? "-inf" }
    var highest: String { untilMilliseconds.map { "(\($0)" } ?? "+inf" }
}

/// One page of buried jobs, the newest first.
public struct DeadPage: Sendable {
    public let jobs: [JobView]
    /// How many entries of the dead set, matching or not, come before the next page; nil after the last.
    public let nextOffset: Int?
}

extension QueueClient {
    /// Buried jobs of one queue that match, the newest first.
    ///
    /// Reads the dead set in slices of 200 until `limit` jobs match or the set ends: two round trips a slice.
    public func dead(
        in queue: QueueName, matching filter: DeadFilter = DeadFilter(), limit: Int, offset: Int = 0
    ) async throws(QueueError) -> DeadPage {
        var found: [JobView] = []
        var position = offset
        while true {
            let slice = try await deadSlice(of: queue, filter, from: position, count: 200)
            for job in slice.jobs {
                position += 1
                if let job, filter.matches(job) { found.append(job) }
                if found.count == limit { return DeadPage(jobs: found, nextOffset: position) }
            }
            if slice.jobs.count < 200 { return DeadPage(jobs: found, nextOffset: nil) }
        }
    }

    /// Puts buried jobs of one queue that match back to work with fresh budgets, and answers how many.
    public func retryDead(
        in queue: QueueName, matching filter: DeadFilter = DeadFilter()
    ) async throws(QueueError) -> Int {
        // First the ids, then the moves: what fails again meanwhile must not be taken twice.
        try await retryDead(try await deadIDs(in: queue, matching: filter), in: queue)
    }

    private func deadSlice(
        of queue: QueueName, _ filter: DeadFilter, from offset: Int, count: Int
    ) async throws(QueueError) -> (jobs: [JobView?], queue: QueueName) {
        let keys = Keys(namespace: namespace, queue: queue)
        let entries = strings(
            try await run(
                command(
                    "ZREVRANGEBYSCORE", keys.dead, filter.highest, filter.lowest, "WITHSCORES", "LIMIT", "\(offset)",
                    "\(count)")))
        let names = stride(from: 0, to: entries.count - 1, by: 2).map { (entries[$0], entries[$0 + 1]) }
        guard !names.isEmpty else { return ([], queue) }
        var envelopes = RedisCommand("HMGET")
        var errors = RedisCommand("HMGET")
        envelopes.append(keys.jobs)
        errors.append(keys.errors)
        for (name, _) in names {
            envelopes.append(name)
            errors.append(name)
        }
        let replies = try await run([envelopes, errors])
        let found = (replies[0].arrayValue ?? [], replies[1].arrayValue ?? [])
        let jobs = names.indices.map { index -> JobView? in
            guard case .bytes(let bytes)? = found.0[safely: index], let envelope = Envelope(bytes: bytes),
                let id = JobID(names[index].0)
            else { return nil }
            var view = JobView(
                id: id, queue: queue, state: .dead, envelope: envelope, error: found.1[safely: index]?.string)
            view.atMilliseconds = Double(names[index].1).map { Int64($0) }
            return view
        }
        return (jobs, queue)
    }
}

extension Array {
    subscript(safely index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
