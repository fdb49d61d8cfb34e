public import Basics
public import Queue

/// What is settled for every workspace.
public struct EngagementConfiguration: Sendable, Hashable {
    /// The Hub, with the key of accounts that have none of their own; nil: nobody can be engaged.
    public var hub: ServiceAddress?
    /// The account of workspaces without settings; nil: they have to name it.
    public var domainName: String?
    /// Where people are looked up while no settings of record sync are stored.
    public var people: RecordSyncSettings

    /// - Parameters: as the members say.
    public init(hub: ServiceAddress?, domainName: String?, people: RecordSyncSettings = RecordSyncSettings()) {
        (self.hub, self.domainName, self.people) = (hub, domainName, people)
    }
}

/// Decides whether and how a person is engaged, and reserves the person: the one way to a start, whoever asks for it.
public struct EngagementStarter: Sendable {
    private let starts: StartStore
    private let workspaces: EngagementWorkspaceStore
    private let people: any PersonDirectory
    private let configuration: EngagementConfiguration
    private let clock: any WallClock

    /// A starter over the stores.
    public init(
        starts: StartStore, workspaces: EngagementWorkspaceStore, people: any PersonDirectory,
        configuration: EngagementConfiguration, clock: any WallClock
    ) {
        (self.starts, self.workspaces, self.people) = (starts, workspaces, people)
        (self.configuration, self.clock) = (configuration, clock)
    }

    /// Whose people are engaged, and what their workspace has settled.
    public struct Place: Sendable, Hashable {
        public let scope: EngagementStart.Scope
        let workspace: EngagementWorkspace?
    }

    /// Checks a wish, reserves the person and enqueues the start.
    ///
    /// - Parameter receipt: of the caller's idempotency key.
    /// - Throws: ``EngagementRefusal``, ``PersonLookupFailure``, ``JobsError``.
    public func start(_ request: StartRequest, receipt: Receipt?) async throws -> StartStore.Reservation {
        let place = try await place(workspaceID: request.workspaceID, domainName: request.domainName)
        let plan: EngagementStart.Plan
        do {
            plan = try await self.plan(request, at: place)
        } catch let refusal as EngagementRefusal {
            // What was accepted stays accepted, whatever has become of the person since.
            guard let receipt, let known = try await starts.known(receipt) else { throw refusal }
            return known
        }
        return try await starts.reserve(newStart(plan, receipt: receipt))
    }

    /// The workspace and account of a wish.
    ///
    /// - Throws: ``EngagementRefusal`` when there is none that may engage people; ``JobsError``.
    public func place(workspaceID: String?, domainName: String?) async throws -> Place {
        guard configuration.hub != nil else {
            throw EngagementRefusal(.notConfigured, "Aventora base URL is not configured (AVENTORA_BASE_URL)")
        }
        let workspace: EngagementWorkspace?
        if let workspaceID {
            workspace = try await workspaces.find(workspaceID)
        } else if let domainName {
            workspace = try await workspaces.find(domainName: domainName)
        } else {
            workspace = try await workspaces.only()
        }
        if let workspace, !workspace.isEnabled {
            throw EngagementRefusal(.switchedOff, "Aventora integration is switched off for this workspace")
        }
        if let workspace, let domainName, domainName != workspace.domainName {
            throw EngagementRefusal(.otherDomain, "it is not the account of this workspace", field: "domainName")
        }
        guard let domain = workspace?.domainName ?? domainName ?? configuration.domainName else {
            throw EngagementRefusal(.notConfigured, "Aventora integration is not configured for this workspace")
        }
        return Place(
            scope: .init(workspaceID: workspaceID ?? workspace?.id, domainName: domain), workspace: workspace)
    }

    /// What the Hub would be asked for.
    ///
    /// - Throws: ``EngagementRefusal``, ``PersonLookupFailure``.
    func plan(_ request: StartRequest, at place: Place) async throws -> EngagementStart.Plan {
        let wish = try filled(request.wish, at: place)
        let defaults = place.workspace?.defaults ?? EngagementWish()
        let found = try await people.person(
            request.personID, workspaceID: place.scope.workspaceID, given: request.person)
        guard let person = found else {
            throw EngagementRefusal(.unknownPerson, "the CRM knows no such person", field: "personId")
        }
        let contact = try ContactChoice.make(
            of: person, contact: request.contact, channel: wish.channel, usual: defaults.channel ?? .phone)
        return EngagementStart.Plan(
            personID: request.personID, scope: place.scope, channel: contact.channel,
            type: wish.type ?? defaults.type ?? .conversational, instruction: wish.instruction ?? defaults.instruction,
            contactIdentifier: contact.identifier)
    }

    /// Checks what of a wish is the same for everybody.
    public func check(_ wish: EngagementWish, at place: Place) throws(EngagementRefusal) {
        _ = try filled(wish, at: place)
    }

    private func filled(_ wish: EngagementWish, at place: Place) throws(EngagementRefusal) -> EngagementWish {
        guard let action = wish.action else { return wish }
        guard let meant = place.workspace?.wish(for: action) ?? CockpitRule.actions[action] else {
            throw EngagementRefusal(.unknownAction, "this workspace gives it no meaning", field: "cockpitActionType")
        }
        return wish.filled(by: meant)
    }

    /// A start of a plan, to be written.
    func newStart(
        _ plan: EngagementStart.Plan, receipt: Receipt? = nil, bulkID: String? = nil, rule: String? = nil
    ) -> StartStore.NewStart {
        let now = clock.nowMilliseconds()
        return StartStore.NewStart(
            id: EngagementStart.makeID(nowMilliseconds: now), plan: plan, bulkID: bulkID, rule: rule, receipt: receipt,
            nowMilliseconds: now)
    }
}
