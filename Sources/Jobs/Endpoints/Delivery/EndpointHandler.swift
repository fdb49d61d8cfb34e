// `endpoint.deliver`: build the body once and keep it, sign it for this attempt, post it, let the rule decide. What is not
// the endpoint's fault spends no attempt: a database that cannot be read, a key that is missing, a stop.

public import Basics
public import Logging
public import Queue

/// Runs `endpoint.deliver` jobs.
public struct EndpointHandler: Sendable {
    let directory: EndpointDirectory
    let store: EndpointStore
    let keyring: SecretsKeyring
    let sender: EndpointSender
    let queue: QueueClient
    let clock: any WallClock
    let logger: Logger
    let record: @Sendable (EndpointAttempt) async -> Void
    let probeMilliseconds: Int64

    /// How long a delivery waits for what is our own fault, in ms.
    static let faultPauseMilliseconds: Int64 = 1_000
    /// How long a lane is left alone at a time while its endpoint is off or parked, in ms: so long a change by hand takes.
    static let restMilliseconds: Int64 = 5_000

    /// - Parameters:
    ///   - directory: where an endpoint is looked up; kept fresh by somebody else.
    ///   - queue: whose lanes are narrowed when an endpoint is parked.
    ///   - record: told of every attempt, before its job ends.
    ///   - probeMilliseconds: see ``EndpointStore/probeMilliseconds``.
    public init(
        directory: EndpointDirectory, store: EndpointStore, keyring: SecretsKeyring, sender: EndpointSender,
        queue: QueueClient, clock: any WallClock, logger: Logger,
        probeMilliseconds: Int64 = EndpointStore.probeMilliseconds,
        record: @escaping @Sendable (EndpointAttempt) async -> Void = { _ in }
    ) {
        self.directory = directory
        self.store = store
        self.keyring = keyring
        self.sender = sender
        self.queue = queue
        self.clock = clock
        self.logger = logger
        self.probeMilliseconds = probeMilliseconds
        self.record = record
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

    private func deliver(
        _ job: RunningJob, _ arguments: EndpointArguments, to endpoint: Endpoint
    ) async throws -> JobOutcome {
        guard endpoint.settings.isEnabled else { return Self.resting("the endpoint is switched off") }
        if let wait = try await waitForProbe(endpoint) { return wait }
        let headers: [(name: String, value: String)]
        let own: [EndpointHeader]
        let body: [UInt8]
        switch self.body(of: arguments, for: endpoint) {
        case .refused(let reason): return .bury(reason: reason)
        case .kept(let bytes): body = bytes
        case .built(let bytes):
            body = bytes
            let kept = EndpointArguments(
                endpointID: arguments.endpointID, messageID: arguments.messageID, type: arguments.type,
                content: .body(bytes))
            FaultPoint.reach(.workerBeforeKeep)
            try await job.keep(arguments: kept.encoded())
            FaultPoint.reach(.workerKept)
        }
        do {
            own = try ownHeaders(of: endpoint)
            headers = try signature(of: body, arguments.messageID, endpoint) + own.map { ($0.name, $0.revealedValue) }
        } catch let error as SecretsError {
            logger.warning(
                "a delivery cannot be signed", metadata: ["endpoint": "\(endpoint.id)", "error": "\(error)"])
            return Self.unspent("it cannot be signed: \(error)")
        } catch {
            return .bury(reason: "it cannot be signed: \(error)")
        }
        let identity = EndpointAttempt.Identity(
            deliveryID: job.id.description, messageID: arguments.messageID, endpointID: endpoint.id,
            eventType: arguments.type, number: job.attempt)
        let attempt: EndpointAttempt
        do {
            FaultPoint.reach(.workerBeforePost)
            attempt = try await sender.post(
                body, to: endpoint.settings.url, headers: headers,
                secretNames: Set(own.map { $0.name.lowercased() }), identity: identity)
            FaultPoint.reach(.workerAfterPost)
        } catch let fault as OwnFault {
            return Self.unspent(fault.description)
        }
        await record(attempt)
        return await conclude(job, endpoint, attempt)
    }

    private enum Body {
        case kept([UInt8])
        case built([UInt8])
        case refused(String)
    }

    private func body(of arguments: EndpointArguments, for endpoint: Endpoint) -> Body {
        guard case .event(let event) = arguments.content else {
            guard case .body(let body) = arguments.content else { return .refused("no body") }
            return .kept(body)
        }
        let body = endpoint.settings.format.body(of: event, endpointID: endpoint.id)
        guard body.count <= EndpointSettings.maximumPayloadBytes else {
            return .refused(
                "the body has \(body.count) bytes; at most \(EndpointSettings.maximumPayloadBytes) are delivered")
        }
        return .built(body)
    }

    private func ownHeaders(of endpoint: Endpoint) throws -> [EndpointHeader] {
        guard let sealed = endpoint.sealedHeaders else { return [] }
        guard let headers = [EndpointHeader](sealedText: try keyring.open(sealed, of: endpoint.id)) else {
            throw SecretsError(.damaged, "an endpoint's headers cannot be read")
        }
        return headers
    }

    /// Made for this attempt: it holds its time.
    private func signature(
        of body: [UInt8], _ messageID: String, _ endpoint: Endpoint
    ) throws -> [(name: String, value: String)] {
        let now = clock.nowMilliseconds()
        var secrets: [EndpointSecret] = []
        if endpoint.settings.signing.needsSecret {
            for stored in endpoint.liveSecrets(atMilliseconds: now) {
                secrets.append(EndpointSecret(stored: try keyring.open(stored.sealed, of: endpoint.id)))
                if !endpoint.settings.signing.carriesSeveral { break }
            }
        }
        let message = WebhookSigner.Message(id: messageID, body: body, nowMilliseconds: now)
        return try WebhookSigner.headers(for: message, scheme: endpoint.settings.signing, secrets: secrets)
    }

    static func unspent(_ reason: String) -> JobOutcome {
        .defer(milliseconds: faultPauseMilliseconds, reason: reason)
    }

    /// Back to the front of its lane, of which nothing starts for a while: the order stays.
    static func resting(_ reason: String, milliseconds: Int64 = restMilliseconds) -> JobOutcome {
        .defer(milliseconds: 0, reason: reason, holdLaneMilliseconds: max(1, min(milliseconds, restMilliseconds)))
    }
}
