import Basics
public import Logging
public import Queue

/// Runs `engagement.upsert` jobs: what the receiver took in goes into `crm.aventora_engagement`.
public struct UpsertHandler: Sendable {
    private let store: EngagementStore
    private let logger: Logger

    /// How long a push waits while Postgres is away, in ms; free.
    private static let faultPauseMilliseconds: Int64 = 1_000

    public init(store: EngagementStore, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.engagementUpsert, leavesTrace: true) { job in
            let push: ReceivedPush
            do { push = try ReceivedPush.decode(job.arguments) } catch { return .bury(reason: "\(error)") }
            let result: UpsertResult
            do throws(JobsError) { result = try await store.upsert(push) } catch {
                guard error.isRetriable else { return .retry(reason: "\(error)") }
                return .defer(milliseconds: Self.faultPauseMilliseconds, reason: error.message)
            }
            logger.info(
                "push received",
                metadata: [
                    "engagement_id": "\(push.engagementID)", "status": "\(push.status ?? "")",
                    "sent_at": "\(push.sentAt.iso8601)", "history_count": "\(push.historyCount ?? 0)",
                    "transcript_count": "\(push.transcriptCount ?? 0)", "result": "\(result)",
                ])
            return .done(note: "\(result)")
        }
    }
}
