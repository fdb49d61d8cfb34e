// Callers on any thread. A call of the script costs Redis several times what one more job in it costs, and the caller a
// round trip, so small submissions to one queue that come while a call is under way share the next one. Whoever finds none
// under way goes alone and at once, so that a lone caller waits for nobody.

import Threads

/// Puts small submissions of concurrent callers into one call.
final class SubmissionLine: Sendable {
    /// A submission on its way.
    struct Passenger: Sendable {
        let submission: Submission
        /// Whether its ids are to be looked up.
        let isGuarded: Bool
        let jobCount: Int
        let byteCount: Int

        /// - Parameter isGuarded: as for ``QueueClient/submit(_:to:isGuarded:)``; receipts make the look-up needless.
        init(_ submission: Submission, isGuarded: Bool) {
            self.init(submission, looksUp: isGuarded && !submission.hasReceipts)
        }

        /// Out of an outbox: its receipts may be older than what they answer for, so its ids are looked up always.
        init(relayed submission: Submission) { self.init(submission, looksUp: true) }

        private init(_ submission: Submission, looksUp: Bool) {
            self.submission = submission
            isGuarded = looksUp
            var jobs = 0
            var bytes = 0
            for group in submission.groups {
                jobs += group.jobs.count
                for job in group.jobs { bytes += job.envelope.arguments.count + 256 }
            }
            jobCount = jobs
            byteCount = bytes
        }
    }

    typealias Answer = Result<SubmissionResult, QueueError>
    /// Carries passengers of one queue: an answer for each.
    typealias Carrier = @Sendable ([Passenger]) async -> [Answer]

    private struct Waiting: Sendable {
        let passenger: Passenger
        let answer: CheckedContinuation<Answer, Never>
    }

    private let lines = Locked<[QueueName: Line]>([:])

    private struct Line: Sendable {
        var isUnderWay = false
        var waiting: [Waiting] = []

        /// The next load; empty, and nothing is under way any more, when nobody waits.
        mutating func load() -> [Waiting] {
            var jobs = 0
            var bytes = 0
            let count =
                waiting.firstIndex { next in
                    jobs += next.passenger.jobCount
                    bytes += next.passenger.byteCount
                    return jobs > SubmissionLine.maximumJobs || bytes > SubmissionLine.maximumBytes
                } ?? waiting.count
            let load = Array(waiting.prefix(count))
            waiting.removeFirst(count)
            isUnderWay = !load.isEmpty
            return load
        }
    }

    /// Jobs of one shared call, so that it holds nobody else up for longer than a few ms.
    static let maximumJobs = 1_000
    /// Bytes of one shared call, about.
    static let maximumBytes = 1 << 20
    /// Submissions beyond this share neither their call nor the wait for one.
    static let maximumSharedJobs = 100
    static let maximumSharedBytes = 1 << 16

    /// How many wait for the next call to a queue.
    func waitingCount(of queue: QueueName) -> Int { lines.withLock { $0[queue]?.waiting.count ?? 0 } }

    /// Carries a submission, alone or with others. Once it waits for others' call it is carried even if its caller's task is
    /// cancelled.
    func board(_ passenger: Passenger, to queue: QueueName, by carrier: @escaping Carrier) async -> Answer {
        guard passenger.jobCount <= Self.maximumSharedJobs, passenger.byteCount <= Self.maximumSharedBytes else {
            return await carrier([passenger])[0]
        }
        let goesAlone = lines.withLock { lines in
            defer { lines[queue, default: Line()].isUnderWay = true }
            return lines[queue]?.isUnderWay != true
        }
        if goesAlone {
            let answer = await carrier([passenger])[0]
            let load = nextLoad(queue)
            if !load.isEmpty { Task.detached { await self.carry(load, queue, carrier) } }
            return answer
        }
        return await withCheckedContinuation { continuation in
            let mustCarry = lines.withLock { lines in
                lines[queue, default: Line()].waiting.append(Waiting(passenger: passenger, answer: continuation))
                defer { lines[queue, default: Line()].isUnderWay = true }
                return lines[queue]?.isUnderWay != true
            }
            // What was under way has arrived in the meantime.
            if mustCarry { Task.detached { await self.carry(self.nextLoad(queue), queue, carrier) } }
        }
    }

    private func nextLoad(_ queue: QueueName) -> [Waiting] {
        lines.withLock { $0[queue, default: Line()].load() }
    }

    private func carry(_ first: [Waiting], _ queue: QueueName, _ carrier: Carrier) async {
        var load = first
        while !load.isEmpty {
            let answers = await carrier(load.map(\.passenger))
            for (waiting, answer) in zip(load, answers) { waiting.answer.resume(returning: answer) }
            load = nextLoad(queue)
        }
    }
}
