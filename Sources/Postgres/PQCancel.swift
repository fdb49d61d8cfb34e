import CPostgres

/// Owns what a cancel request needs and frees it. libpq reads it only, so any thread may use it.
@safe struct PQCancel: ~Copyable, Sendable {
    // Never written after the start; `PQcancel` is documented as safe from any thread.
    private nonisolated(unsafe) let handle: OpaquePointer

    init(owning handle: OpaquePointer) { unsafe self.handle = unsafe handle }

    deinit { unsafe PQfreeCancel(handle) }

    /// Asks the server to stop what the connection runs. Blocks for a connection of its own; when it returns true the
    /// server has signalled its process.
    func request() -> Bool {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { reason in
            unsafe PQcancel(handle, reason.baseAddress, Int32(reason.count)) == 1
        }
    }
}
