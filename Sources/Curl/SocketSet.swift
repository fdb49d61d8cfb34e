// What libcurl waits for: its sockets in one epoll set and the next moment at which it wants to be called.
//
// Why not curl_multi_poll and curl_multi_perform: both walk every transfer each time, so a thousand requests that hang
// make each answer of a healthy target cost milliseconds. Here a round costs what happened, not what is in flight.
//
// Threads: all of it on the client's thread, except for the wake-up descriptor, which any thread may write to while the
// set lives.

internal import CCurl
internal import Glibc

/// Owns an epoll descriptor and the event descriptor that ends its wait.
@safe final class SocketSet {
    /// A socket that something happened to, with libcurl's `CURL_CSELECT_` bits.
    struct Event {
        let socket: Int32
        let what: Int32
    }

    private static let mostEvents = 256

    private let epoll: Int32
    private let wakeUp: Int32
    private var events = unsafe [epoll_event](repeating: epoll_event(), count: mostEvents)
    private var deadlineMilliseconds: Int64?

    /// Nil if the process has no descriptors left.
    init?() {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        wakeUp = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard epoll >= 0, wakeUp >= 0, control(EPOLL_CTL_ADD, wakeUp, EPOLLIN.rawValue) else { return nil }
    }

    deinit {
        if epoll >= 0 { close(epoll) }
        if wakeUp >= 0 { close(wakeUp) }
    }

    var waker: MultiWaker { MultiWaker(descriptor: wakeUp) }

    /// libcurl's wish for a socket: a `CURL_POLL_` value.
    func watch(_ socket: Int32, _ wish: Int32) {
        var mask: UInt32 = 0
        if wish & CURL_POLL_IN != 0 { mask |= EPOLLIN.rawValue }
        if wish & CURL_POLL_OUT != 0 { mask |= EPOLLOUT.rawValue }
        if wish == CURL_POLL_REMOVE {
            _ = control(EPOLL_CTL_DEL, socket, 0)
        } else if !control(EPOLL_CTL_MOD, socket, mask) {
            _ = control(EPOLL_CTL_ADD, socket, mask)
        }
    }

    /// libcurl's wish to be called again: -1 is never.
    func setTimer(milliseconds: Int) {
        deadlineMilliseconds = milliseconds < 0 ? nil : Self.now() + Int64(milliseconds)
    }

    /// Whether libcurl's moment has come; it is taken by asking.
    func takeDueTimer() -> Bool {
        guard let deadline = deadlineMilliseconds, deadline <= Self.now() else { return false }
        deadlineMilliseconds = nil
        return true
    }

    /// Waits for sockets, the timer or the waker, and returns the sockets. Nil on an error that came without a wait.
    func wait(atMostMilliseconds limit: Int64) -> [Event]? {
        var milliseconds = limit
        if let deadline = deadlineMilliseconds { milliseconds = min(max(deadline - Self.now(), 0), limit) }
        let count = unsafe events.withUnsafeMutableBufferPointer {
            unsafe epoll_wait(epoll, $0.baseAddress, Int32($0.count), Int32(milliseconds))
        }
        guard count >= 0 else { return errno == EINTR ? [] : nil }
        var found: [Event] = []
        found.reserveCapacity(Int(count))
        for index in 0..<Int(count) {
            let socket = unsafe events[index].data.fd
            if socket == wakeUp {
                var value: eventfd_t = 0
                _ = unsafe eventfd_read(wakeUp, &value)
            } else {
                let mask = unsafe events[index].events
                found.append(Event(socket: socket, what: Self.bits(mask)))
            }
        }
        return found
    }

    private static func bits(_ mask: UInt32) -> Int32 {
        var bits: Int32 = 0
        if mask & EPOLLIN.rawValue != 0 { bits |= CURL_CSELECT_IN }
        if mask & EPOLLOUT.rawValue != 0 { bits |= CURL_CSELECT_OUT }
        if mask & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { bits |= CURL_CSELECT_ERR }
        return bits
    }

    private func control(_ operation: Int32, _ socket: Int32, _ mask: UInt32) -> Bool {
        var event = unsafe epoll_event()
        unsafe event.events = mask
        unsafe event.data.fd = socket
        return unsafe epoll_ctl(epoll, operation, socket, &event) == 0
    }

    /// The machine's monotonic clock in ms, as libcurl has it.
    static func now() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// Ends a ``SocketSet``'s wait from any thread. The set must be alive: see ``Inbox``, which wakes only while the thread
/// waits.
struct MultiWaker: Sendable {
    let descriptor: Int32

    func wake() { _ = eventfd_write(descriptor, 1) }
}
