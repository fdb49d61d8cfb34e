// A check of all that the engine keeps in Redis, while the system runs. Everything is read in slices, so what a walk sees
// is suspicion only; each suspicion is judged, and mended, by one script that looks at all places at once.

import Redis

/// Finds what is wrong in the data of queues, and mends it. Holds no state but its connection: any number of checks may run
/// at once, beside any number of workers.
public struct QueueDoctor: Sendable {
    /// How a check goes about it.
    public struct Options: Sendable {
        /// The least rest after each call, in ms. With the standard 4 ms a check takes about a tenth of the server's time
        /// and about a minute per million jobs.
        public var restMilliseconds: Int64
        /// How long something has to be wrong that is so for a moment whenever a process ends, in ms.
        public var settleMilliseconds: Int64
        /// Entries that one call reads.
        public var slice: Int
        /// Entries that are looked at from each end of a line when one job is looked for.
        public var reach: Int
        /// Jobs that are looked for in one walk over the lines.
        public var suspectsPerWalk: Int

        public init(
            restMilliseconds: Int64 = 4, settleMilliseconds: Int64 = 2_000, slice: Int = 250, reach: Int = 5_000,
            suspectsPerWalk: Int = 100_000
        ) {
            self.restMilliseconds = max(0, restMilliseconds)
            self.settleMilliseconds = max(0, settleMilliseconds)
            self.slice = max(1, slice)
            self.reach = max(1, reach)
            self.suspectsPerWalk = max(1, suspectsPerWalk)
        }
    }

    private let calls: DoctorCalls
    private let namespace: String
    private let options: Options

    /// Claims, and lanes with a count, up to which what runs is counted: about 1 ms per thousand of the server's time.
    static let mostClaims = 10_000
    /// Lanes up to which what waits is added up: about 1 ms per thousand of the server's time.
    static let mostLanes = 4_000
    /// Processes up to which their list is looked at.
    static let mostProcesses = 10_000

    /// - Parameter client: whose connection and keys it takes.
    public init(_ client: QueueClient, clock: any MonotonicClock = SystemMonotonicClock(), options: Options = Options())
    {
        calls = DoctorCalls(
            redis: client.redis, clock: clock, restMilliseconds: options.restMilliseconds,
            scriptTimeMilliseconds: client.scriptTimeMilliseconds)
        namespace = client.namespace
        self.options = options
    }

    /// Checks queues, and the list of processes.
    ///
    /// Memory: about 100 bytes per waiting or buried job of the largest queue.
    ///
    /// - Parameters:
    ///   - queues: nil: every queue that has a key.
    ///   - repairs: whether to mend what is found; then a second look tells what remains. Safe beside running workers,
    ///     and to repeat.
    ///   - onProgress: told now and then how far it is.
    /// - Throws: ``QueueError/Code/unavailable`` when Redis is away or the task is cancelled; what was mended until then
    ///   stays mended.
    public func examine(
        _ queues: [QueueName]? = nil, repairs: Bool = false,
        onProgress: @escaping @Sendable (DoctorProgress) -> Void = { _ in }
    ) async throws(QueueError) -> DoctorReport {
        var report = try await look(queues, mends: repairs, onProgress)
        if report.findings.contains(where: { $0.repaired > 0 }) {
            report.remaining = try await look(queues, mends: false, onProgress).findings
        }
        return report
    }

    /// The light part, which a scheduler does every minute: counts what runs in each lane, and gives workers that have
    /// claims and no lease one. Costs two short calls per queue. It looks at workers that were heard of in the last hour.
    public func keepUp(_ queues: [QueueName]) async throws(QueueError) -> DoctorReport {
        var report = DoctorReport()
        report.queues = queues.map(\.description)
        let processes = CommonKeys(namespace: namespace)
        let workers = try await calls.run("ZRANGE", processes.workers, "0", "\(Self.mostProcesses - 1)").texts
        for queue in queues {
            var holdings = KeyCensus.Holdings()
            holdings.workers = Set(workers)
            var round = round(of: queue, holdings, mends: true) { _ in }
            try await round.keepUp()
            report.add(round)
        }
        return report
    }

    private func look(
        _ queues: [QueueName]?, mends: Bool, _ onProgress: @escaping @Sendable (DoctorProgress) -> Void
    ) async throws(QueueError) -> DoctorReport {
        var report = DoctorReport()
        var census = KeyCensus(namespace: namespace)
        try await census.take(calls, only: queues.map(Set.init))
        var processes = ProcessRound(keys: CommonKeys(namespace: namespace), calls: calls, mends: mends)
        let times = try await processes.run(settleMilliseconds: options.settleMilliseconds)
        for finding in processes.findings {
            report.add(
                finding.ailment, in: nil, name: finding.name, note: finding.note, isRepaired: finding.isRepaired)
        }
        for queue in queues ?? census.queues.keys.sorted() {
            report.queues.append(queue.description)
            var round = round(of: queue, census.queues[queue] ?? .init(), mends: mends, onProgress)
            try await round.run(times)
            report.add(round)
        }
        return report
    }

    private func round(
        of queue: QueueName, _ holdings: KeyCensus.Holdings, mends: Bool,
        _ onProgress: @escaping @Sendable (DoctorProgress) -> Void
    ) -> QueueRound {
        QueueRound(
            queue: queue, keys: Keys(namespace: namespace, queue: queue), holdings: holdings, calls: calls,
            options: options, mends: mends, onProgress: onProgress)
    }
}

extension DoctorReport {
    mutating func add(_ round: QueueRound) {
        jobs += round.report.jobs
        findings += round.report.findings
        omissions += round.report.omissions
    }
}
