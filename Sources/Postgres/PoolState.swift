// The pool's rules, without threads, clocks or connections: events go in with a time, actions come out in order.
//
// A slot is a place for one connection. Callers wait in the order they came; a connection goes to the first of them.
// Connections are made when callers wait and a slot is free. After a failed attempt the next one is not made before a
// pause that doubles, and only one at a time; while no connection is left and the pause lasts, callers fail at once.

/// Who may use which connection, who waits, and when to connect.
struct PoolState {
    struct Limits: Equatable {
        var size: Int
        var maximumWaiters: Int
        var firstPauseMilliseconds: Int64 = 100
        var longestPauseMilliseconds: Int64 = 5000
    }

    enum Action: Equatable {
        /// The waiter has the slot's connection.
        case lease(waiter: UInt64, slot: Int)
        /// The waiter gets none.
        case fail(waiter: UInt64, Failure)
        /// Make a connection for the slot, then report it.
        case connect(slot: Int)
        /// Close the slot's connection, then report that.
        case close(slot: Int)
        /// Call ``tick(now:)`` at that time.
        case wake(atMilliseconds: Int64)
        /// The pool is shut down and has no connection left.
        case drained
    }

    enum Failure: Equatable { case connectFailed, timedOut, overloaded, cancelled, closed }

    enum Slot: Equatable { case empty, connecting, idle, leased, closing }

    private(set) var slots: [Slot]
    private(set) var waiters: [UInt64] = []
    private(set) var isShutDown = false
    private(set) var pauseEndsAtMilliseconds: Int64 = .min
    private var wakesAtMilliseconds: Int64 = .min
    private var idle: [Int] = []
    private var failureCount = 0
    private var isDrained = false
    private let limits: Limits

    init(limits: Limits) {
        precondition(limits.size > 0 && limits.maximumWaiters >= 0, "a pool has connections")
        self.limits = limits
        slots = Array(repeating: .empty, count: limits.size)
    }

    mutating func acquire(_ waiter: UInt64, now: Int64) -> [Action] {
        if isShutDown { return [.fail(waiter: waiter, .closed)] }
        waiters.append(waiter)
        var actions = advance(now: now)
        if waiters.count > limits.maximumWaiters, waiters.last == waiter {
            waiters.removeLast()
            actions.append(.fail(waiter: waiter, .overloaded))
        }
        return actions
    }

    /// The waiter gives up, or has waited long enough. Nothing happens when it no longer waits.
    mutating func leave(_ waiter: UInt64, because failure: Failure) -> [Action] {
        guard let index = waiters.firstIndex(of: waiter) else { return [] }
        waiters.remove(at: index)
        return [.fail(waiter: waiter, failure)]
    }

    mutating func release(slot: Int, isBroken: Bool, now: Int64) -> [Action] {
        precondition(slots[slot] == .leased, "a slot is released by who has it")
        return giveBack(slot, isBroken: isBroken, now: now)
    }

    mutating func connected(slot: Int, now: Int64) -> [Action] {
        precondition(slots[slot] == .connecting, "only a connecting slot connects")
        failureCount = 0
        pauseEndsAtMilliseconds = .min
        return giveBack(slot, isBroken: false, now: now)
    }

    mutating func connectFailed(slot: Int, now: Int64) -> [Action] {
        precondition(slots[slot] == .connecting, "only a connecting slot fails to connect")
        // Attempts that were under way together count as one failure.
        if now >= pauseEndsAtMilliseconds {
            let pause = limits.firstPauseMilliseconds << Int64(min(failureCount, 32))
            failureCount += 1
            pauseEndsAtMilliseconds = now + min(pause, limits.longestPauseMilliseconds)
        }
        slots[slot] = .closing
        return [.close(slot: slot)] + advance(now: now)
    }

    mutating func closed(slot: Int, now: Int64) -> [Action] {
        precondition(slots[slot] == .closing, "only a closing slot closes")
        slots[slot] = .empty
        return advance(now: now)
    }

    mutating func tick(now: Int64) -> [Action] { advance(now: now) }

    mutating func shutDown() -> [Action] {
        isShutDown = true
        var actions: [Action] = waiters.map { .fail(waiter: $0, .closed) }
        waiters = []
        for slot in idle {
            slots[slot] = .closing
            actions.append(.close(slot: slot))
        }
        idle = []
        return actions + drained()
    }

    private mutating func giveBack(_ slot: Int, isBroken: Bool, now: Int64) -> [Action] {
        if isBroken || isShutDown {
            slots[slot] = .closing
            return [.close(slot: slot)] + advance(now: now)
        }
        slots[slot] = .idle
        idle.append(slot)
        return advance(now: now)
    }

    private mutating func advance(now: Int64) -> [Action] {
        if isShutDown { return drained() }
        var actions: [Action] = []
        // The connection used last is the likeliest to be alive and warm.
        while !waiters.isEmpty, let slot = idle.popLast() {
            slots[slot] = .leased
            actions.append(.lease(waiter: waiters.removeFirst(), slot: slot))
        }
        guard !waiters.isEmpty else { return actions }
        let isPausing = now < pauseEndsAtMilliseconds
        if !isPausing { actions += connect() }
        guard isPausing, !slots.contains(.connecting) else { return actions }
        if slots.contains(.leased) {
            // Once for each pause, however many callers come meanwhile.
            if wakesAtMilliseconds != pauseEndsAtMilliseconds {
                wakesAtMilliseconds = pauseEndsAtMilliseconds
                actions.append(.wake(atMilliseconds: pauseEndsAtMilliseconds))
            }
        } else {
            actions += waiters.map { .fail(waiter: $0, .connectFailed) }
            waiters = []
        }
        return actions
    }

    /// As many attempts as callers need; after a failure one, to try the ground.
    private mutating func connect() -> [Action] {
        let isProbing = failureCount > 0
        var wanted = min(waiters.count, isProbing ? 1 : limits.size) - slots.count { $0 == .connecting }
        var actions: [Action] = []
        for slot in slots.indices where wanted > 0 && slots[slot] == .empty {
            slots[slot] = .connecting
            actions.append(.connect(slot: slot))
            wanted -= 1
        }
        return actions
    }

    private mutating func drained() -> [Action] {
        guard !isDrained, slots.allSatisfy({ $0 == .empty }) else { return [] }
        isDrained = true
        return [.drained]
    }
}
