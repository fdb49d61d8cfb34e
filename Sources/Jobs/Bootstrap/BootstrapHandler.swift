// `call.bootstrap`: the person of a call that starts, then `engagement.created`, as if that had been posted. Whatever is wrong
// with the CRM, the engagement is told in the end, if need be without its person: it is news for others too.

public import Basics
public import Logging
public import Queue

/// Runs `call.bootstrap` jobs.
public struct BootstrapHandler: Sendable {
    private let accounts: BootstrapAccounts
    private let hub: HubStore
    private let targets: TargetDirectory
    private let endpoints: EndpointDirectory
    private let client: @Sendable (_ workspaceID: String) -> TwentyClient?
    private let ownership: OwnershipDirectory
    private let pushRetry: RetryPolicy
    private let calls: CallPushes
    private let clock: any WallClock
    private let logger: Logger

    private static let faultMilliseconds: Int64 = 1_000
    /// After so long what an event carries of its engagement may be older than what was pushed since, in ms.
    private static let staleMilliseconds: Int64 = 5_000
    /// How long a limit of Twenty's keeps the engagement back, in ms; then it is told without its person.
    static let patienceMilliseconds: Int64 = 300_000

    /// Attempts at what the CRM cannot do now.
    static let retry = RetryPolicy(attempts: 4, delayMilliseconds: 3_000)

    /// - Parameters:
    ///   - client: of a workspace; nil for one that our key is not for.
    ///   - pushRetry: of the pushes that follow.
    public init(
        accounts: BootstrapAccounts, hub: HubStore, targets: TargetDirectory, endpoints: EndpointDirectory,
        client: @escaping @Sendable (_ workspaceID: String) -> TwentyClient?, ownership: OwnershipDirectory,
        pushRetry: RetryPolicy, calls: CallPushes, clock: any WallClock, logger: Logger
    ) {
        (self.accounts, self.hub, self.targets, self.endpoints) = (accounts, hub, targets, endpoints)
        (self.client, self.ownership, self.pushRetry, self.calls) = (client, ownership, pushRetry, calls)
        (self.clock, self.logger) = (clock, logger)
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.callBootstrap, queue: JobQueue.webhooks, leavesTrace: true) { job in
            let arguments: BootstrapArguments
            do { arguments = try BootstrapArguments.decode(job.arguments) } catch {
                return .bury(reason: "unreadable arguments: \(error)")
            }
            do throws(JobsError) {
                return try await run(arguments, job)
            } catch {
                guard error.isRetriable else { return .retry(reason: "\(error)") }
                return .defer(milliseconds: Self.faultMilliseconds, reason: error.message)
            }
        }
    }

    private func run(_ arguments: BootstrapArguments, _ job: RunningJob) async throws(JobsError) -> JobOutcome {
        let event = arguments.event
        guard let routes = await targets.routes(of: [event.domainName])[event.domainName],
            let snapshot = await endpoints.snapshot()
        else { return .defer(milliseconds: Self.faultMilliseconds, reason: "the targets cannot be read now") }
        guard let workspaceID = try await accounts.workspaceID(of: event.domainName) else {
            // It does not want it any more, or could not be asked.
            return done(
                EventRouter.plan(event, name: arguments.name, targets: Array(routes.keys), calls: calls),
                [], "the account wants no bootstrap")
        }
        let (personID, note): (String?, String)
        switch try await person(event, workspaceID, job) {
        case .found(let id, let text): (personID, note) = (id, text)
        case .later(let outcome): return outcome
        }
        let created = try engagement(arguments, personID: personID, workspaceID: workspaceID)
        let pushed = try await withoutStaleData(created, arguments, job)
        let told = EndpointEvent(
            created, id: created.id ?? arguments.name, acceptedMilliseconds: arguments.atMilliseconds)
        return done(
            EventRouter.plan(pushed, name: created.id, targets: Array(routes.keys), calls: calls),
            EndpointRouter.plan(
                told, to: snapshot.endpoints(wanting: told), nowMilliseconds: clock.nowMilliseconds()),
            note)
    }

    private enum Search {
        case found(String?, String)
        case later(JobOutcome)
    }

    private func person(
        _ event: Event, _ workspaceID: String, _ job: RunningJob
    ) async throws(JobsError) -> Search {
        if let id = event.personID { return .found(id, "the event names person \(id)") }
        guard let client = client(workspaceID) else { return .found(nil, "the key is for another workspace") }
        var identifier: String?
        if event.data?["contact_identifier"]?.string == nil, case .found(let record) = try await hub.record(for: event)
        {
            if let id = record.personID { return .found(id, "the Hub names person \(id)") }
            identifier = record.contactIdentifier
        }
        let contact = CallContact(event, identifier: identifier)
        guard contact.isReachable else { return .found(nil, "no number and no address to find a person by") }
        do throws(TwentyError) {
            let bootstrap = PersonBootstrap(client: client, workspaceID: workspaceID)
            let person = try await bootstrap.person(contact) {
                await ownership.context(
                    domainName: event.domainName, workspaceID: workspaceID, contact.initiator)
            }
            return .found(person.id, "person \(person.id)")
        } catch {
            let isOver = error.isFree ? isOutOfPatience(job) : !error.isRetriable || job.isLastAttempt
            guard isOver else { return .later(error.outcome) }
            logger.warning(
                "a call is told without its person", metadata: ["job": "\(job.id)", "error": "\(error)"])
            return .found(nil, "without its person: \(error)")
        }
    }

    private func isOutOfPatience(_ job: RunningJob) -> Bool {
        clock.nowMilliseconds() - job.id.createdMilliseconds > Self.patienceMilliseconds
    }

    /// The event that the call becomes.
    private func engagement(
        _ arguments: BootstrapArguments, personID: String?, workspaceID: String
    ) throws(JobsError) -> Event {
        let event = arguments.event
        var source = event.source
        func set(_ key: String, _ value: String?) {
            guard let value else { return }
            source.members.removeAll { $0.key == key }
            source.members.append(.init(key: key, value: .string(value)))
        }
        set("id", Self.engagementName(arguments.name))
        set("type", EventType.engagementCreated.name)
        set("engagement_id", event.engagementID ?? event.callSID)
        set("person_id", personID)
        set("workspace_id", event.workspaceID ?? workspaceID)
        do throws(InputError) { return try Event(.object(source)) } catch {
            throw JobsError(.unexpectedData, "The engagement of a call could not be told: \(error)")
        }
    }

    /// An id of its own, which follows from the call's.
    static func engagementName(_ name: String) -> String {
        name.unicodeScalars.count <= 240 ? name + ".engagement" : "evt_" + InboundKey.of("engagement", name)
    }

    /// A bootstrap that had to wait must not push what the call was like at its start over what was pushed since: then the
    /// Hub is asked for it.
    private func withoutStaleData(
        _ event: Event, _ arguments: BootstrapArguments, _ job: RunningJob
    ) async throws(JobsError) -> Event {
        let age = clock.nowMilliseconds() - arguments.atMilliseconds
        guard event.carriesEngagement, age > Self.staleMilliseconds, case .found = try await hub.record(for: event)
        else { return event }
        var source = event.source
        source.members.removeAll { $0.key == "data" }
        do throws(InputError) { return try Event(.object(source)) } catch { return event }
    }

    private func done(_ pushes: [PlannedJob], _ deliveries: [NewJob], _ note: String) -> JobOutcome {
        let now = clock.nowMilliseconds()
        let jobs = pushes.map { $0.newJob(retry: pushRetry, nowMilliseconds: now) } + deliveries
        return .done(note: "\(note); \(pushes.count) pushes, \(deliveries.count) deliveries", then: jobs)
    }
}
