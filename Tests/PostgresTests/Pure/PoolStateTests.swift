import Testing

@testable import Postgres

@Suite(.timeLimit(.minutes(2)))
struct PoolStateTests {
    private typealias Action = PoolState.Action

    private func makeState(size: Int = 1, maximumWaiters: Int = 10) -> PoolState {
        PoolState(limits: .init(size: size, maximumWaiters: maximumWaiters))
    }

    @Test
    func connectsLazilyAndServesInOrder() {
        var state = makeState()
        #expect(state.acquire(1, now: 0) == [.connect(slot: 0)])
        #expect(state.acquire(2, now: 0) == [])
        #expect(state.acquire(3, now: 0) == [])
        #expect(state.connected(slot: 0, now: 1) == [.lease(waiter: 1, slot: 0)])
        #expect(state.release(slot: 0, isBroken: false, now: 2) == [.lease(waiter: 2, slot: 0)])
        #expect(state.leave(3, because: .cancelled) == [.fail(waiter: 3, .cancelled)])
        #expect(state.leave(3, because: .timedOut) == [])
        #expect(state.release(slot: 0, isBroken: false, now: 3) == [])
        #expect(state.acquire(4, now: 4) == [.lease(waiter: 4, slot: 0)])
    }

    @Test
    func replacesBrokenConnections() {
        var state = makeState()
        _ = state.acquire(1, now: 0)
        _ = state.connected(slot: 0, now: 0)
        _ = state.acquire(2, now: 0)
        #expect(state.release(slot: 0, isBroken: true, now: 1) == [.close(slot: 0)])
        #expect(state.closed(slot: 0, now: 2) == [.connect(slot: 0)])
        #expect(state.connected(slot: 0, now: 3) == [.lease(waiter: 2, slot: 0)])
    }

    @Test
    func pausesLongerAfterEachFailure() {
        var state = makeState()
        var now: Int64 = 0
        for pause: Int64 in [100, 200, 400, 800, 1600, 3200, 5000, 5000] {
            #expect(state.acquire(1, now: now) == [.connect(slot: 0)])
            let failed = state.connectFailed(slot: 0, now: now)
            #expect(failed == [.close(slot: 0), .fail(waiter: 1, .connectFailed)])
            #expect(state.closed(slot: 0, now: now) == [])
            now += pause - 1
            #expect(state.acquire(2, now: now) == [.fail(waiter: 2, .connectFailed)])
            now += 1
        }
        #expect(state.acquire(1, now: now) == [.connect(slot: 0)])
        #expect(state.connected(slot: 0, now: now) == [.lease(waiter: 1, slot: 0)])
        _ = state.release(slot: 0, isBroken: true, now: now)
        #expect(state.acquire(2, now: now) == [])
        #expect(state.closed(slot: 0, now: now) == [.connect(slot: 0)])
        #expect(state.connectFailed(slot: 0, now: now).contains(.fail(waiter: 2, .connectFailed)))
        #expect(state.pauseEndsAtMilliseconds == now + 100)
    }

    @Test
    func waitsForALeasedConnectionWhenANewOneFails() {
        var state = makeState(size: 2)
        _ = state.acquire(1, now: 0)
        _ = state.connected(slot: 0, now: 0)
        #expect(state.acquire(2, now: 0) == [.connect(slot: 1)])
        #expect(state.connectFailed(slot: 1, now: 0) == [.close(slot: 1), .wake(atMilliseconds: 100)])
        #expect(state.acquire(3, now: 0) == [])
        _ = state.closed(slot: 1, now: 0)
        #expect(state.release(slot: 0, isBroken: false, now: 10) == [.lease(waiter: 2, slot: 0)])
        #expect(state.tick(now: 100) == [.connect(slot: 1)])
    }

    @Test
    func probesWithOneConnectionAfterAFailure() {
        var state = makeState(size: 4)
        _ = state.acquire(1, now: 0)
        _ = state.connectFailed(slot: 0, now: 0)
        _ = state.closed(slot: 0, now: 0)
        let actions = (2...5).map { state.acquire(UInt64($0), now: 100) }
        #expect(actions == [[.connect(slot: 0)], [], [], []])
        let success = state.connected(slot: 0, now: 101)
        #expect(success == [.lease(waiter: 2, slot: 0)] + (1...3).map { .connect(slot: $0) })
    }

    @Test
    func boundsTheWaiters() {
        var state = makeState(maximumWaiters: 2)
        #expect(state.acquire(1, now: 0) == [.connect(slot: 0)])
        #expect(state.acquire(2, now: 0) == [])
        #expect(state.acquire(3, now: 0) == [.fail(waiter: 3, .overloaded)])
        #expect(state.leave(1, because: .cancelled) == [.fail(waiter: 1, .cancelled)])
        #expect(state.acquire(4, now: 0) == [])
    }

    @Test
    func drainsOnShutdown() {
        var state = makeState(size: 3)
        for waiter: UInt64 in 1...4 { _ = state.acquire(waiter, now: 0) }
        _ = state.connected(slot: 0, now: 0)
        _ = state.connected(slot: 1, now: 0)
        _ = state.release(slot: 1, isBroken: false, now: 0)
        _ = state.release(slot: 1, isBroken: false, now: 0)
        #expect(state.acquire(5, now: 0) == [])
        #expect(state.shutDown() == [.fail(waiter: 5, .closed)])
        #expect(state.acquire(6, now: 0) == [.fail(waiter: 6, .closed)])
        #expect(state.connected(slot: 2, now: 1) == [.close(slot: 2)])
        #expect(state.release(slot: 0, isBroken: false, now: 1) == [.close(slot: 0)])
        #expect(state.closed(slot: 0, now: 1) == [])
        #expect(state.closed(slot: 2, now: 1) == [])
        #expect(state.release(slot: 1, isBroken: true, now: 1) == [.close(slot: 1)])
        #expect(state.closed(slot: 1, now: 1) == [.drained])
        #expect(state.shutDown() == [])
    }

    /// Every order of events, to a depth, against what must always hold.
    @Test
    func keepsItsPromisesInEveryOrderOfEvents() {
        var explored = Explorer()
        explored.visit(Explorer.World(state: makeState(size: 2, maximumWaiters: 2)), depth: 8)
        #expect(explored.violations == [])
        #expect(explored.count > 10_000)
    }
}

/// Tries every event that may happen next, and checks each outcome.
private struct Explorer {
    struct World {
        var state: PoolState
        var now: Int64 = 0
        var lastWaiter: UInt64 = 0
        var waiting: [UInt64] = []
        var slots: [PoolState.Slot] = [.empty, .empty]
        var wakes: Set<Int64> = []
        var isDrained = false
        var trace: [String] = []
    }

    private(set) var violations: Set<String> = []
    private(set) var count = 0

    mutating func visit(_ world: World, depth: Int) {
        count += 1
        guard depth > 0, violations.count < 5 else { return }
        for event in events(world) {
            var next = world
            next.trace.append(event)
            let actions = apply(event, to: &next)
            for action in actions { carryOut(action, in: &next) }
            check(next)
            visit(next, depth: depth - 1)
        }
    }

    private func events(_ world: World) -> [String] {
        var events = world.lastWaiter < 4 ? ["acquire"] : []
        if !world.waiting.isEmpty { events.append("leave") }
        for (slot, state) in world.slots.enumerated() {
            switch state {
            case .connecting: events += ["connected \(slot)", "failed \(slot)"]
            case .leased: events += ["release \(slot)", "broken \(slot)"]
            case .closing: events.append("closed \(slot)")
            case .empty, .idle: break
            }
        }
        if !world.wakes.isEmpty { events.append("tick") }
        if !world.state.isShutDown { events.append("shutdown") }
        return events
    }

    private func apply(_ event: String, to world: inout World) -> [PoolState.Action] {
        let parts = event.split(separator: " ")
        let slot = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        switch parts[0] {
        case "acquire":
            world.lastWaiter += 1
            world.waiting.append(world.lastWaiter)
            return world.state.acquire(world.lastWaiter, now: world.now)
        case "leave":
            return world.state.leave(world.waiting[world.waiting.count - 1], because: .cancelled)
        case "connected":
            world.slots[slot] = .idle
            return world.state.connected(slot: slot, now: world.now)
        case "failed":
            return world.state.connectFailed(slot: slot, now: world.now)
        case "release":
            world.slots[slot] = .idle
            return world.state.release(slot: slot, isBroken: false, now: world.now)
        case "broken":
            return world.state.release(slot: slot, isBroken: true, now: world.now)
        case "closed":
            world.slots[slot] = .empty
            return world.state.closed(slot: slot, now: world.now)
        case "tick":
            let time = world.wakes.removeFirst()
            world.now = max(world.now, time)
            return world.state.tick(now: world.now)
        default:
            return world.state.shutDown()
        }
    }

    private mutating func carryOut(_ action: PoolState.Action, in world: inout World) {
        switch action {
        case .lease(let waiter, let slot):
            expect(world.waiting.first == waiter, "leased out of order", world)
            expect(world.slots[slot] == .idle, "leased a slot that is \(world.slots[slot])", world)
            expect(!world.state.isShutDown, "leased after the shutdown", world)
            world.waiting.removeAll { $0 == waiter }
            world.slots[slot] = .leased
        case .fail(let waiter, _):
            expect(world.waiting.contains(waiter), "failed a caller twice", world)
            world.waiting.removeAll { $0 == waiter }
        case .connect(let slot):
            expect(world.slots[slot] == .empty, "connected a slot that is \(world.slots[slot])", world)
            expect(world.now >= world.state.pauseEndsAtMilliseconds, "connected within a pause", world)
            world.slots[slot] = .connecting
        case .close(let slot):
            expect(world.slots[slot] != .empty && world.slots[slot] != .closing, "closed twice", world)
            world.slots[slot] = .closing
        case .wake(let time):
            expect(time > world.now, "wakes in the past", world)
            world.wakes.insert(time)
        case .drained:
            expect(!world.isDrained, "drained twice", world)
            world.isDrained = true
        }
    }

    private mutating func check(_ world: World) {
        expect(world.state.waiters == world.waiting, "forgot a caller", world)
        expect(world.state.waiters.count <= 2, "too many callers wait", world)
        expect(world.waiting.isEmpty || !world.slots.contains(.idle), "a caller waits beside an idle slot", world)
        let isMoving = world.slots.contains { $0 == .connecting || $0 == .leased || $0 == .closing }
        expect(world.waiting.isEmpty || isMoving || !world.wakes.isEmpty, "a caller waits for nothing", world)
        let isEmpty = world.slots.allSatisfy { $0 == .empty }
        expect(world.isDrained == (world.state.isShutDown && isEmpty), "drained at the wrong time", world)
        for slot in world.slots.indices where world.slots[slot] != world.state.slots[slot] {
            expect(false, "slot \(slot) is \(world.state.slots[slot]), not \(world.slots[slot])", world)
        }
    }

    private mutating func expect(_ isTrue: Bool, _ message: String, _ world: World) {
        if !isTrue { violations.insert("\(message) after \(world.trace.joined(separator: ", "))") }
    }
}
