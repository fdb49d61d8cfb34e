import Basics
public import Logging
public import Queue

/// Runs `crm.upsert_person`, `crm.upsert_company` and `crm.upsert_batch` jobs.
public struct RecordSyncHandler: Sendable {
    private let directory: RecordSyncDirectory
    private let connector: TwentyConnector
    private let store: MappingStore
    private let cache: MappingCache
    private let logger: Logger

    /// How long a lane rests when its limit is spent, in ms, so that its other jobs do not all come to hear the same.
    private static let laneRestMilliseconds: Int64 = 3_000

    /// - Parameters:
    ///   - directory: whether and where to.
    ///   - cache: of this process.
    public init(
        directory: RecordSyncDirectory, connector: TwentyConnector, store: MappingStore, cache: MappingCache,
        logger: Logger
    ) {
        (self.directory, self.connector, self.store, self.cache) = (directory, connector, store, cache)
        self.logger = logger
    }

    /// The handlers for the registry.
    public var handlers: [JobHandler] {
        [
            handler(JobKind.crmUpsertPerson) { job, sync in try await one(job, .person, sync) },
            handler(JobKind.crmUpsertCompany) { job, sync in try await one(job, .company, sync) },
            handler(JobKind.crmUpsertBatch) { job, sync in try await batch(job, sync) },
        ]
    }

    private func handler(
        _ kind: String, _ run: @escaping @Sendable (RunningJob, RecordSync) async throws -> JobOutcome
    ) -> JobHandler {
        JobHandler(kind: kind, queue: JobQueue.crm, leavesTrace: true) { job in
            do {
                let settings = try await directory.settings()
                guard settings.isEnabled, settings.mode != .disabled else {
                    return .done(note: "not sent: record sync is switched off")
                }
                guard settings.mode == .directCRM else { throw Self.noPlatform }
                let sync = RecordSync(
                    client: try connector.client(settings), store: store, cache: cache, clock: job.clock)
                return try await run(job, sync)
            } catch let error as TwentyError {
                return outcome(error, job)
            } catch let error as InputError {
                return .bury(reason: "\(TwentyError.Code.validationError): \(error)")
            }
        }
    }

    private static let noPlatform = TwentyError(
        .operationFailed, "the mode is platform, and no API of a platform that takes records is defined")

    private func one(_ job: RunningJob, _ kind: SyncKind, _ sync: RecordSync) async throws -> JobOutcome {
        let item = try FieldReader.item(job.arguments, kind)
        let result = try await sync.upsert(item)
        logger.info(
            "record synced",
            metadata: [
                "kind": "\(kind.rawValue)", "external_id": "\(item.externalID)", "crm_id": "\(result.id)",
                "result": "\(result.change.rawValue)",
            ])
        return .done(note: "\(result.change.rawValue) \(result.id)")
    }

    private func batch(_ job: RunningJob, _ sync: RecordSync) async throws -> JobOutcome {
        var arguments = try SyncBatchArguments.decode(job.arguments)
        while true {
            let part = arguments.part
            guard !part.isEmpty else { break }
            if let error = arguments.note(part, try await sync.upsert(batch: part)) { throw error }
            if arguments.next < arguments.items.count { try await job.keep(arguments: arguments.encoded()) }
        }
        try await sync.remember(arguments.mappings)
        logger.info(
            "records synced",
            metadata: [
                "count": "\(arguments.items.count)", "result": "\(arguments.summary)",
                "failed": "\(arguments.failures.count)",
            ])
        guard let first = arguments.failures.first else { return .done(note: arguments.summary) }
        try await job.keep(arguments: arguments.failedAlone())
        let name = arguments.items[first.place].externalID
        return .bury(
            reason: "\(arguments.failures.count) of \(arguments.items.count) records were refused, and are left in the "
                + "arguments; \(arguments.summary); the first, \(name): \(first.error)")
    }

    private func outcome(_ error: TwentyError, _ job: RunningJob) -> JobOutcome {
        if error.code == .rateLimit, case .defer(let milliseconds, let reason, _) = error.outcome {
            return .defer(
                milliseconds: milliseconds, reason: reason,
                holdLaneMilliseconds: min(milliseconds, Self.laneRestMilliseconds))
        }
        if error.isRetriable, !error.isFree, job.isLastAttempt {
            let code = TwentyError.Code.operationFailed
            return .bury(reason: "\(code): it failed \(job.policy.attempts) times; the last time: \(error)")
        }
        return error.outcome
    }
}
