public import Basics
public import Curl
public import Guard
public import Logging
public import Queue

/// Runs `hub.backfill` jobs: one workspace of a backfill each.
public struct BackfillHandler: Sendable {
    private let store: BackfillStore
    private let queue: QueueClient
    private let keyring: SecretsKeyring
    private let curl: CurlClient
    private let outbound: AddressGuard
    private let clock: any WallClock
    private let logger: Logger
    private let tokens = ChatbotTokens()

    private static let faultMilliseconds: Int64 = 1_000

    /// A handler over the store, and what it takes to call domain-chatbot.
    public init(
        store: BackfillStore, queue: QueueClient, keyring: SecretsKeyring, curl: CurlClient, outbound: AddressGuard,
        clock: any WallClock, logger: Logger
    ) {
        (self.store, self.queue, self.keyring, self.curl) = (store, queue, keyring, curl)
        (self.outbound, self.clock, self.logger) = (outbound, clock, logger)
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(
            kind: JobKind.hubBackfill, queue: JobQueue.hub, leavesTrace: true,
            timeLimitMilliseconds: Self.timeLimitMilliseconds
        ) { job in
            guard let arguments = BackfillArguments(job.arguments) else {
                return .bury(reason: "its arguments cannot be read")
            }
            let attempt = Attempt(
                job: job.id, isLast: job.isLastAttempt,
                pauseMilliseconds: job.policy.delayMilliseconds(after: job.attempt, of: job.id) ?? 0)
            do {
                return try await run(arguments, attempt)
            } catch let error as JobsError where error.isRetriable {
                return .defer(milliseconds: Self.faultMilliseconds, reason: error.message)
            }
        }
    }

    /// One run of a job.
    struct Attempt: Sendable {
        let job: JobID
        let isLast: Bool
        /// Until the next, by the job's policy.
        let pauseMilliseconds: Int64
    }

    func run(_ arguments: BackfillArguments, _ attempt: Attempt) async throws -> JobOutcome {
        let id = arguments.backfill
        guard let item = try await store.begin(arguments.workspace, of: id, job: attempt.job),
            let backfill = try await store.find(id)
        else { return try await leftAlone(arguments) }
        guard let sealed = backfill.secrets else {
            try await store.putOff(arguments.workspace, of: id, reason: "")
            return .done(note: "left alone: its backfill was ended")
        }
        let outcome: JobOutcome
        do {
            let client = try client(of: backfill, sealed)
            let result = try await carryOut(item, backfill, client)
            let (state, detail) = Self.end(result)
            try await store.end(arguments.workspace, of: id, as: state, detail)
            outcome = .done(note: state == .skipped ? "skipped: \(detail)" : detail)
        } catch let error as ServiceError {
            outcome = try await failed(arguments, error.outcome, error.code == .unreachable, attempt)
        } catch let error as SecretsError {
            outcome = try await failed(arguments, .retry(reason: "\(error)"), false, attempt)
        } catch let fault as ServiceAddress.Fault {
            outcome = try await failed(
                arguments, .bury(reason: "domain-chatbot's address cannot be used: \(fault)"), false, attempt)
        } catch let fault as Incomplete {
            outcome = try await failed(arguments, .bury(reason: fault.reason), false, attempt)
        }
        // A worker that stops has no time for more; the next run of the job has.
        guard !Task.isCancelled else { return outcome }
        if try await store.close(id) {
            logger.info("a backfill is done", metadata: ["backfill": "\(id)"])
            try await queue.setLimits(nil, ofLane: backfill.lane, in: JobQueue.hub)
        }
        return outcome
    }

    private struct Incomplete: Error {
        let reason: String
    }

    /// It was done, or its backfill was ended: with that its credentials are gone.
    private func leftAlone(_ arguments: BackfillArguments) async throws -> JobOutcome {
        let item = try await store.item(arguments.workspace, of: arguments.backfill)
        return switch item?.state {
        case .failed?: .bury(reason: "its backfill has ended; start another")
        case let state?: .done(note: "left alone: \(state.rawValue)")
        case nil: .done(note: "there is no such workspace in a backfill")
        }
    }

    private func client(
        of backfill: Backfill, _ sealed: SealedSecret
    ) throws -> (chatbot: ChatbotClient, telephony: TelephonyDefaults?) {
        let secrets = try BackfillSecrets(sealed, of: backfill.id, keyring)
        let client = try ChatbotClient(
            secrets.access, client: curl, outbound: outbound, clock: clock, tokens: tokens)
        return (client, secrets.telephony)
    }

    private func carryOut(
        _ item: BackfillItem, _ backfill: Backfill, _ client: (chatbot: ChatbotClient, telephony: TelephonyDefaults?)
    ) async throws -> BackfillResult {
        switch backfill.mode {
        case .syncMembers: return try await client.chatbot.syncMembers(item.workspace)
        case .full:
            guard let telephony = client.telephony else { throw Incomplete(reason: "its backfill has no telephony") }
            return try await client.chatbot.provision(item.workspace, telephony)
        }
    }

    private static func end(_ result: BackfillResult) -> (BackfillItem.State, String) {
        switch result {
        case .done(let detail): (.done, detail)
        case .skipped(let reason): (.skipped, reason)
        }
    }

    /// Writes down what becomes of an item that was not done. While nobody answers at all its lane waits with it: the
    /// others would only lose their attempts.
    private func failed(
        _ arguments: BackfillArguments, _ outcome: JobOutcome, _ isAway: Bool, _ attempt: Attempt
    ) async throws -> JobOutcome {
        let (id, workspace) = (arguments.backfill, arguments.workspace)
        switch outcome {
        case .defer where Task.isCancelled, .done: return outcome
        case .defer(let milliseconds, let reason, _):
            try await store.putOff(workspace, of: id, reason: reason)
            return .defer(milliseconds: milliseconds, reason: reason, holdLaneMilliseconds: milliseconds)
        case .retry(let reason, let notBefore, _):
            guard !attempt.isLast else {
                try await store.end(workspace, of: id, as: .failed, reason)
                return outcome
            }
            try await store.putOff(workspace, of: id, reason: reason)
            return .retry(
                reason: reason, notBeforeMilliseconds: notBefore,
                holdLaneMilliseconds: isAway ? max(attempt.pauseMilliseconds, notBefore) : notBefore)
        case .bury(let reason):
            try await store.end(workspace, of: id, as: .failed, reason)
            return outcome
        }
    }
}
