public import Queue

/// Lets the calls of all processes through to a workspace's Twenty, no more of them than it takes.
///
/// A call whose turn comes soon waits for it here; any other is refused with ``TwentyError/Code/rateLimit`` and the time
/// to come back, which is a deferral for a job and spends no attempt.
public struct TwentyLimiter: Sendable {
    private let store: TwentyLimitStore
    private let limits: TwentyLimits
    private let clock: any MonotonicClock

    /// After a shorter wait than this, in ms, nobody is asked again whether the place still holds.
    private static let shortWaitMilliseconds: Int64 = 250

    /// - Parameter clock: by which it waits.
    public init(store: TwentyLimitStore, limits: TwentyLimits = .standard, clock: any MonotonicClock) {
        (self.store, self.limits, self.clock) = (store, limits, clock)
    }

    /// Returns when one call may be made.
    ///
    /// - Throws: `rateLimit` with a time, or `interrupted` when the database cannot be asked or the task is cancelled.
    public func take(_ bucket: String) async throws(TwentyError) {
        do {
            switch try await store.take(bucket, limits) {
            case .wait(let milliseconds): throw Self.later(milliseconds)
            case .go(let milliseconds):
                guard milliseconds > 0 else { return }
                try await clock.sleep(milliseconds: milliseconds)
                guard milliseconds > Self.shortWaitMilliseconds else { return }
                // Twenty may have said since that it wants no more.
                let held = try await store.held(bucket)
                if held > 0 { throw Self.later(held) }
            }
        } catch let error as TwentyError {
            throw error
        } catch let error as JobsError {
            throw TwentyError(.interrupted, error.message)
        } catch {
            throw TwentyError(.interrupted, "the call was stopped while it waited for its turn")
        }
    }

    /// Keeps everybody from calling for so long, because Twenty said so. It does what it can: without the database the
    /// others find out for themselves.
    ///
    /// - Returns: whether everybody was told.
    @discardableResult
    public func hold(_ bucket: String, milliseconds: Int64) async -> Bool {
        do throws(JobsError) {
            try await store.hold(bucket, milliseconds: milliseconds)
            return true
        } catch {
            return false
        }
    }

    private static func later(_ milliseconds: Int64) -> TwentyError {
        TwentyError(
            .rateLimit, "the workspace has had as many calls as it may have for now",
            retryAfterMilliseconds: milliseconds)
    }
}
