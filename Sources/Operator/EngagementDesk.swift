public import Basics
public import Jobs
public import Queue

/// Begins, ends and shows the engagements that a CRM asks for, and keeps what its workspaces have settled.
public struct EngagementDesk: Sendable {
    /// Why a wish is not met.
    public enum Refusal: Error, Sendable, Hashable {
        /// Nobody knows such an engagement, or the person has none.
        case unknown(String)
        /// It cannot be done; a sentence.
        case conflict(String)
    }

    private let starter: EngagementStarter
    private let starts: StartStore
    private let bulks: BulkStore
    private let workspaces: EngagementWorkspaceStore
    private let keyring: SecretsKeyring
    private let clock: any WallClock

    /// A desk over the stores.
    public init(
        starter: EngagementStarter, starts: StartStore, bulks: BulkStore, workspaces: EngagementWorkspaceStore,
        keyring: SecretsKeyring, clock: any WallClock
    ) {
        (self.starter, self.starts, self.bulks) = (starter, starts, bulks)
        (self.workspaces, self.keyring, self.clock) = (workspaces, keyring, clock)
    }

    /// Reserves a person and enqueues the start.
    ///
    /// - Parameter receipt: of the caller's idempotency key.
    /// - Throws: `InputError`, `EngagementRefusal`, `PersonLookupFailure`, `JobsError`, ``Refusal``.
    public func start(_ body: [UInt8], receipt: Receipt?) async throws -> JSONObject {
        switch try await starter.start(try StartRequest.decode(body), receipt: receipt) {
        case .reserved(let start): return EngagementResource.accepted(start, isDuplicate: false)
        case .repeated(let start): return EngagementResource.accepted(start, isDuplicate: true)
        case .otherReceipt: throw Self.otherKey
        case .taken(let holder): throw Refusal.conflict("the person already has an active engagement (\(holder))")
        }
    }

    /// Writes a bulk and enqueues its job.
    ///
    /// - Throws: as ``start(_:receipt:)``.
    public func bulk(_ body: [UInt8], receipt: Receipt?) async throws -> JSONObject {
        let request = try BulkRequest.decode(body)
        let place = try await starter.place(workspaceID: request.workspaceID, domainName: request.domainName)
        try starter.check(request.wish, at: place)
        let now = clock.nowMilliseconds()
        switch try await bulks.create(request, in: place.scope, receipt: receipt, nowMilliseconds: now) {
        case .created(let bulk): return EngagementResource.accepted(bulk, isDuplicate: false)
        case .repeated(let bulk): return EngagementResource.accepted(bulk, isDuplicate: true)
        case .otherReceipt: throw Self.otherKey
        }
    }

    /// Ends an engagement, or what is left of a bulk.
    ///
    /// - Throws: `InputError`, `EngagementRefusal`, `JobsError`, ``Refusal``.
    public func cancel(_ body: [UInt8]) async throws -> JSONObject {
        switch try CancelRequest.decode(body) {
        case .ofBulk(let id):
            guard try await cancelBulk(id) != nil else { throw Refusal.unknown("no bulk has this id") }
            return EngagementResource.cancelled(id: id, engagementID: nil, jobID: nil, status: "cancelled")
        case .ofStart(let id): return try await cancel(start: id)
        case .ofEngagement(let id):
            if let start = try await starts.find(engagementID: id), start.state.isActive {
                return try await cancel(start: start.id)
            }
            return try await cancelForeign(id)
        case .ofPerson(let id, let workspaceID, let domainName):
            let place = try await starter.place(workspaceID: workspaceID, domainName: domainName)
            if let start = try await starts.current(person: id, in: place.scope) {
                return try await cancel(start: start.id)
            }
            guard let engagement = try await starts.foreign(person: id, workspaceID: place.scope.workspaceID) else {
                throw Refusal.unknown("the person has no active engagement")
            }
            return try await cancelForeign(engagement)
        }
    }

    private func cancel(start id: String) async throws -> JSONObject {
        func answer(_ start: EngagementStart, _ job: String?) -> JSONObject {
            EngagementResource.cancelled(
                id: start.id, engagementID: start.engagementID, jobID: job, status: start.status)
        }
        switch try await starts.cancel(id, nowMilliseconds: clock.nowMilliseconds()) {
        case .cancelled(let start), .waiting(let start): return answer(start, nil)
        case .asking(let start, let job): return answer(start, job)
        case .over(let start): throw Refusal.conflict("the engagement is over already: \(start.status)")
        case nil: throw Refusal.unknown("no engagement has this id")
        }
    }

    private func cancelForeign(_ engagementID: String) async throws -> JSONObject {
        let (job, isKnown) = try await starts.cancelForeign(engagementID)
        if let job {
            return EngagementResource.cancelled(
                id: nil, engagementID: engagementID, jobID: job, status: "cancelling")
        }
        throw isKnown
            ? Refusal.conflict("the engagement is over already") : Refusal.unknown("no engagement has this id")
    }

    /// One start; nil when there is none.
    public func find(_ id: String) async throws(JobsError) -> JSONObject? {
        try await starts.find(id).map(EngagementResource.start)
    }

    /// A bulk and how far it is; nil when there is none.
    public func findBulk(_ id: String) async throws(JobsError) -> JSONObject? {
        guard let bulk = try await bulks.find(id) else { return nil }
        return EngagementResource.bulk(bulk, try await bulks.progress(of: id))
    }

    /// Ends what is left of a bulk; nil when there is none. One that has ended stays as it is.
    public func cancelBulk(_ id: String) async throws(JobsError) -> JSONObject? {
        if let bulk = try await bulks.cancel(id) {
            return EngagementResource.bulk(bulk, try await bulks.progress(of: id))
        }
        return try await findBulk(id)
    }

    /// A workspace's settings; nil when it has none.
    public func settings(of workspaceID: String) async throws(JobsError) -> JSONObject? {
        try await workspaces.find(workspaceID).map(EngagementResource.workspace)
    }

    /// Writes a workspace's settings; the key is sealed, and shown to nobody again.
    ///
    /// - Throws: `InputError`, `SecretsError`, `JobsError`.
    public func settle(_ workspaceID: String, _ body: [UInt8]) async throws -> JSONObject {
        let draft = try EngagementWorkspaceDraft.decode(body, id: workspaceID)
        var workspace = draft.workspace
        if case .set(let key) = draft.key { workspace.sealedKey = try workspace.seal(key, with: keyring) }
        return EngagementResource.workspace(try await workspaces.save(workspace, keepsKey: draft.key == .kept))
    }

    /// Removes a workspace's settings; false when there were none.
    public func unsettle(_ workspaceID: String) async throws(JobsError) -> Bool {
        try await workspaces.remove(workspaceID)
    }

    private static let otherKey = Refusal.conflict("the Idempotency-Key was used with another body")
}
