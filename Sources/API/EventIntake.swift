// From the bytes of a request to jobs that are safe: decode once, find the targets, plan, one round trip.

import Basics
import Jobs
import Queue

/// Takes events in.
struct EventIntake: Sendable {
    let queue: DurableQueue
    let targets: TargetDirectory
    let retry: RetryPolicy
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
        let planned = await plan(batch.events)
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
        switch outcome.result {
        case .conflict(nil):
            throw .conflict("the Idempotency-Key was used with another body")
        case .conflict(let group?):
            let pointer = batch.isArray ? "/\(group)/id" : "/id"
            var problem = Problem.conflict("an event's id was used with another content")
            problem.errors = [.init(pointer: pointer, detail: "This id was used with another content.")]
            throw problem
        case .full:
            throw .queueFull()
        case .accepted(let groups):
            let events = zip(batch.events, groups).enumerated().map { index, pair in
                let (event, group) = pair
                let id = event.id ?? eventID(index: index, key: key, sender: sender, jobs: group.ids)
                return Accepted(id: id, isDuplicate: group.isDuplicate, jobs: group.ids)
            }
            return Batch(events: events, durability: outcome.durability)
        }
    }

    /// The jobs of each event. When an account's targets cannot be read now, one job that reads them later.
    private func plan(_ events: [Event]) async -> [[NewJob]] {
        let domains = Set(events.filter { EventRouter.needsTargets($0) }.map(\.domainName))
        let routes = await targets.routes(of: domains)
        let now = clock.nowMilliseconds()
        return events.map { event in
            let plan: [PlannedJob]
            if !EventRouter.needsTargets(event) {
                plan = EventRouter.plan(event, targets: [])
            } else if let routes = routes[event.domainName] {
                plan = EventRouter.plan(event, targets: Array(routes.keys))
            } else {
                plan = EventRouter.planRoute(event)
            }
            return plan.map { $0.newJob(retry: retry, nowMilliseconds: now) }
        }
    }

    private func receipt(of event: Event, _ sender: String) -> Receipt? {
        guard let id = event.id else { return nil }
        return Receipt(key: RequestDigest.of("event", sender, id), digest: RequestDigest.of(event.canonicalBytes()))
    }

    /// The name of an event that came without one: the same for a repeated request.
    private func eventID(index: Int, key: String?, sender: String, jobs: [JobID]) -> String {
        if let key { return "evt_" + RequestDigest.of("name", sender, key, "\(index)") }
        return "evt_" + (jobs.first ?? JobID(nowMilliseconds: clock.nowMilliseconds())).description
    }
}
