// `engagement.push`: build the body once and keep it, post it, let the rule decide. Every outcome but a delivery says
// why, and the last one is a warning in the log. Each attempt is in the attempt log before its job is acked.

public import Basics
public import Logging
public import Queue

/// Runs `engagement.push` jobs.
public struct PushHandler: Sendable {
    private let directory: TargetDirectory
    private let hub: HubStore
    private let sender: WebhookSender
    let log: AttemptLog
    private let clock: any WallClock
    private let logger: Logger

    /// How long a push waits when our own database cannot be read, in ms; free, since the target said nothing.
    static let faultPauseMilliseconds: Int64 = 1_000

    /// - Parameters:
    ///   - directory: where an account's pushes go.
    ///   - hub: where a push is built from, unless its event carries the engagement itself.
    ///   - log: gets each attempt.
    public init(
        directory: TargetDirectory, hub: HubStore, sender: WebhookSender, log: AttemptLog, clock: any WallClock,
        logger: Logger
    ) {
        self.directory = directory
        self.hub = hub
        self.sender = sender
        self.log = log
        self.clock = clock
        self.logger = logger
    }

    var nowMilliseconds: Int64 { clock.nowMilliseconds() }

    /// Writes a row into the attempt log.
    func record(_ row: DeliveryAttempt) async {
        await log.record(row)
        FaultPoint.reach(.workerAfterLog)
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.engagementPush, leavesTrace: true) { job in try await run(job) }
    }

    private func run(_ job: RunningJob) async throws -> JobOutcome {
        let push: KeptPush
        do { push = try KeptPush(job.arguments) } catch { return .bury(reason: "unreadable arguments: \(error)") }
        let domainName = push.arguments.event.domainName
        guard let routes = await directory.routes(of: [domainName])[domainName] else {
            return .defer(
                milliseconds: Self.faultPauseMilliseconds, reason: "the account's settings cannot be read now")
        }
        switch routes[push.arguments.target] {
        case nil:
            return await bury(job, push, "the account has no \(push.arguments.target) target any more")
        case .invalid(let reason):
            return await bury(job, push, reason)
        case .endpoint(let endpoint):
            return try await deliver(job, push, to: endpoint)
        }
    }

    private func deliver(
        _ job: RunningJob, _ push: KeptPush, to endpoint: TargetSettings.Endpoint
    ) async throws -> JobOutcome {
        let claimedAt = job.clock.nowMilliseconds
        let body: [UInt8]
        var arguments = job.arguments
        switch await self.body(of: push) {
        case .kept(let bytes):
            body = bytes
        case .built(let built):
            body = built.body()
            arguments = KeptPush.encode(push.arguments, body: body)
            FaultPoint.reach(.workerBeforeKeep)
            try await job.keep(arguments: arguments)
            FaultPoint.reach(.workerKept)
            say(built, push.arguments.target)
        case .unknown(let reason):
            return await conclude(.retry(afterMilliseconds: 0, reason: reason), job, push)
        case .fault(let reason):
            return .defer(milliseconds: Self.faultPauseMilliseconds, reason: reason)
        }
        let startedAt = clock.nowMilliseconds()
        let prepared = job.clock.nowMilliseconds - claimedAt
        FaultPoint.reach(.workerBeforePost)
        let headers = PushHeaders.make(webhookID: PushHeaders.webhookID(of: job.id), secret: endpoint.secret)
        let request = WebhookRequest(url: endpoint.url, headers: headers, body: body, secrets: endpoint.secrets)
        let reply = await sender.post(request)
        FaultPoint.reach(.workerAfterPost)
        let effort = Effort(
            exchange: reply.exchange, startedAtMilliseconds: startedAt, prepareMilliseconds: prepared,
            arguments: { [arguments] in arguments }, secrets: request.allSecrets)
        switch reply.result {
        case .success(let result):
            let rule = DeliveryRule(
                attempts: job.policy.attempts,
                delayMilliseconds: job.policy.plainDelayMilliseconds(after: job.attempt) ?? 0)
            let decision = rule.decide(result, attempt: job.attempt)
            return await conclude(decision, job, push, result, effort)
        case .failure(let fault):
            await note(fault, job, push, effort)
            guard !fault.isStop else { throw CancellationError() }
            return .defer(milliseconds: Self.faultPauseMilliseconds, reason: fault.description)
        }
    }

    private enum Body {
        case kept([UInt8])
        case built(EngagementPush)
        /// The Hub knows nothing of the engagement yet.
        case unknown(String)
        /// Our own database cannot be read.
        case fault(String)
    }

    private func body(of push: KeptPush) async -> Body {
        if let body = push.body { return .kept(body) }
        let event = push.arguments.event
        let record: EngagementRecord
        if let own = EngagementRecord(data: event.data) {
            record = own
        } else {
            do throws(JobsError) {
                switch try await hub.record(for: event) {
                case .found(let found): record = found
                case .nothingYet(let reason): return .unknown(reason)
                }
            } catch {
                return error.isRetriable ? .fault(error.message) : .unknown("\(error)")
            }
        }
        return .built(
            EngagementPush(
                event: event, record: record, deliveryType: push.arguments.deliveryType,
                sentAtMilliseconds: clock.nowMilliseconds()))
    }

    /// The one place where a decision becomes an outcome.
    private func outcome(
        _ decision: DeliveryDecision, _ job: RunningJob, _ push: KeptPush, statusText: String
    ) -> JobOutcome {
        var metadata = metadata(job, push)
        metadata["result"] = "\(statusText)"
        switch decision {
        case .delivered:
            logger.info("push delivered", metadata: metadata)
            return .done(note: statusText)
        case .retry(let after, let reason):
            metadata["reason"] = "\(reason)"
            guard job.attempt < job.policy.attempts else {
                logger.warning("push failed for good; the job is in the dead set", metadata: metadata)
                return .retry(reason: reason)
            }
            logger.info("push failed; it will be tried again", metadata: metadata)
            return .retry(reason: reason, notBeforeMilliseconds: after)
        case .final(let reason):
            metadata["reason"] = "\(reason)"
            logger.warning("push failed for good; the job is in the dead set", metadata: metadata)
            return .bury(reason: reason)
        }
    }

    private func bury(_ job: RunningJob, _ push: KeptPush, _ reason: String) async -> JobOutcome {
        await conclude(.final(reason: reason), job, push)
    }

    /// The attempt goes into the log, and its decision becomes the job's outcome.
    private func conclude(
        _ decision: DeliveryDecision, _ job: RunningJob, _ push: KeptPush, _ result: DeliveryResult? = nil,
        _ effort: Effort? = nil
    ) async -> JobOutcome {
        let outcome = outcome(decision, job, push, statusText: result?.text ?? "not sent")
        await record(attempt(decision, job, push, effort, errorCode: result?.code ?? "not_sent"))
        return outcome
    }

    private func metadata(_ job: RunningJob, _ push: KeptPush) -> Logger.Metadata {
        let event = push.arguments.event
        return [
            "job": "\(job.id)", "engagement_id": "\(event.engagementID ?? event.callSID ?? "")",
            "target": "\(push.arguments.target)", "attempt": "\(job.attempt)/\(job.policy.attempts)",
        ]
    }

    /// The compact line of each push.
    private func say(_ push: EngagementPush, _ target: CRMTarget) {
        let line = push.logLine(targets: [target])
        logger.info(
            "push built",
            metadata: Dictionary(line.metadata.map { ($0.key, "\($0.value)") }) { first, _ in first })
    }
}
