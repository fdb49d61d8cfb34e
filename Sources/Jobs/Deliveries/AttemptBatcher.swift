// Rows wait a moment for others, go to Postgres together, and to Redis when Postgres does not answer in time. Pure: told of
// events with their time, it says what to do. `AttemptLog` does it.

/// Which rows of the attempt log go where, and when.
struct AttemptBatcher {
    /// Every bound.
    struct Limits: Sendable {
        /// Rows and bytes of one batch.
        var batchRows = 500
        var batchBytes = 4 << 20
        /// Batches under way to Postgres at a time.
        var writes = 2
        /// How long a row waits for others, in ms.
        var lingerMilliseconds: Int64 = 2
        /// How long a batch may take to Postgres before its rows go to Redis, in ms.
        var patienceMilliseconds: Int64 = 200
        /// How long Postgres is left alone after a failure, in ms, and how long rows that nobody took wait.
        var pauseMilliseconds: Int64 = 1_000
        /// Rows that nobody took, kept in this process; more are dropped, the oldest first.
        var keptRows = 10_000
        var keptBytes = 32 << 20
    }

    /// A row, and who waits for it; nil when nobody does. An object, since it goes from list to list, and a row has some
    /// forty parts.
    final class Entry: Sendable {
        let attempt: DeliveryAttempt
        let waiter: UInt64?
        let byteCount: Int

        init(_ attempt: DeliveryAttempt, waiter: UInt64?) {
            (self.attempt, self.waiter, byteCount) = (attempt, waiter, attempt.byteCount)
        }
    }

    enum Action {
        /// To Postgres: answer with ``wrote(_:at:)`` or ``failed(_:at:)``, and when the patience is over with ``late(_:at:)``.
        case write(batch: UInt64, [Entry])
        /// To Redis: answer with ``left(_:at:)`` or ``notLeft(_:at:)``.
        case leave(batch: UInt64, [Entry])
        /// They are safe, or as safe as they can be.
        case release(waiters: [UInt64])
        /// Call ``tick(at:)`` then.
        case wake(atMilliseconds: Int64)
        /// Postgres is away now, or is back.
        case changed(isAway: Bool)
        /// So many rows are lost.
        case dropped(rows: Int)
    }

    private struct Batch {
        var entries: [Entry]
        /// Postgres has had its time; the rows are on their way to Redis, and only its answer is waited for.
        var isLate = false
    }

    let limits: Limits
    private var waiting: [Entry] = []
    private var waitingBytes = 0
    private var oldestAt: Int64 = 0
    private var kept: [Entry] = []
    private var keptBytes = 0
    private var keptUntil: Int64 = 0
    private var writes: [UInt64: Batch] = [:]
    private var leaves: [UInt64: Batch] = [:]
    private var lastBatch: UInt64 = 0
    private var awayUntil: Int64?
    private var wakeAt: Int64?
    private var isClosing = false

    init(limits: Limits = Limits()) { self.limits = limits }

    /// Whether nothing is under way or waits, except for answers that nobody needs.
    var isIdle: Bool { waiting.isEmpty && kept.isEmpty && leaves.isEmpty && writes.values.allSatisfy(\.isLate) }
    /// Rows that nobody took so far.
    var keptRows: Int { kept.count }
    /// The same and those that have not been tried.
    var unwrittenRows: Int { kept.count + waiting.count }

    mutating func add(_ attempt: DeliveryAttempt, waiter: UInt64, at now: Int64) -> [Action] {
        if waiting.isEmpty { oldestAt = now }
        let entry = Entry(attempt, waiter: waiter)
        waiting.append(entry)
        waitingBytes += entry.byteCount
        return plan(now)
    }

    mutating func tick(at now: Int64) -> [Action] {
        wakeAt = nil
        return plan(now)
    }

    /// Nothing more comes: what is there goes at once.
    mutating func close(at now: Int64) -> [Action] {
        isClosing = true
        keptUntil = now
        return plan(now)
    }

    mutating func wrote(_ number: UInt64, at now: Int64) -> [Action] {
        guard let batch = writes.removeValue(forKey: number) else { return [] }
        var actions: [Action] = batch.isLate ? [] : release(batch.entries)
        // A late answer says that it is slow, not that it is well.
        if !batch.isLate, awayUntil != nil {
            awayUntil = nil
            actions.append(.changed(isAway: false))
        }
        return actions + plan(now)
    }

    mutating func failed(_ number: UInt64, at now: Int64) -> [Action] {
        guard let batch = writes.removeValue(forKey: number) else { return [] }
        guard !batch.isLate else { return plan(now) }
        return away(now) + [leave(batch.entries)] + plan(now)
    }

    /// The patience is over; the answer still comes, one way or the other.
    mutating func late(_ number: UInt64, at now: Int64) -> [Action] {
        guard let batch = writes[number], !batch.isLate else { return [] }
        writes[number] = Batch(entries: [], isLate: true)
        return away(now) + [leave(batch.entries)] + plan(now)
    }

    mutating func left(_ number: UInt64, at now: Int64) -> [Action] {
        guard let batch = leaves.removeValue(forKey: number) else { return [] }
        return release(batch.entries) + plan(now)
    }

    /// Redis is away too: nobody is kept waiting, the rows stay here.
    mutating func notLeft(_ number: UInt64, at now: Int64) -> [Action] {
        guard let batch = leaves.removeValue(forKey: number) else { return [] }
        for entry in batch.entries {
            kept.append(Entry(entry.attempt, waiter: nil))
            keptBytes += entry.byteCount
        }
        keptUntil = now + limits.pauseMilliseconds
        var dropped = 0
        while dropped < kept.count, kept.count - dropped > limits.keptRows || keptBytes > limits.keptBytes {
            keptBytes -= kept[dropped].byteCount
            dropped += 1
        }
        kept.removeFirst(dropped)
        return release(batch.entries) + (dropped > 0 ? [.dropped(rows: dropped)] : []) + plan(now)
    }

    private mutating func plan(_ now: Int64) -> [Action] {
        var actions: [Action] = []
        if !kept.isEmpty, now >= keptUntil {
            if waiting.isEmpty { oldestAt = now }
            waiting += kept
            waitingBytes += keptBytes
            (kept, keptBytes) = ([], 0)
        }
        while !waiting.isEmpty, isDue(now) {
            if mayWrite(now) {
                let batch = number()
                let entries = take()
                writes[batch] = Batch(entries: entries)
                actions.append(.write(batch: batch, entries))
            } else if awayUntil != nil {
                actions.append(leave(take()))
            } else {
                // As many writes as may are under way, and none is late: their end comes soon.
                break
            }
        }
        let lingers = !waiting.isEmpty && !isDue(now)
        guard let next = lingers ? oldestAt + limits.lingerMilliseconds : kept.isEmpty ? nil : keptUntil,
            wakeAt.map({ next < $0 }) ?? true
        else { return actions }
        wakeAt = next
        return actions + [.wake(atMilliseconds: next)]
    }

    private func isDue(_ now: Int64) -> Bool {
        isClosing || waiting.count >= limits.batchRows || waitingBytes >= limits.batchBytes
            || now >= oldestAt + limits.lingerMilliseconds
    }

    /// After a failure one write at a time finds out whether Postgres is back.
    private func mayWrite(_ now: Int64) -> Bool {
        guard let awayUntil else { return writes.count < limits.writes }
        return now >= awayUntil && writes.isEmpty
    }

    private mutating func take() -> [Entry] {
        var (count, bytes) = (0, 0)
        while count < waiting.count, count < limits.batchRows, count == 0 || bytes < limits.batchBytes {
            bytes += waiting[count].byteCount
            count += 1
        }
        let entries = Array(waiting[..<count])
        waiting.removeFirst(count)
        waitingBytes -= bytes
        return entries
    }

    private mutating func away(_ now: Int64) -> [Action] {
        defer { awayUntil = now + limits.pauseMilliseconds }
        return awayUntil == nil ? [.changed(isAway: true)] : []
    }

    private mutating func leave(_ entries: [Entry]) -> Action {
        let batch = number()
        leaves[batch] = Batch(entries: entries)
        return .leave(batch: batch, entries)
    }

    private mutating func number() -> UInt64 {
        lastBatch += 1
        return lastBatch
    }

    private func release(_ entries: [Entry]) -> [Action] {
        let waiters = entries.compactMap(\.waiter)
        return waiters.isEmpty ? [] : [.release(waiters: waiters)]
    }
}
