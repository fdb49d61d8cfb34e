public import Basics
public import Jobs
public import Queue

/// Makes subscriptions, looks at them and changes them. A secret leaves it in one answer only: the one that made it.
public struct EndpointDesk: Sendable {
    /// Says why an address may not be posted to, as a sentence; nil when it may.
    public typealias AddressJudge = @Sendable (WebhookURL) async -> String?

    /// Why a wish is not met.
    public enum Refusal: Error, Sendable, Hashable {
        /// There are as many endpoints as there may be.
        case full
        /// It cannot be done to this endpoint; the reason is a sentence.
        case conflict(String)
    }

    let store: EndpointStore
    let keyring: SecretsKeyring
    let queue: QueueClient
    let submit: DurableQueue?
    let clock: any WallClock
    let judge: AddressJudge

    /// - Parameters:
    ///   - queue: where lanes are looked at and limited.
    ///   - submit: where tests are enqueued; nil where none are sent.
    ///   - judge: of addresses that are about to be saved.
    public init(
        store: EndpointStore, keyring: SecretsKeyring, queue: QueueClient, submit: DurableQueue? = nil,
        clock: any WallClock, judge: @escaping AddressJudge = { _ in nil }
    ) {
        self.store = store
        self.keyring = keyring
        self.queue = queue
        self.submit = submit
        self.clock = clock
        self.judge = judge
    }

    /// One page, by id, which is by age.
    public func page(after cursor: String?, limit: Int) async throws(JobsError) -> Page<EndpointResource> {
        let endpoints = try await store.page(after: cursor, count: limit + 1)
        let shown = endpoints.prefix(limit)
        return Page(
            items: shown.map { resource($0) }, nextCursor: endpoints.count > limit ? shown.last?.id : nil)
    }

    /// One endpoint; nil when there is none.
    public func find(_ id: String) async throws(JobsError) -> EndpointResource? {
        try await store.find(id: id).map { resource($0) }
    }

    /// Makes an endpoint, and its secret where none is given.
    ///
    /// - Parameter isDryRun: only answers what it would be, its timetable above all.
    /// - Throws: `InputError`, ``Refusal``, `SecretsError`, `JobsError`.
    public func create(_ body: [UInt8], isDryRun: Bool) async throws -> EndpointResource {
        let draft = try EndpointDraft.decode(body)
        try await check(draft.settings.url)
        let now = clock.nowMilliseconds()
        guard !isDryRun else { return EndpointResource(draft.settings, nowMilliseconds: now) }
        let id = "ep_" + JobID(nowMilliseconds: now).description
        let secret = draft.settings.signing.needsSecret ? draft.secret ?? EndpointSecret() : nil
        let isMade = try await store.insert(
            id: id, settings: draft.settings, secret: try secret.map { try keyring.seal($0.revealed, of: id) },
            extras: try keyring.extras(draft, changing: nil, of: id))
        guard isMade, let endpoint = try await store.find(id: id) else { throw Refusal.full }
        await limit(endpoint)
        return EndpointResource(endpoint, nowMilliseconds: now, secret: secret)
    }

    /// Changes an endpoint; nil when there is none. Throws as ``create(_:isDryRun:)``.
    public func change(_ id: String, _ body: [UInt8], isDryRun: Bool) async throws -> EndpointResource? {
        guard let current = try await store.find(id: id) else { return nil }
        let draft = try EndpointDraft.decode(body, changing: current)
        if draft.settings.url != current.settings.url { try await check(draft.settings.url) }
        let now = clock.nowMilliseconds()
        guard !isDryRun else { return EndpointResource(draft.settings, of: current, nowMilliseconds: now) }
        var made: EndpointSecret?
        let changed = try await store.update(id: id) { endpoint in
            // It may have changed since it was read.
            let draft = try EndpointDraft.decode(body, changing: endpoint)
            made = try firstSecret(for: endpoint, draft.settings.signing)
            let extras = try keyring.extras(draft, changing: endpoint.sealedExtras, of: id)
            return EndpointStore.Change(
                settings: draft.settings, extras: extras,
                firstSecret: try made.map { try keyring.seal($0.revealed, of: id) })
        }
        guard let changed else { return nil }
        await limit(changed)
        return EndpointResource(changed, nowMilliseconds: now, secret: made)
    }

    /// Removes an endpoint; what waits for it is buried when its turn comes. False when there is none.
    public func delete(_ id: String) async throws -> Bool { try await store.delete(id: id) }

    /// Switches an endpoint on and lets out what is parked; nil when there is none.
    public func enable(_ id: String) async throws(JobsError) -> EndpointResource? {
        guard let endpoint = try await store.enable(id: id) else { return nil }
        await limit(endpoint)
        return resource(endpoint)
    }

    /// Gives an endpoint a new secret, the given one or one that is made; nil when there is no such endpoint.
    public func rotate(_ id: String, _ rotation: SecretRotation) async throws -> EndpointResource? {
        var secret: EndpointSecret?
        let changed = try await store.rotate(id: id, overlapSeconds: rotation.overlapSeconds) { endpoint in
            let scheme = endpoint.settings.signing
            guard scheme.needsSecret else { throw Refusal.conflict("nothing is signed with the scheme \(scheme)") }
            let new = try rotation.secret(for: scheme) ?? EndpointSecret()
            secret = new
            return try keyring.seal(new.revealed, of: id)
        }
        return changed.map { EndpointResource($0, nowMilliseconds: clock.nowMilliseconds(), secret: secret) }
    }

    func resource(_ endpoint: Endpoint) -> EndpointResource {
        EndpointResource(endpoint, nowMilliseconds: clock.nowMilliseconds())
    }

    private func check(_ url: WebhookURL) async throws(InputError) {
        guard let reason = await judge(url) else { return }
        throw InputError(problems: [.init(pointer: "/url", detail: reason)])
    }

    /// A new secret where the scheme needs one and there is none; and the one that there is has to fit the scheme.
    private func firstSecret(for endpoint: Endpoint, _ scheme: SigningScheme) throws -> EndpointSecret? {
        guard scheme.needsSecret, scheme != endpoint.settings.signing else { return nil }
        let live = endpoint.liveSecrets(atMilliseconds: clock.nowMilliseconds())
        if live.isEmpty { return EndpointSecret() }
        for stored in live {
            do {
                _ = try EndpointSecret(try keyring.open(stored.sealed, of: endpoint.id), for: scheme)
            } catch is EndpointSecret.Fault {
                let detail = "A secret that it has does not fit this scheme; give it another with /rotate-secret first."
                throw InputError(problems: [.init(pointer: "/signing", detail: detail)])
            }
        }
        return nil
    }

    private func limit(_ endpoint: Endpoint) async {
        do throws(QueueError) {
            try await EndpointLanes.set(endpoint, in: queue)
        } catch {
            // Redis is away; a scheduler sets all lanes' limits when it is back.
        }
    }
}
