// A job may be in three places: in Redis until it has ended, in the history from then on, and, before either, in the outbox.
// It may move on between two looks.

public import Basics
public import Jobs
public import Queue

/// Finds jobs wherever they are, cancels them and sends them to work again.
public struct JobDesk: Sendable {
    private let queue: QueueClient
    private let history: FinishedStore
    private let outbox: OutboxStore
    private let clock: any WallClock
    private let names: [QueueName]

    /// What became of a wish.
    public enum Answer: Sendable {
        /// It was carried out; the job as it is now.
        case done(JobResource)
        /// It is under way; the job as it is now.
        case requested(JobResource)
        /// The job's state does not allow it.
        case impossible(JobResource, reason: String)
        /// The job is on its way from the outbox to Redis at this moment: ask again.
        case notYet(JobResource)
        /// Nobody knows the job.
        case unknown
    }

    /// Where a job was found.
    private enum Place {
        case redis(JobView), ended(JobResource), outbox(JobResource)
    }

    /// A desk over the queues, the history and the outbox.
    public init(
        queue: QueueClient, history: FinishedStore, outbox: OutboxStore, clock: any WallClock,
        names: [QueueName] = JobQueue.all
    ) {
        self.queue = queue
        self.history = history
        self.outbox = outbox
        self.clock = clock
        self.names = names
    }

    /// The job, or the one that runs in its place; nil when nobody knows of it.
    ///
    /// - Throws: `QueueError`, or `JobsError` of the history and the outbox.
    public func find(_ id: JobID) async throws -> JobResource? { try await place(of: id).map(resource) }

    /// Ends a job that waits, in Redis or in the outbox, at once; asks the worker of one that runs to stop it.
    ///
    /// - Parameter who: cancels it; goes into its trace.
    /// - Throws: `QueueError`, or `JobsError` of the history and the outbox.
    public func cancel(_ id: JobID, by who: String) async throws -> Answer {
        let note = "cancelled by \(who)"
        // A job that moves between two looks, from running to waiting, say, is found by the second round.
        for _ in 0..<2 {
            do throws(QueueError) {
                for name in names {
                    switch try await queue.cancel(id, in: name, note: note) {
                    case .notFound: continue
                    case .cancelled: return .done(try await known(id) ?? JobResource(cancelled: id, in: name))
                    case .requested: return try await known(id).map { .requested($0) } ?? .unknown
                    case .dead:
                        guard let job = try await known(id) else { return .unknown }
                        return .impossible(
                            job, reason: "it is dead already; it can be retried, or removed from the dead set")
                    }
                }
            } catch {
                // While Redis is away, what waits in the outbox can be cancelled there all the same.
                guard try await outbox.cancel(id, note: note) else { throw error }
                return try await find(id).map { .done($0) } ?? .unknown
            }
            if try await outbox.cancel(id, note: note) { return try await find(id).map { .done($0) } ?? .unknown }
        }
        guard let place = try await place(of: id) else { return .unknown }
        if case .outbox(let job) = place, job.id == id.description { return .notYet(job) }
        return refusal(id, place) { "it has ended already: \($0.why)" }
    }

    /// Puts a buried job back to work with fresh budgets.
    ///
    /// - Throws: `QueueError`, or `JobsError` of the history and the outbox.
    public func retry(_ id: JobID) async throws -> Answer {
        for name in names where try await queue.retryDead([id], in: name) == 1 {
            return try await find(id).map { .done($0) } ?? .unknown
        }
        guard let place = try await place(of: id) else { return .unknown }
        if case .redis(let view) = place, view.state == .dead, view.id == id {
            return .impossible(resource(place), reason: "another job holds its unique or debounce key")
        }
        return refusal(id, place) { "only a job in the dead set can be retried: \($0.why)" }
    }

    private func refusal(_ id: JobID, _ place: Place, _ reason: (JobResource) -> String) -> Answer {
        let job = resource(place)
        let isOther = job.id != id.description
        return .impossible(job, reason: isOther ? "another job runs in its place: \(job.id)" : reason(job))
    }

    /// The job as Redis has it.
    private func known(_ id: JobID) async throws(QueueError) -> JobResource? {
        switch try await queue.job(id, in: names) {
        case .present(let view): resource(.redis(view))
        case .finished(let trace): JobResource(trace)
        case nil: nil
        }
    }

    private func resource(_ place: Place) -> JobResource {
        switch place {
        case .redis(let view): JobResource(view, nowMilliseconds: clock.nowMilliseconds())
        case .ended(let job), .outbox(let job): job
        }
    }

    private func place(of id: JobID) async throws -> Place? {
        var id = id
        // A row of the outbox may say that another job runs in its place; and a job may leave the outbox between two looks.
        for _ in 0..<3 {
            var failure: QueueError?
            do throws(QueueError) {
                switch try await queue.job(id, in: names) {
                case .present(let view): return .redis(view)
                case .finished(let trace): return .ended(JobResource(trace))
                case nil: break
                }
            } catch {
                failure = error
            }
            if let finished = try await history.find(id: id.description) { return .ended(JobResource(finished)) }
            let row = try await outbox.find(id: id)
            if let row, !row.isRelayed, !row.isEnded {
                return .outbox(
                    JobResource(row, isRedisAway: failure != nil, nowMilliseconds: clock.nowMilliseconds()))
            }
            if let failure { throw failure }
            guard let row else { return nil }
            if let carrier = row.carriedBy.flatMap({ JobID($0) }) { id = carrier }
        }
        return nil
    }
}

extension JobResource {
    /// A cancelled job of which no trace was kept, since too many wait.
    fileprivate init(cancelled id: JobID, in queue: QueueName) {
        self.init(
            FinishedJob(
                id: id.description, kind: "", queue: queue.description, state: .cancelled, attempts: 0,
                finishedAtMilliseconds: id.createdMilliseconds))
    }
}
