// One run has one turn: it passes over whom it may not engage and begins as many as the pace allows in a second. Dying
// between two people is harmless, since each is reserved and marked in one transaction; the next turn's time is in the row.

public import Basics
public import Logging
public import Queue

/// Runs `engagement.bulk` jobs: engages the people of a bulk at its pace.
public struct BulkHandler: Sendable {
    private let bulks: BulkStore
    private let starts: StartStore
    private let starter: EngagementStarter
    private let clock: any WallClock
    private let logger: Logger

    /// People who are looked at in one run, at most.
    private static let maximumLooks = 200
    /// One run goes on to the next person until then, in ms.
    private static let runMilliseconds: Int64 = 20_000
    /// After this long another job goes on, in ms: the crashes that a job may have are not meant for hours.
    private static let shiftMilliseconds: Int64 = 60_000
    /// How long it waits while people cannot be looked up, at least, in ms.
    private static let awayMilliseconds: Int64 = 5_000

    /// A handler over the stores and the starter.
    public init(
        bulks: BulkStore, starts: StartStore, starter: EngagementStarter, clock: any WallClock, logger: Logger
    ) {
        (self.bulks, self.starts, self.starter) = (bulks, starts, starter)
        (self.clock, self.logger) = (clock, logger)
    }

    /// The handler for the registry.
    public var handler: JobHandler {
        JobHandler(kind: JobKind.engagementBulk, queue: JobQueue.hub) { job in
            guard let id = HubWork.text("bulk", of: job.arguments) else {
                return .bury(reason: "its arguments cannot be read")
            }
            return try await HubWork.guarding { try await run(id, job) }
        }
    }

    private func run(_ id: String, _ job: RunningJob) async throws -> JobOutcome {
        guard let bulk = try await bulks.find(id) else { return .done(note: "there is no such bulk") }
        guard bulk.runner == job.id.description else { return .done(note: "another job works through it") }
        guard bulk.state == .running else { return .done(note: bulk.state.rawValue) }
        let wait = bulk.nextAtMilliseconds - clock.nowMilliseconds()
        if wait > 0 { return .defer(milliseconds: wait, reason: "it keeps its pace") }
        let place: EngagementStarter.Place
        do {
            place = try await starter.place(workspaceID: bulk.workspaceID, domainName: bulk.domainName)
        } catch let refusal as EngagementRefusal {
            try await bulks.end(id, as: .failed, error: refusal.message)
            return .bury(reason: refusal.description)
        }
        return try await turn(bulk, place, job)
    }

    private func turn(
        _ bulk: EngagementBulk, _ place: EngagementStarter.Place, _ job: RunningJob
    ) async throws -> JobOutcome {
        let startedAt = clock.nowMilliseconds()
        var begun = 0
        var looked = 0
        while begun < bulk.turnCount, looked < Self.maximumLooks,
            clock.nowMilliseconds() - startedAt < Self.runMilliseconds
        {
            guard let turn = try await bulks.turns(of: bulk.id, count: 1).first else {
                try await bulks.end(bulk.id, as: .done)
                logger.info("a bulk is done", metadata: ["bulk": "\(bulk.id)", "total": "\(bulk.total)"])
                return .done(note: "done")
            }
            looked += 1
            switch try await engage(turn, of: bulk, place, job) {
            case .accepted: begun += 1
            case .taken: break
            case .notOurs: return .defer(milliseconds: 0, reason: "its state has changed")
            case .away(let failure): return try await rest(bulk, begun, startedAt, failure)
            }
        }
        return try await next(bulk, begun, startedAt, job)
    }

    private enum Step {
        case accepted, taken, notOurs
        case away(PersonLookupFailure)
    }

    private func engage(
        _ turn: BulkStore.Turn, of bulk: EngagementBulk, _ place: EngagementStarter.Place, _ job: RunningJob
    ) async throws -> Step {
        var fields = FieldReader(turn.fields)
        let given = GivenPerson(&fields)
        let request = StartRequest(
            personID: turn.personID, workspaceID: bulk.workspaceID, domainName: bulk.domainName, wish: bulk.wish,
            contact: given.contact, person: given.person)
        let plan: EngagementStart.Plan
        do {
            plan = try await starter.plan(request, at: place)
        } catch let refusal as EngagementRefusal {
            try await bulks.skip(turn, of: bulk, reason: refusal.reason.rawValue)
            return .taken
        } catch let failure as PersonLookupFailure {
            return .away(failure)
        }
        let start = starter.newStart(plan, bulkID: bulk.id)
        let result = try await bulks.accept(
            turn, of: bulk, runner: job.id.description, start: start, in: starts)
        switch result {
        case .accepted: return .accepted
        case .notOurs: return .notOurs
        case .taken:
            try await bulks.skip(turn, of: bulk, reason: EngagementRefusal.Reason.active.rawValue)
            return .taken
        }
    }

    /// While people cannot be looked up the bulk waits, as long as that may mend itself.
    private func rest(
        _ bulk: EngagementBulk, _ begun: Int, _ startedAt: Int64, _ failure: PersonLookupFailure
    ) async throws -> JobOutcome {
        if begun > 0 {
            try await bulks.pause(bulk, untilMilliseconds: startedAt + bulk.pauseMilliseconds(after: begun))
        }
        switch failure.outcome {
        case .bury(let reason):
            try await bulks.end(bulk.id, as: .failed, error: reason)
            return .bury(reason: reason)
        case .retry(let reason, let wait, _), .defer(let wait, let reason, _):
            return .defer(milliseconds: max(wait, Self.awayMilliseconds), reason: reason)
        case .done: return .defer(milliseconds: Self.awayMilliseconds, reason: failure.description)
        }
    }

    /// Waits for the next turn; now and then as another job.
    private func next(
        _ bulk: EngagementBulk, _ begun: Int, _ startedAt: Int64, _ job: RunningJob
    ) async throws -> JobOutcome {
        let nextAt = startedAt + bulk.pauseMilliseconds(after: begun)
        if begun > 0 { try await bulks.pause(bulk, untilMilliseconds: nextAt) }
        let now = clock.nowMilliseconds()
        let pause = max(0, nextAt - now)
        guard now - job.id.createdMilliseconds > Self.shiftMilliseconds else {
            return .defer(milliseconds: pause, reason: "it keeps its pace")
        }
        let following = NewJob(
            id: JobID(nowMilliseconds: now), kind: JobKind.engagementBulk, arguments: job.arguments,
            policy: job.policy, delayMilliseconds: pause)
        guard try await bulks.hand(bulk.id, from: job.id.description, to: following.id.description) else {
            return .done(note: "another job works through it")
        }
        return .done(note: "another job goes on", then: [following])
    }
}
