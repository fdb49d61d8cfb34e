// The log knows what attempts say. What happens to a job between two of them (somebody cancels it, sends it to work again) is
// known to Redis first, so one delivery is looked up there too; a list is the log's alone.

public import Jobs
public import Queue

/// Looks at deliveries and the attempts at them.
public struct DeliveryDesk: Sendable {
    private let queue: QueueClient
    private let log: DeliveryStore
    private let history: FinishedStore

    /// A desk over the queues, the log and the history.
    public init(queue: QueueClient, log: DeliveryStore, history: FinishedStore) {
        self.queue = queue
        self.log = log
        self.history = history
    }

    /// One page, the newest first, from after the delivery whose id is the cursor.
    ///
    /// - Parameter limit: 1 or more.
    public func page(
        _ selection: DeliverySelection, limit: Int, after cursor: JobID? = nil
    ) async throws(JobsError) -> Page<DeliveryResource> {
        let rows = try await log.page(selection.filter, below: cursor?.description, count: limit + 1)
        let items = rows.prefix(limit).map { DeliveryResource($0) }
        return Page(items: items, nextCursor: rows.count > limit ? items.last?.id : nil)
    }

    /// A delivery with its attempts; nil when nobody knows of it. While Redis is away, as the log has it.
    public func find(_ id: JobID) async throws(JobsError) -> DeliveryDetail? {
        guard let found = try await found(id) else { return nil }
        guard found.isLogged else { return DeliveryDetail(found.row, attempts: []) }
        let attempts = try await log.attempts(at: id.description, count: DeliveryStore.maximumShownAttempts + 1)
        return DeliveryDetail(found.row, attempts: attempts)
    }

    /// A delivery as it stands.
    struct Found {
        let row: RecordedDelivery
        /// Whether the log has it.
        let isLogged: Bool
    }

    /// As ``find(_:)``, without the attempts.
    func found(_ id: JobID) async throws(JobsError) -> Found? {
        let known: FoundJob?
        do throws(QueueError) { known = try await queue.job(id, in: JobQueue.all) } catch { known = nil }
        guard var row = try await log.find(id.description) else {
            guard case .present(let view) = known, view.id == id, let delivery = Delivery(view) else { return nil }
            var row = RecordedDelivery(pending: delivery)
            row.take(view)
            return Found(row: row, isLogged: false)
        }
        switch known {
        case .present(let view) where view.id == id: row.take(view)
        case .finished(let trace): row.take(FinishedJob(trace))
        default:
            if row.state == .pending || row.state == .retrying, let end = try await history.find(id: id.description) {
                row.take(end)
            }
        }
        return Found(row: row, isLogged: true)
    }
}

extension Delivery {
    /// What a job is to deliver; nil for one that delivers nothing.
    init?(_ view: JobView) {
        guard view.envelope.kind == JobKind.engagementPush else { return nil }
        do {
            let push = try PushArguments.decode(view.envelope.arguments)
            self.init(jobID: view.id, push: push, lane: view.envelope.lane)
        } catch {
            return nil
        }
    }
}

extension RecordedDelivery {
    /// Takes over how its job stands in Redis.
    fileprivate mutating func take(_ view: JobView) {
        switch view.state {
        case .dead:
            state = .failed
            error = error ?? view.lastError?.message
        case .ready, .due, .running:
            attempts = Int64(view.envelope.attempts)
            state = attempts > 0 ? .retrying : .pending
        case .done, .cancelled: break
        }
        retryAtMilliseconds = view.state == .due ? view.atMilliseconds : nil
    }

    /// Takes over how its job ended.
    fileprivate mutating func take(_ end: FinishedJob) {
        switch end.state {
        case .done: state = .delivered
        case .dead: state = .failed
        case .cancelled: state = .cancelled
        }
        error = end.state == .done ? nil : end.error ?? end.note ?? error
        retryAtMilliseconds = nil
    }
}
