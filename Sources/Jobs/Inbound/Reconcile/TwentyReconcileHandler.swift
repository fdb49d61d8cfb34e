// One step is one page: read it from Twenty, look what of it was told, enqueue what was not, note how far this is. Dying between
// two of these is harmless: the page is read again, and what is enqueued twice is told once, see ``ToldRecord``.

public import Basics
public import Logging
public import Queue

/// Runs `twenty.reconcile` jobs: finds what Twenty did not tell.
public struct TwentyReconcileHandler: Sendable {
    private let source: @Sendable () async throws(TwentyError) -> ReconcileSource?
    private let objects: [TwentyObject]
    private let store: ReconciliationStore
    private let told: InboundStore
    private let submit: Submit
    private let clock: any WallClock
    private let logger: Logger

    typealias Submit = @Sendable (Submission) async throws(QueueError) -> SubmissionResult

    private static let faultMilliseconds: Int64 = 1_000
    /// Pages of one run; then the job comes again, so that none holds its place for long.
    private static let pagesPerRun = 20

    /// - Parameters:
    ///   - source: the workspace and how to reach it; nil while there is nothing to reconcile.
    ///   - told: what was told already.
    public init(
        source: @escaping @Sendable () async throws(TwentyError) -> ReconcileSource?, objects: [TwentyObject],
        store: ReconciliationStore, told: InboundStore, queue: QueueClient, clock: any WallClock, logger: Logger
    ) {
        self.init(
            source: source, objects: objects, store: store, told: told,
            submit: { submission throws(QueueError) in
                try await queue.submit(submission, to: JobQueue.webhooks)
            }, clock: clock, logger: logger)
    }

    init(
        source: @escaping @Sendable () async throws(TwentyError) -> ReconcileSource?, objects: [TwentyObject],
        store: ReconciliationStore, told: InboundStore, submit: @escaping Submit, clock: any WallClock, logger: Logger
    ) {
        (self.source, self.objects, self.store, self.told) = (source, objects, store, told)
        (self.submit, self.clock, self.logger) = (submit, clock, logger)
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.twentyReconcile, queue: JobQueue.crm, leavesTrace: true) { _ in
            do {
                return try await run()
            } catch let error as JobsError where error.isRetriable {
                return .defer(milliseconds: Self.faultMilliseconds, reason: error.message)
            } catch let error as TwentyError {
                return outcome(error)
            }
        }
    }

    /// All objects, one after the other, as far as one run goes.
    func run() async throws -> JobOutcome {
        guard let source = try await source() else { return .done(note: "nothing is to be reconciled") }
        var (pages, found) = (0, 0)
        let searches = try await searches(source)
        for (object, search) in searches {
            var reconciliation = search
            repeat {
                try Task.checkCancellation()
                guard pages < Self.pagesPerRun else {
                    return .defer(milliseconds: 0, reason: "\(pages) pages are read, more are left")
                }
                pages += 1
                found += try await step(&reconciliation, object, source)
            } while reconciliation.startedAt != nil
        }
        return .done(note: "\(pages) pages, \(found) changes that were not told")
    }

    /// Those under way first, so that one with many pages comes to its end.
    private func searches(_ source: ReconcileSource) async throws -> [(TwentyObject, Reconciliation)] {
        var searches: [(TwentyObject, Reconciliation)] = []
        for object in objects {
            let search = try await store.find(
                workspaceID: source.workspaceID, object: object.singular, nowMilliseconds: clock.nowMilliseconds())
            searches.append((object, search))
        }
        return searches.filter { $0.1.startedAt != nil } + searches.filter { $0.1.startedAt == nil }
    }

    /// One page; how many changes were missing.
    private func step(
        _ reconciliation: inout Reconciliation, _ object: TwentyObject, _ source: ReconcileSource
    ) async throws -> Int {
        if reconciliation.startedAt == nil { reconciliation.startedAt = clock.nowMilliseconds() }
        let page = try await page(&reconciliation, object, source)
        let known = try await told.told(
            workspaceID: source.workspaceID, object: object.singular, recordIDs: page.records.map(\.id))
        let missing = ReconciliationPage(
            reconciliation: reconciliation, workspaceID: source.workspaceID,
            overlapMilliseconds: TwentyClient.overlapMilliseconds
        ).missing(page.records, told: known)
        if !missing.isEmpty {
            let now = clock.nowMilliseconds()
            let groups = missing.map { change in
                Submission.Group(
                    receipt: Receipt(key: "found:\(change.key)", digest: "1"),
                    jobs: [InboundHandler.job(change, nowMilliseconds: now)])
            }
            guard case .accepted = try await submit(Submission(groups: groups)) else {
                throw TwentyError(.interrupted, "the queue is full")
            }
            logger.info(
                "twenty did not tell",
                metadata: ["object": "\(object.singular)", "changes": "\(missing.count)"])
        }
        reconciliation.go(to: page.nextCursor)
        try await store.save(reconciliation, workspaceID: source.workspaceID)
        return missing.count
    }

    /// A cursor that Twenty does not know any more, after an upgrade perhaps, is given up: the search begins anew.
    private func page(
        _ reconciliation: inout Reconciliation, _ object: TwentyObject, _ source: ReconcileSource
    ) async throws -> TwentyPage {
        do throws(TwentyError) {
            return try await source.client.changes(
                of: object, since: Timestamp(milliseconds: reconciliation.since), after: reconciliation.cursor,
                presence: reconciliation.isInTrash ? .trashed : .live)
        } catch {
            if error.code == .validationError, reconciliation.cursor != nil {
                reconciliation.cursor = nil
                try await store.save(reconciliation, workspaceID: source.workspaceID)
            }
            throw error
        }
    }

    /// What cannot be done now is left to the next tick, which goes on where this one stopped: a job that is buried at every
    /// tick of an outage helps nobody.
    private func outcome(_ error: TwentyError) -> JobOutcome {
        if error.isFree { return error.outcome }
        logger.warning("twenty cannot be reconciled now", metadata: ["error": "\(error)"])
        return .done(note: "not finished: \(error)")
    }

    /// What is known of `twenty.reconcile` jobs.
    public static let description = KindDescription(
        name: JobKind.twentyReconcile,
        summary: "Finds changes in a Twenty workspace that its webhooks did not tell.",
        queue: JobQueue.crm,
        retry: JobPolicy.internalWork,
        leavesTrace: true,
        arguments: .object([], allowsOthers: false))
}

/// A workspace, and how to reach it.
public struct ReconcileSource: Sendable {
    /// As its webhooks call it.
    public let workspaceID: String
    /// Reads its records.
    public let client: TwentyClient

    /// A workspace.
    public init(workspaceID: String, client: TwentyClient) {
        (self.workspaceID, self.client) = (workspaceID, client)
    }
}
