import Synchronization

#if THREAD_SANITIZER
import Foundation
#endif

/// A value behind a lock; about 14 ns when nobody else holds it.
///
/// It is `Synchronization.Mutex` under another name, for one reason: that one takes its slow path inside the runtime
/// library, where the thread sanitizer cannot see it, and then reports every contended value as a race. Built with
/// `-D THREAD_SANITIZER`, this is a POSIX mutex, which the sanitizer knows.
public struct Locked<Value: ~Copyable>: ~Copyable, Sendable {
    #if THREAD_SANITIZER
    private let box: Box
    #else
    private let mutex: Mutex<Value>
    #endif

    public init(_ value: consuming sending Value) {
        #if THREAD_SANITIZER
        box = Box(value)
        #else
        mutex = Mutex(value)
        #endif
    }

    /// Calls `body` with the value while no one else can reach it. Do not suspend or call out of the process in it.
    public borrowing func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        #if THREAD_SANITIZER
        box.lock.lock()
        defer { box.lock.unlock() }
        return try unsafe body(&box.value)
        #else
        return try mutex.withLock(body)
        #endif
    }

    #if THREAD_SANITIZER
    /// `lock` protects `value`; nothing outside `withLock` reaches either.
    private final class Box: @unchecked Sendable {
        let lock = NSLock()
        nonisolated(unsafe) var value: Value

        init(_ value: consuming sending Value) { unsafe self.value = value }
    }
    #endif
}
