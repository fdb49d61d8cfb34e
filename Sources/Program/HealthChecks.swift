internal import Synchronization

/// Runs the checks of a program at the same time, each within its own limit.
///
/// A check that hangs never holds up the answer: it counts as failed at its limit and is cancelled. If it ignores
/// that, at most `maximumHangingRuns` runs of it pile up, and it fails at once from then on.
public final class HealthChecks: Sendable {
    /// Runs of one check that may be under way at once.
    public static let maximumHangingRuns = 8

    private let checks: [HealthCheck]
    private let clock: any Clock<Duration>
    private let runsUnderWay = Mutex<[String: Int]>([:])

    /// - Parameters:
    ///   - checks: none means always ready.
    ///   - clock: measures the limits.
    public init(_ checks: [HealthCheck], clock: any Clock<Duration> = ContinuousClock()) {
        self.checks = checks
        self.clock = clock
    }

    /// Performs every check and answers in the order of the checks, after the longest limit at the latest.
    public func results() async -> [HealthResult] {
        await withTaskGroup(of: (Int, HealthResult).self) { group in
            for (index, check) in checks.enumerated() {
                group.addTask { (index, HealthResult(name: check.name, failure: await self.failure(of: check))) }
            }
            var results: [(Int, HealthResult)] = []
            for await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func failure(of check: HealthCheck) async -> String? {
        guard begin(check.name) else { return "\(Self.maximumHangingRuns) earlier runs have not ended" }
        let answer = FirstAnswer()
        // Not a child task: a check that ignores cancellation must not be waited for.
        let work = Task {
            defer { end(check.name) }
            do {
                try await check.perform()
                answer.give(nil)
            } catch {
                answer.give(OneLine.escape("\(error)", maximumCharacters: 200))
            }
        }
        let limit = Task {
            // Cancelled when the check has answered: then there is nothing to say.
            guard (try? await clock.sleep(for: .milliseconds(check.limitMilliseconds))) != nil else { return }
            answer.give("no answer within \(check.limitMilliseconds) ms")
        }
        defer {
            work.cancel()
            limit.cancel()
        }
        return await answer.wait()
    }

    private func begin(_ name: String) -> Bool {
        runsUnderWay.withLock { runs in
            guard runs[name, default: 0] < Self.maximumHangingRuns else { return false }
            runs[name, default: 0] += 1
            return true
        }
    }

    private func end(_ name: String) {
        runsUnderWay.withLock { $0[name, default: 1] -= 1 }
    }
}
