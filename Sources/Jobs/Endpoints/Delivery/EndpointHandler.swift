// `endpoint.deliver`: build the body, sign it for this attempt, post it, let the rule decide. What is not the endpoint's
// fault spends no attempt: a database that cannot be read, a key that is missing, a stop.
//
// The body is a pure function of event, endpoint and format, so the first attempt need not wait until Redis has it. An
// attempt that does not deliver has it kept before the job is settled, so that every later one sends the same bytes
// whatever its owner changes.

public import Basics
public import Logging
public import Queue

/// Runs `endpoint.deliver` jobs.
public struct EndpointHandler: Sendable {
    let directory: EndpointDirectory
    let store: EndpointStore
    let keyring: SecretsKeyring
    let sender: WebhookSender
    let queue: QueueClient
    let log: AttemptLog
    let clock: any WallClock
    let logger: Logger
    let probeMilliseconds: Int64
    let opened = OpenedSecretsCache()

    /// How long a delivery waits for what is our own fault, in ms.
    static let faultPauseMilliseconds: Int64 = 1_000
    /// How long a lane is left alone at a time while its endpoint is off or parked, in ms: so long a change by hand takes.
    static let restMilliseconds: Int64 = 5_000

    /// - Parameters:
    ///   - directory: where an endpoint is looked up; kept fresh by somebody else.
    ///   - queue: whose lanes are narrowed when an endpoint is parked.
    ///   - log: gets each attempt.
    ///   - probeMilliseconds: see ``EndpointStore/probeMilliseconds``.
    public init(
        directory: EndpointDirectory, store: EndpointStore, keyring: SecretsKeyring, sender: WebhookSender,
        queue: QueueClient, log: AttemptLog, clock: any WallClock, logger: Logger,
        probeMilliseconds: Int64 = EndpointStore.probeMilliseconds
    ) {
        self.directory = directory
        self.store = store
        self.keyring = keyring
        self.sender = sender
        self.queue = queue
        self.clock = clock
        self.logger = logger
        self.probeMilliseconds = probeMilliseconds
        self.log = log
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.endpointDeliver, leavesTrace: true) { job in try await run(job) }
    }

    private func run(_ job: RunningJob) async throws -> JobOutcome {
        let arguments: EndpointArguments
        do { arguments = try EndpointArguments(job.arguments) } catch {
            return .bury(reason: "unreadable arguments: \(error)")
        }
        guard let snapshot = await directory.snapshot() else { return Self.unspent("the endpoints cannot be read now") }
        guard let endpoint = snapshot[id: arguments.endpointID] else {
            // It may be newer than what this process knows.
            await directory.refresh()
            guard let again = await directory.snapshot() else {
                return Self.unspent("the endpoints cannot be read now")
            }
            guard let endpoint = again[id: arguments.endpointID] else {
                return .bury(reason: "the endpoint \(arguments.endpointID) was deleted")
            }
            return try await deliver(job, arguments, to: endpoint)
        }
        return try await deliver(job, arguments, to: endpoint)
    }

    /// Takes the arguments, so that a request that hangs does not hold the event's tree: only its bytes.
    private func deliver(
        _ job: RunningJob, _ arguments: consuming EndpointArguments, to endpoint: Endpoint
    ) async throws -> JobOutcome {
        guard endpoint.settings.isEnabled else { return Self.resting("the endpoint is switched off") }
        if let wait = try await waitForProbe(endpoint) { return wait }
        switch parcel(job, arguments, to: endpoint) {
        case .refused(let reason): return await bury(job, arguments, endpoint, reason)
        case .faulty(let reason): return Self.unspent(reason)
        case .ready(let parcel): return try await send(parcel)
        }
    }

    private func send(_ parcel: EndpointParcel) async throws -> JobOutcome {
        FaultPoint.reach(.workerBeforePost)
        let reply = await sender.post(parcel.request)
        FaultPoint.reach(.workerAfterPost)
        let trial = parcel.trial(reply.exchange)
        switch reply.result {
        case .success(let result):
            let outcome = await conclude(trial, result)
            if case .done = outcome { return outcome }
            await keep(parcel.built, of: parcel.job)
            return outcome
        case .failure(let fault):
            await note(fault, trial)
            guard !fault.isStop else { throw CancellationError() }
            return Self.unspent(fault.description)
        }
    }

    /// Has what was sent kept for later attempts. When Redis does not answer, they build it again; when the job is another
    /// worker's by now, Redis refuses this and the settlement too.
    private func keep(_ built: EndpointArguments?, of job: RunningJob) async {
        guard let built else { return }
        FaultPoint.reach(.workerBeforeKeep)
        do { try await job.keep(arguments: built.encoded()) } catch {
            logger.debug("a body could not be kept", metadata: ["job": "\(job.id)", "error": "\(error)"])
        }
        FaultPoint.reach(.workerKept)
    }

    /// What every attempt at a delivery has in the log.
    static func delivery(_ job: RunningJob, _ arguments: EndpointArguments, _ endpoint: Endpoint) -> Delivery {
        var delivery = Delivery(
            jobID: job.id, target: endpoint.settings.url.host, webhookID: arguments.messageID)
        delivery.endpointID = endpoint.id
        delivery.eventType = arguments.type
        (delivery.replayOf, delivery.replayID) = (arguments.replayOf, Replay.id(ofLane: job.lane))
        let subject = arguments.subject
        (delivery.eventID, delivery.domainName) = (subject.id, subject.domainName)
        (delivery.engagementID, delivery.callSID) = (subject.engagementID, subject.callSID)
        return delivery
    }

    static func unspent(_ reason: String) -> JobOutcome {
        .defer(milliseconds: faultPauseMilliseconds, reason: reason)
    }

    /// Back to the front of its lane, of which nothing starts for a while: the order stays.
    static func resting(_ reason: String, milliseconds: Int64 = restMilliseconds) -> JobOutcome {
        .defer(milliseconds: 0, reason: reason, holdLaneMilliseconds: max(1, min(milliseconds, restMilliseconds)))
    }
}
