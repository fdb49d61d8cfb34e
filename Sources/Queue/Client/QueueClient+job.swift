// Looking for one job, and for what it waits. A pipeline of plain reads, so the answer may be a moment old; a job that moves
// between two of them is looked for once more.

import Redis

/// What a look for a job finds in Redis.
public enum FoundJob: Sendable, Hashable {
    /// It has not ended, or is buried.
    case present(JobView)
    /// It has ended; its trace is on the way to the history.
    case finished(FinishedTrace)
}

extension QueueClient {
    /// Finds a job that has not ended, or whose end is not in the history yet, in `queues`; nil when Redis knows nothing
    /// of it. Two to four round trips.
    public func job(_ id: JobID, in queues: [QueueName]) async throws(QueueError) -> FoundJob? {
        for _ in 0..<2 {
            for queue in queues {
                if let found = try await look(for: id, in: queue) { return found }
            }
        }
        return nil
    }

    private func look(for id: JobID, in queue: QueueName) async throws(QueueError) -> FoundJob? {
        let keys = Keys(namespace: namespace, queue: queue)
        let name = id.description
        let replies = try await run([
            command("HGET", keys.jobs, name), command("ZSCORE", keys.due, name), command("ZSCORE", keys.dead, name),
            command("HGET", keys.errors, name), command("HGET", keys.finished, name),
            command("ZRANGE", keys.leases, "0", "-1", "WITHSCORES"), command("HGET", keys.keys, "n:" + name),
            command("TIME"),
        ])
        guard case .bytes(let bytes) = replies[0] else {
            if let key = replies[6].string { return try await follower(id, key, keys, queue) }
            return replies[4].string.flatMap { FinishedTrace(id: id, queue: queue, line: $0) }.map { .finished($0) }
        }
        let known = Envelope(bytes: bytes)
        var view = JobView(
            id: id, queue: queue, state: .ready, envelope: known ?? Envelope(unreadable: bytes),
            error: replies[3].string)
        if let score = replies[2].string.flatMap(Double.init) {
            view.state = .dead
            view.atMilliseconds = Int64(score)
            view.obstacle = .dead
        } else if let score = replies[1].string.flatMap(Double.init) {
            view.setDue(Int64(score))
        } else {
            let leases = strings(replies[5])
            let now = Int64(strings(replies[7]).first ?? "").map { $0 * 1_000 } ?? 0
            try await findPlace(of: &view, leases: leases, nowMilliseconds: now, keys)
        }
        if view.isWaiting, known == nil || view.lastError?.message.hasPrefix(Settlement.parkedMark) == true {
            view.obstacle = .parked(untilMilliseconds: view.state == .due ? view.atMilliseconds : nil)
        }
        return .present(view)
    }

    /// A job that is neither buried nor due in no lane: running, due in its lane, or in line.
    private func findPlace(
        of view: inout JobView, leases: [String], nowMilliseconds: Int64, _ keys: Keys
    ) async throws(QueueError) {
        let (name, lane) = (view.id.description, view.envelope.lane)
        let line = lane.isEmpty ? keys.ready : keys.lane(lane)
        let workers = stride(from: 0, to: leases.count, by: 2).map { leases[$0] }
        let replies = try await run(
            [
                command("ZSCORE", keys.lanesDue, "\(name) \(lane)"), command("HGET", keys.meta, "paused"),
                command("LPOS", line, name, "MAXLEN", "\(Limits.maximumCountedPosition)"),
                command("HEXISTS", keys.cancels, name), command("SMEMBERS", CommonKeys(namespace: namespace).quiet),
                command("HGET", keys.jobs, name), command("HGET", keys.errors, name),
            ] + turnReads(of: view, keys) + workers.map { command("HGET", keys.claims(of: $0), name) })
        if let score = replies[0].string.flatMap(Double.init) {
            // It may have run at the first look, and failed since.
            if case .bytes(let bytes) = replies[5], let envelope = Envelope(bytes: bytes) {
                view = JobView(
                    id: view.id, queue: view.queue, state: .due, envelope: envelope, error: replies[6].string)
            }
            return view.setDue(Int64(score))
        }
        if let turn = strings(replies[8]).first {
            view.setBehind(ahead: Int(replies[9].integerValue ?? 0), first: replies[7].string, turn: turn)
            return
        }
        if let index = replies.dropFirst(10).firstIndex(where: { $0 != .null }) {
            let fence = replies[index].string?.split(separator: " ").first.flatMap { Int64($0) } ?? 0
            view.state = .running
            view.worker = workers[index - 10]
            view.obstacle = .running(
                worker: workers[index - 10], sinceMilliseconds: fence, isCancelling: replies[3] == .integer(1))
            return
        }
        let position = replies[2].integerValue.map(Int.init)
        let ahead = (count: position ?? Limits.maximumCountedPosition, isAtLeast: position == nil)
        if let since = replies[1].string {
            view.obstacle = .paused(sinceMilliseconds: Int64(since) ?? 0)
            return
        }
        if !lane.isEmpty {
            let status = try await status(ofLane: lane, in: view.queue)
            view.obstacle = Self.obstacle(status, ahead)
            if view.obstacle != nil { return }
        }
        let quiet = Set(strings(replies[4]))
        let isServed = Self.pairs(leases).contains { worker, beat in
            !quiet.contains(worker) && Int64(Double(beat) ?? 0) > nowMilliseconds - Self.silenceMilliseconds
        }
        view.obstacle = isServed ? .inLine(ahead: ahead.count, isAtLeast: ahead.isAtLeast) : .noWorker
    }

    /// Who of its order key has the turn, where in `orders` the job stands, and how many there stand before it.
    private func turnReads(of view: JobView, _ keys: Keys) -> [RedisCommand] {
        // Of a job that waits for no turn: names that there cannot be.
        let order = view.envelope.options.orderKey ?? " "
        let start = "\(order) \(view.envelope.options.placeText ?? " ") \(view.id) "
        return [
            command("HGET", keys.keys, "o:" + order),
            command("ZRANGEBYLEX", keys.orders, "[" + start, "(" + start + ":"),
            command("ZLEXCOUNT", keys.orders, "[\(order) ", "(" + start),
        ]
    }

    /// A worker that has not beaten for this long does not count as serving its queues.
    private static let silenceMilliseconds: Int64 = 30_000

    private static func obstacle(_ lane: LaneStatus, _ ahead: (count: Int, isAtLeast: Bool)) -> Obstacle? {
        if lane.isBreakerOpen {
            return .breakerOpen(
                untilMilliseconds: lane.heldUntilMilliseconds, ahead: ahead.count, isAtLeast: ahead.isAtLeast)
        }
        if let until = lane.heldUntilMilliseconds {
            return .laneHeld(untilMilliseconds: until, ahead: ahead.count, isAtLeast: ahead.isAtLeast)
        }
        if lane.limits.inFlight > 0, lane.running >= lane.limits.inFlight {
            return .laneFull(
                running: lane.running, limit: lane.limits.inFlight, ahead: ahead.count, isAtLeast: ahead.isAtLeast)
        }
        return nil
    }

    private func follower(
        _ id: JobID, _ key: String, _ keys: Keys, _ queue: QueueName
    ) async throws(QueueError) -> FoundJob? {
        let replies = try await run([command("HGET", keys.next, key), command("HGET", keys.keys, "d:" + key)])
        guard case .bytes(let bytes) = replies[0],
            let owner = replies[1].string?.split(separator: " ").first.flatMap({ JobID(String($0)) })
        else { return nil }
        let fields = bytes.split(separator: UInt8(ascii: " "), maxSplits: 3)
        guard fields.count == 4, JobID(bytes: fields[0]) == id, let envelope = Envelope(bytes: Array(fields[3])) else {
            return nil
        }
        var view = JobView(id: id, queue: queue, state: .due, envelope: envelope, error: nil)
        view.atMilliseconds = Int64(String(decoding: fields[1], as: UTF8.self))
        view.obstacle = .follows(owner)
        return .present(view)
    }
}

extension JobView {
    fileprivate var isWaiting: Bool { state == .ready || state == .due }

    fileprivate mutating func setDue(_ milliseconds: Int64) {
        state = .due
        atMilliseconds = milliseconds
        obstacle = .notDue(untilMilliseconds: milliseconds)
    }

    /// - Parameters:
    ///   - ahead: how many stand before it, beside the one whose turn it is.
    ///   - turn: its member of `orders`, which ends with when it may run.
    fileprivate mutating func setBehind(ahead: Int, first: String?, turn: String) {
        state = .due
        atMilliseconds = turn.split(separator: " ").last.flatMap { Int64($0) }.flatMap { $0 > 0 ? $0 : nil }
        let first = first.flatMap { JobID($0) }
        obstacle = .behind(ahead: ahead + (first == nil ? 0 : 1), first: first)
    }
}

extension Envelope {
    /// What can be told of an envelope that this release cannot read: the kind, which every version has in the same place.
    fileprivate init(unreadable bytes: [UInt8]) {
        let words = bytes.prefix { $0 != UInt8(ascii: "\n") }.split(separator: UInt8(ascii: " "), maxSplits: 2)
        let kind = words.count > 1 ? String(decoding: words[1], as: UTF8.self) : ""
        self.init(
            kind: Self.isToken(kind) ? kind : "unknown", policy: RetryPolicy(attempts: 1, delayMilliseconds: 0),
            arguments: [])
    }
}
