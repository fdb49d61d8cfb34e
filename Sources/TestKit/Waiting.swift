/// A condition that did not come true in time.
package struct WaitExpired: Error, CustomStringConvertible {
    /// What was waited for, how long, and what was seen last.
    package let description: String
}

/// The one way in which system tests wait for something that gives no signal of its own: another process's state.
package enum Waiting {
    /// Asks `condition` at once and then after pauses that grow from 5 ms to 100 ms, until it answers a value.
    ///
    /// - Parameters:
    ///   - purpose: completes the sentence "waited in vain for ...".
    ///   - limit: of the whole wait; one last look is taken at its end.
    ///   - seen: what to add to the error, asked only then.
    ///   - condition: nil for "not yet"; what it throws ends the wait.
    /// - Throws: ``WaitExpired`` at the limit, `CancellationError` when the task is cancelled.
    package static func value<Value>(
        _ purpose: String, within limit: Duration = .seconds(20), seen: () async -> String = { "" },
        condition: () async throws -> Value?
    ) async throws -> Value {
        let clock = ContinuousClock()
        let end = clock.now + limit
        var pause = Duration.milliseconds(5)
        while true {
            if let value = try await condition() { return value }
            guard clock.now < end else {
                throw WaitExpired(description: "waited in vain for \(purpose), \(limit); \(await seen())")
            }
            try await Task.sleep(for: min(pause, end - clock.now))
            pause = min(pause * 2, .milliseconds(100))
        }
    }

    /// The same for a condition that is true or false.
    package static func until(
        _ purpose: String, within limit: Duration = .seconds(20), seen: () async -> String = { "" },
        condition: () async throws -> Bool
    ) async throws {
        try await value(purpose, within: limit, seen: seen) { try await condition() ? () : nil }
    }
}
