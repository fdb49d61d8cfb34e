import Dispatch

/// How a ``ThreadExecutor``'s thread waits while it has no job.
public protocol Parker: Sendable {
    /// Waits, on the executor's thread, until ``unpark()`` or for a reason of its own; may return early at any time.
    func park()

    /// Ends the current or the next ``park()``. Called from any thread, at most once for each park.
    func unpark()
}

/// Sleeps on a semaphore: for executors that have nothing to do between jobs.
public struct SemaphoreParker: Parker {
    private let semaphore = DispatchSemaphore(value: 0)

    public init() {}

    public func park() { semaphore.wait() }

    public func unpark() { semaphore.signal() }
}
