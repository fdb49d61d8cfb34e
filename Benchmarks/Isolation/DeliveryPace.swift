import Queue

/// Asks for deliveries at a steady pace and looks at the worker's memory meanwhile.
struct DeliveryPace: Sendable {
    let client: QueueClient
    let worker: RunningProgram

    struct Outcome: Sendable {
        /// The `webhook-id` of each healthy delivery.
        var messages: [String] = []
        /// The most that the worker had in RAM.
        var mostResidentBytes = 0
    }

    private static let step = 0.005
    private static let looksEverySteps = 20
    /// The timetable of what fails: it comes back while it is looked at.
    private static let retry = RetryPolicy(attempts: 5, delayMilliseconds: 5_000)

    /// An open loop: what is due is asked for, whatever became of what was asked for before.
    @concurrent func run(healthy: [String], ill: [String], seconds: Double) async throws -> Outcome {
        let clock = ContinuousClock()
        let start = clock.now
        var outcome = Outcome()
        var (healthyCount, illCount) = (0, 0)
        for step in 0..<Int(seconds / Self.step) {
            try await clock.sleep(until: start + .seconds(Double(step) * Self.step), tolerance: .zero)
            let elapsed = Double(step + 1) * Self.step
            var jobs: [NewJob] = []
            let stamp = StampClock.monotonic.nanoseconds
            while Double(healthyCount) < elapsed * Double(IsolationBenchmark.healthyRate) {
                let job = DeliveryJobs.make(
                    to: healthy[healthyCount % healthy.count], stamp: stamp, policy: Self.retry)
                outcome.messages.append("msg_\(job.id)")
                jobs.append(job)
                healthyCount += 1
            }
            while !ill.isEmpty, Double(illCount) < elapsed * Double(IsolationBenchmark.badRate * ill.count) {
                jobs.append(DeliveryJobs.make(to: ill[illCount % ill.count], stamp: stamp, policy: Self.retry))
                illCount += 1
            }
            try await client.enqueue(jobs, to: DeliveryJobs.queue)
            if step % Self.looksEverySteps == 0 {
                outcome.mostResidentBytes = max(outcome.mostResidentBytes, try worker.residentBytes())
            }
        }
        return outcome
    }
}
