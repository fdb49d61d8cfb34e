import Threads

/// One run of a claimed job: its handler's way to the claim loop.
final class JobRun: Sendable {
    let job: ClaimedJob
    let queue: QueueName
    let clock: any MonotonicClock
    private let queueIndex: Int
    private let inbox: Inbox
    private let reasons: StopReasons
    private let newID: @Sendable () -> JobID
    private let keptVersion: Locked<Int>

    init(
        _ job: ClaimedJob, of queue: QueueName, queueIndex: Int, inbox: Inbox, reasons: StopReasons,
        clock: any MonotonicClock, newID: @escaping @Sendable () -> JobID
    ) {
        self.job = job
        self.queue = queue
        self.clock = clock
        self.queueIndex = queueIndex
        self.inbox = inbox
        self.reasons = reasons
        self.newID = newID
        keptVersion = Locked(job.envelope.options.argumentsVersion)
    }

    /// Why this job alone was told to stop.
    var reason: StopReason? { reasons.reason(for: job) }

    /// The version of the arguments that stand in Redis.
    var version: Int { keptVersion.withLock { $0 } }

    func makeID() -> JobID { newID() }

    /// False when the claim is another's by now.
    func keep(arguments: [UInt8], version: Int) async throws(QueueError) -> Bool {
        let settlement = Settlement.keep(job, arguments: arguments, version: version)
        let stands = try await withCheckedContinuation { continuation in
            inbox.post(.keep(queue: queueIndex, settlement, continuation))
        }.get()
        if stands { keptVersion.withLock { $0 = version } }
        return stands
    }
}
