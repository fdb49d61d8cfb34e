import Queue
import Threads

/// Knows whether Redis is away, so that callers need not find out one by one.
///
/// Opens at a failure that a caller reports. While it is open a task of its own looks every ``pauseMilliseconds``
/// whether Redis is back, and closes it; no caller pays for the look.
final class RedisBreaker: Sendable {
    static let pauseMilliseconds: Int64 = 200

    private struct State: Sendable {
        var probe: Task<Void, Never>?
        var isShutDown = false
    }

    private let state = Locked(State())
    private let clock: any MonotonicClock
    private let isBack: @Sendable () async -> Bool
    private let onChange: @Sendable (_ isAway: Bool) -> Void

    /// - Parameters:
    ///   - isBack: the look; has to end within a bounded time.
    ///   - onChange: told when it opens and when it closes; must return at once.
    init(
        clock: any MonotonicClock, onChange: @escaping @Sendable (_ isAway: Bool) -> Void,
        isBack: @escaping @Sendable () async -> Bool
    ) {
        self.clock = clock
        self.onChange = onChange
        self.isBack = isBack
    }

    /// Whether callers should not even try.
    var isOpen: Bool { state.withLock { $0.probe != nil } }

    /// A caller found Redis away.
    func open() {
        let isNew = state.withLock { state in
            guard state.probe == nil, !state.isShutDown else { return false }
            state.probe = Task.detached { [weak self] in await self?.probe() }
            return true
        }
        if isNew { onChange(true) }
    }

    /// Ends the looks.
    func shutDown() {
        let probe = state.withLock { state in
            state.isShutDown = true
            defer { state.probe = nil }
            return state.probe
        }
        probe?.cancel()
    }

    private func probe() async {
        repeat {
            do { try await clock.sleep(milliseconds: Self.pauseMilliseconds) } catch { return }
        } while await !isBack()
        state.withLock { $0.probe = nil }
        onChange(false)
    }
}
