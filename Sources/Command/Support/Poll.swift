/// Waiting for something that gives no signal: a file, a port, another process's end.
enum Poll {
    /// Asks `condition` at once and then after pauses that grow from 2 ms to 100 ms, until it holds or `limit` is over.
    /// False when it did not hold within the limit or the task was cancelled.
    static func until(within limit: Duration, _ condition: () async -> Bool) async -> Bool {
        let clock = ContinuousClock()
        let end = clock.now + limit
        var pause = Duration.milliseconds(2)
        while true {
            if await condition() { return true }
            guard clock.now < end, !Task.isCancelled else { return false }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(100))
        }
    }
}
