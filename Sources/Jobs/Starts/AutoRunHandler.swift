public import Basics
public import Logging
public import Queue

/// Runs `cockpit.auto_run` jobs: lets a workspace's rules answer a signal about a lead.
public struct AutoRunHandler: Sendable {
    private let cockpit: CockpitStore
    private let starts: StartStore
    private let starter: EngagementStarter
    private let clock: any WallClock
    private let logger: Logger

    /// A handler over the stores and the starter.
    public init(
        cockpit: CockpitStore, starts: StartStore, starter: EngagementStarter, clock: any WallClock, logger: Logger
    ) {
        (self.cockpit, self.starts, self.starter) = (cockpit, starts, starter)
        (self.clock, self.logger) = (clock, logger)
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.cockpitAutoRun, queue: JobQueue.hub, leavesTrace: true) { job in
            let signal: CockpitSignal
            do { signal = try CockpitSignal.decode(job.arguments) } catch { return .bury(reason: "\(error)") }
            return try await HubWork.guarding { try await run(signal, job) }
        }
    }

    private func run(_ signal: CockpitSignal, _ job: RunningJob) async throws -> JobOutcome {
        let place: EngagementStarter.Place
        do {
            place = try await starter.place(workspaceID: signal.workspaceID, domainName: signal.domainName)
        } catch let refusal as EngagementRefusal {
            return .done(note: "skipped: \(refusal.reason.rawValue)")
        }
        let rules = (place.workspace?.rules ?? []).filter { $0.answers(signal.name) }
        guard !rules.isEmpty else { return .done(note: "no rule answers \(signal.name)") }
        var notes: [String] = []
        for rule in rules {
            let occasion = CockpitStore.Occasion(
                signalID: signal.id ?? job.id.description, signal: signal.name, scope: place.scope,
                personID: signal.personID, rule: rule)
            let run = try await run(occasion, signal, place)
            logger.info(
                "a rule answered a signal",
                metadata: ["rule": "\(rule.key)", "signal": "\(signal.name)", "result": "\(run)"])
            switch run {
            case .executed(let start): notes.append("\(rule.key): \(start)")
            case .skipped(let reason): notes.append("\(rule.key): skipped, \(reason)")
            }
        }
        return .done(note: notes.joined(separator: "; "))
    }

    private func run(
        _ occasion: CockpitStore.Occasion, _ signal: CockpitSignal, _ place: EngagementStarter.Place
    ) async throws -> CockpitStore.Run {
        if let known = try await cockpit.find(occasion) { return known }
        var wish = EngagementWish()
        wish.action = occasion.rule.action
        let request = StartRequest(
            personID: signal.personID, workspaceID: place.scope.workspaceID, domainName: place.scope.domainName,
            wish: wish, contact: nil, person: signal.person)
        do {
            let plan = try await starter.plan(request, at: place)
            return try await cockpit.execute(occasion, starter.newStart(plan, rule: occasion.rule.key), in: starts)
        } catch let refusal as EngagementRefusal {
            return try await cockpit.skip(
                occasion, reason: refusal.reason.rawValue, nowMilliseconds: clock.nowMilliseconds())
        }
    }
}

/// A signal about a lead: the arguments of `cockpit.auto_run` jobs.
struct CockpitSignal: Sendable, Hashable {
    let personID: String
    /// Such as `MISSED_CALL`.
    let name: String
    /// The signal's own id: it is answered once.
    let id: String?
    let workspaceID: String?
    let domainName: String?
    /// What the signal says of the person.
    let person: EngagementPerson?

    static let members = ["person_id", "signal", "signal_id", "workspace_id", "domain_name"]

    static func decode(_ bytes: [UInt8]) throws(InputError) -> CockpitSignal {
        var fields = FieldReader(try JSONObject.posted(bytes, "The arguments"))
        fields.refuseOthers(than: members + EngagementPerson.members + EngagementPerson.refusals)
        let person = fields.identifier("person_id", isRequired: true)
        let name = fields.identifier("signal", isRequired: true)
        let id = fields.identifier("signal_id"), workspace = fields.identifier("workspace_id")
        let domain = fields.identifier("domain_name")
        let given = EngagementPerson(&fields)
        guard let person, let name, fields.problems.isEmpty else { throw InputError(problems: fields.problems) }
        return CockpitSignal(
            personID: person, name: name, id: id, workspaceID: workspace, domainName: domain, person: given)
    }
}
