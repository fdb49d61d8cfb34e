// From the bytes of a request to jobs that are safe: decode once, find the targets, plan, one round trip.

import Basics
import Jobs
import Queue

/// Takes events in.
struct EventIntake: Sendable {
    let queue: DurableQueue
    let targets: TargetDirectory
    let endpoints: EndpointDirectory
    let retry: RetryPolicy
    let calls: CallPushes
    let hub: HubProvisioning
    /// nil: no call has a bootstrap.
    let bootstraps: BootstrapPlanner?
    let clock: any WallClock

    static let maximumEvents = 1_000

    /// What was done with each event, in order.
    struct Accepted: Sendable {
        let id: String
        let isDuplicate: Bool
        let jobs: [JobID]
    }

    /// A batch that was taken.
    struct Batch: Sendable {
        let events: [Accepted]
        let durability: Durability
    }

    /// Takes a batch: all of it or nothing.
    ///
    /// - Parameters:
    ///   - key: the request's `Idempotency-Key`.
    ///   - sender: the name of the token; one sender's keys say nothing about another's.
    ///   - durability: the least that the caller wants.
    /// - Throws: a ``Problem`` that says what is wrong.
    func accept(
        _ body: [UInt8], key: String?, sender: String, durability: Durability
    ) async throws(Problem) -> Batch {
        let batch: EventBatch
        do {
            batch = try EventBatch.decode(body, maximumEvents: Self.maximumEvents, maximumBytes: body.count)
        } catch {
            throw Problem(error)
        }
        let now = clock.nowMilliseconds()
        let names = batch.events.enumerated().map { index, event in
            event.id ?? eventID(index: index, key: key, sender: sender, nowMilliseconds: now)
        }
        let planned = await plan(batch.events, names, nowMilliseconds: now)
        let groups = zip(batch.events, planned).map { event, jobs in
            Submission.Group(receipt: receipt(of: event, sender), jobs: jobs)
        }
        let requestReceipt = key.map {
            Receipt(key: RequestDigest.of("request", sender, $0), digest: RequestDigest.of(body))
        }
        let outcome: DurableQueue.Outcome
        do {
            FaultPoint.reach(.apiBeforeEnqueue)
            outcome = try await queue.submit(
                Submission(receipt: requestReceipt, groups: groups), to: JobQueue.webhooks, durability: durability)
            FaultPoint.reach(.apiAfterEnqueue)
        } catch {
            throw Problem(error)
        }
        let accepted = try taken(outcome, isArray: batch.isArray)
        let provisions = try await provision(batch.events, requestReceipt, sender, durability, nowMilliseconds: now)
        let events = zip(names, accepted).enumerated().map { index, event in
            let (id, own) = event
            let more = provisions.groups[index]
            return Accepted(
                id: id, isDuplicate: own.isDuplicate && more?.isDuplicate ?? true, jobs: own.ids + (more?.ids ?? []))
        }
        return Batch(events: events, durability: Self.weaker(outcome.durability, provisions.durability))
    }

    /// The groups of an outcome that is no refusal.
    private func taken(
        _ outcome: DurableQueue.Outcome, isArray: Bool
    ) throws(Problem) -> [SubmissionResult.Group] {
        switch outcome.result {
        case .conflict(nil):
            throw .conflict("the Idempotency-Key was used with another body")
        case .conflict(let group?):
            let pointer = isArray ? "/\(group)/id" : "/id"
            var problem = Problem.conflict("an event's id was used with another content")
            problem.errors = [.init(pointer: pointer, detail: "This id was used with another content.")]
            throw problem
        case .full:
            throw .queueFull()
        case .accepted(let groups):
            return groups
        }
    }

    /// The jobs of each event, first its pushes. When an account's targets cannot be read now, one job that reads them
    /// later; the same for subscriptions.
    private func plan(_ events: [Event], _ names: [String], nowMilliseconds now: Int64) async -> [[NewJob]] {
        let domains = Set(events.filter { EventRouter.needsTargets($0) }.map(\.domainName))
        let routes = await targets.routes(of: domains)
        let snapshot = await endpoints.snapshot()
        let beginnings = await bootstraps(of: events, names, nowMilliseconds: now)
        return zip(events, names).enumerated().map { index, pair in
            let (event, name) = pair
            if let bootstrap = beginnings[index] {
                return [bootstrap] + deliveries(of: event, name, snapshot, nowMilliseconds: now)
            }
            let plan: [PlannedJob]
            if !EventRouter.needsTargets(event) {
                plan = EventRouter.plan(event, targets: [])
            } else if let routes = routes[event.domainName] {
                plan = EventRouter.plan(
                    event, name: name, targets: Array(routes.keys), calls: calls)
            } else {
                plan = EventRouter.planRoute(event)
            }
            return plan.map { $0.newJob(retry: retry, nowMilliseconds: now) }
                + deliveries(of: event, name, snapshot, nowMilliseconds: now)
        }
    }

    /// By place, the jobs that take the place of pushes.
    private func bootstraps(
        of events: [Event], _ names: [String], nowMilliseconds now: Int64
    ) async -> [Int: NewJob] {
        guard let bootstraps else { return [:] }
        var jobs: [Int: NewJob] = [:]
        for (index, pair) in zip(events, names).enumerated() {
            jobs[index] = await bootstraps.plan(pair.0, name: pair.1, nowMilliseconds: now)
        }
        return jobs
    }

    private func deliveries(
        of event: Event, _ name: String, _ snapshot: EndpointSnapshot?, nowMilliseconds now: Int64
    ) -> [NewJob] {
        if let snapshot, snapshot.wantsNothing { return [] }
        let event = EndpointEvent(event, id: name, acceptedMilliseconds: now)
        guard let snapshot else { return [EndpointRouter.planRoute(event, nowMilliseconds: now)] }
        return EndpointRouter.plan(event, to: snapshot.endpoints(wanting: event), nowMilliseconds: now)
    }

    func receipt(of event: Event, _ sender: String) -> Receipt? {
        guard let id = event.id else { return nil }
        return Receipt(key: RequestDigest.of("event", sender, id), digest: RequestDigest.of(event.canonicalBytes()))
    }

    /// The name of an event that came without one: the same for a repeated request.
    private func eventID(index: Int, key: String?, sender: String, nowMilliseconds: Int64) -> String {
        if let key { return "evt_" + RequestDigest.of("name", sender, key, "\(index)") }
        return "evt_" + JobID(nowMilliseconds: nowMilliseconds).description
    }
}
