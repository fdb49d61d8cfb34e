// How another thread ends a connection thread's wait: an eventfd beside the socket in poll(2).

import CPostgres
import Glibc

/// A descriptor that becomes readable when signalled. Any thread signals; the connection's thread waits and drains.
final class WakeSignal: Sendable {
    /// -1 when the process had no descriptor left: poll(2) skips it, and waits are cut into short pieces instead.
    private let descriptor: Int32

    init() { descriptor = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC)) }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    func signal() {
        // Fails only when the counter is full, and then it is signalled.
        _ = eventfd_write(descriptor, 1)
    }

    struct Readiness {
        var socket = false
        var isWoken = false
        var isTimedOut = false
    }

    private static let longestWaitMilliseconds: Int64 = 60_000
    private static let longestBlindWaitMilliseconds: Int64 = 50

    /// Waits until the socket is ready, the signal was given or the time has come, and clears the signal. May return
    /// early with nothing set.
    func wait(socket: Int32, reading: Bool, writing: Bool, until deadline: ContinuousClock.Instant?) -> Readiness {
        let now = ContinuousClock.now
        let left = deadline.map { now.duration(to: $0) }
        if let left, left <= .zero { return Readiness(isTimedOut: true) }
        // Rounded up, or the last part of a millisecond would be spent in a busy loop.
        let whole = min((left?.wholeMilliseconds ?? Self.longestWaitMilliseconds) + 1, Self.longestWaitMilliseconds)
        let milliseconds = descriptor < 0 ? min(whole, Self.longestBlindWaitMilliseconds) : whole
        let events = Int16((reading ? POLLIN : 0) | (writing ? POLLOUT : 0))
        var descriptors = [
            pollfd(fd: socket, events: events, revents: 0), pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        ]
        let count = unsafe poll(&descriptors, 2, Int32(milliseconds))
        // An interrupted wait is an early return.
        guard count > 0 else { return Readiness(isWoken: descriptor < 0) }
        if descriptors[1].revents != 0 { drain() }
        return Readiness(socket: descriptors[0].revents != 0, isWoken: descriptors[1].revents != 0 || descriptor < 0)
    }

    /// Whether the socket has something to read, or an end or error to report, right now.
    func isReadable(socket: Int32) -> Bool {
        var descriptor = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&descriptor, 1, 0) > 0
    }

    private func drain() {
        var count: UInt64 = 0
        // Fails only when there is nothing to drain.
        _ = unsafe eventfd_read(descriptor, &count)
    }
}
