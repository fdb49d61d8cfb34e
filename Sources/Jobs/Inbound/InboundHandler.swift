// `twenty.event`: what Twenty told, or what the reconciliation found, becomes deliveries to subscriptions. It never becomes a
// push: an object of a CRM may have any name, `engagement` too. Dying anywhere is harmless: the deliveries are enqueued in
// the step that ends the job, and a job that runs again gets the verdict that it got before.

public import Basics
public import Logging
public import Queue

/// Runs `twenty.event` jobs.
public struct InboundHandler: Sendable {
    private let store: InboundStore
    private let workspaces: WorkspaceStore
    private let endpoints: EndpointDirectory
    private let ownName: String?
    private let clock: any WallClock
    private let logger: Logger

    private static let faultMilliseconds: Int64 = 1_000

    /// - Parameters:
    ///   - workspaces: say whose account it is.
    ///   - endpoints: kept fresh by somebody else.
    ///   - ownName: what the workspace calls our key; changes that it made are not told. Nil tells all.
    public init(
        store: InboundStore, workspaces: WorkspaceStore, endpoints: EndpointDirectory, ownName: String?,
        clock: any WallClock, logger: Logger
    ) {
        (self.store, self.workspaces, self.endpoints) = (store, workspaces, endpoints)
        (self.ownName, self.clock, self.logger) = (ownName, clock, logger)
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.twentyEvent, queue: JobQueue.webhooks, leavesTrace: true) { job in
            let change: InboundChange
            do { change = try InboundChange.decode(job.arguments) } catch {
                return .bury(reason: "unreadable arguments: \(error)")
            }
            do throws(JobsError) {
                return try await run(change, job: job.id)
            } catch {
                guard error.isRetriable else { return .retry(reason: "\(error)") }
                return .defer(milliseconds: Self.faultMilliseconds, reason: error.message)
            }
        }
    }

    func run(_ change: InboundChange, job: JobID) async throws(JobsError) -> JobOutcome {
        // Before the verdict, which cannot be taken back.
        guard let snapshot = await endpoints.snapshot() else {
            return .defer(milliseconds: Self.faultMilliseconds, reason: "the endpoints cannot be read now")
        }
        let domainName = try await workspaces.domainName(ofWorkspace: change.workspaceID)
        guard let action = try await store.tell(change, job: job) else {
            return .done(note: "not told: it was told before")
        }
        guard !isEcho(change, action) else { return .done(note: "not told: it is our own change") }
        let event = change.told(as: action).event(domainName: domainName ?? change.workspaceID)
        let deliveries = EndpointRouter.plan(
            event, to: snapshot.endpoints(wanting: event), nowMilliseconds: clock.nowMilliseconds())
        logger.info(
            "twenty told",
            metadata: [
                "type": "\(event.type)", "workspace": "\(change.workspaceID)", "source": "\(change.source.rawValue)",
                "deliveries": "\(deliveries.count)",
            ])
        return .done(note: "\(event.type): \(deliveries.count) deliveries", then: deliveries)
    }

    /// Whether our own key wrote it. Only of a change that wrote the record: one that is deleted or restored names whoever
    /// wrote it last before.
    private func isEcho(_ change: InboundChange, _ action: InboundChange.Action) -> Bool {
        guard let ownName, action == .created || action == .updated else { return false }
        let writer =
            change.record["updatedBy"]?.object ?? (action == .created ? change.record["createdBy"]?.object : nil)
        return writer?["source"]?.string == "API" && writer?["name"]?.string == ownName
    }

    /// The job that tells a change: jobs of one record run one after the other, in the order in which they came.
    public static func job(_ change: InboundChange, nowMilliseconds: Int64) -> NewJob {
        let workspace = PushLane.token(change.workspaceID, maximumBytes: 100)
        let record = change.recordID ?? change.key
        return NewJob(
            id: JobID(nowMilliseconds: nowMilliseconds), kind: JobKind.twentyEvent, arguments: change.arguments(),
            policy: JobPolicy.internalWork, lane: lane(workspace),
            orderKey: "twenty:\(workspace):\(PushLane.token(record, maximumBytes: 60))")
    }

    private static func lane(_ workspace: String) -> String { "twenty-event:\(workspace)" }

    /// What is known of `twenty.event` jobs.
    public static let description = KindDescription(
        name: JobKind.twentyEvent,
        summary: "Tells subscriptions of a change in a Twenty workspace, unless that was told before.",
        queue: JobQueue.webhooks,
        retry: JobPolicy.internalWork,
        leavesTrace: true,
        arguments: .object(
            [
                .required(
                    "source", .choice(InboundChange.Source.allCases.map(\.rawValue)), "Who says so."),
                .required("key", .name, "The same for every telling of the same change."),
                .required("object", .name, "Singular, such as person."),
                .required("action", .choice(InboundChange.Action.allCases.map(\.rawValue))),
                .required("workspace_id", .name),
                .required("at", .time, "When it was told."),
                .required("record", .object([], allowsOthers: true), "After the change; of a removal, before it."),
                .optional("webhook_id", .name),
                .optional("previous", .object([], allowsOthers: true)),
                .optional("updated_fields", .list(.name, maximumCount: 2_000)),
                .optional("actor", .object([], allowsOthers: true)),
            ], allowsOthers: false),
        check: { bytes throws(InputError) in _ = try InboundChange.decode(bytes) },
        lane: { arguments in
            arguments["workspace_id"]?.string.map { lane(PushLane.token($0, maximumBytes: 100)) } ?? ""
        })
}
