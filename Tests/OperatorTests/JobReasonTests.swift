import Jobs
import Queue
import Redis
import TestKit
import Testing

@testable import Operator

/// Every reason why a job may not be running, as the engine tells it of real data, in its words.
@Suite(.timeLimit(.minutes(1)))
struct JobReasonTests {
    /// 2026-01-01T00:00:00Z
    private static let now: Int64 = 1_767_225_600_000

    private struct Missing: Error {}

    private func why(
        _ obstacle: Obstacle?, state: JobState = .ready, lane: String = "", error: String? = nil
    ) async throws -> String {
        let bench = try await OperatorBench()
        try await bench.enqueue(1, to: "webhooks", at: 1_000, lane: lane)
        let id = try #require(try await bench.ids("webhooks").first)
        guard case .present(var view)? = try await bench.client().job(id, in: ["webhooks"]) else {
            throw Missing()
        }
        view.state = state
        view.obstacle = obstacle
        view.lastError = error.map { ($0, Self.now - 1_000) }
        return JobReason(view: view, nowMilliseconds: Self.now).sentence
    }

    @Test(arguments: [
        (
            Obstacle.paused(sinceMilliseconds: now - 60_000),
            "its queue webhooks is paused, since 2025-12-31T23:59:00.000Z"
        ),
        (.notDue(untilMilliseconds: now + 3_200), "it waits for its time, 2026-01-01T00:00:03.200Z (in 3.2 s)"),
        (.notDue(untilMilliseconds: now + 90_000), "it waits for its time, 2026-01-01T00:01:30.000Z (in 90 s)"),
        (.notDue(untilMilliseconds: now - 1), "it waits for its time, 2025-12-31T23:59:59.999Z (any moment now)"),
        (.noWorker, "no live worker serves its queue webhooks"),
        (.inLine(ahead: 0, isAtLeast: false), "it is the next in line, for a worker that is free"),
        (.inLine(ahead: 1, isAtLeast: false), "it waits in line: 1 job is before it"),
        (.inLine(ahead: 7, isAtLeast: false), "it waits in line: 7 are before it"),
        (.inLine(ahead: 10_000, isAtLeast: true), "it waits in line: at least 10000 are before it"),
        (
            .running(worker: "w-1", sinceMilliseconds: now - 12_000, isCancelling: false),
            "it is running: worker w-1 holds it since 2025-12-31T23:59:48.000Z (12 s)"
        ),
        (
            .running(worker: "w-1", sinceMilliseconds: now, isCancelling: true),
            "it is running: worker w-1 holds it since 2026-01-01T00:00:00.000Z (0 s), and is being told to stop it"
        ),
    ])
    func ofAJobWithoutALane(obstacle: Obstacle, expected: String) async throws {
        #expect(try await why(obstacle) == expected)
    }

    @Test(arguments: [
        (Obstacle.inLine(ahead: 0, isAtLeast: false), "it is the next of its lane twenty:a, for a worker that is free"),
        (.inLine(ahead: 2, isAtLeast: false), "it waits in its lane twenty:a: 2 are before it"),
        (
            .laneFull(running: 4, limit: 4, ahead: 1, isAtLeast: false),
            "its lane twenty:a is limited: 4 of at most 4 run at a time, and 1 job is before it"
        ),
        (
            .laneHeld(untilMilliseconds: now + 5_000, ahead: 0, isAtLeast: false),
            "its lane twenty:a is limited until 2026-01-01T00:00:05.000Z (in 5 s), and 0 are before it, after: HTTP 429"
        ),
        (
            .breakerOpen(untilMilliseconds: now + 30_000, ahead: 3, isAtLeast: false),
            "the breaker of its lane twenty:a is open until 2026-01-01T00:00:30.000Z (in 30 s) because its jobs failed, "
                + "and 3 are before it, after: HTTP 429"
        ),
        (
            .breakerOpen(untilMilliseconds: nil, ahead: 0, isAtLeast: false),
            "the breaker of its lane twenty:a is open, and one job at a time is tried because its jobs failed, "
                + "and 0 are before it, after: HTTP 429"
        ),
    ])
    func ofAJobInALane(obstacle: Obstacle, expected: String) async throws {
        #expect(try await why(obstacle, lane: "twenty:a", error: "HTTP 429") == expected)
    }

    @Test func ofTheRest() async throws {
        let id = JobID(nowMilliseconds: 5)
        #expect(
            try await why(.follows(id), state: .due)
                == "it waits for the end of job \(id), which has the same debounce key and runs")
        #expect(
            try await why(.behind(ahead: 2, first: id), state: .due)
                == "it is behind 2 jobs of its order key ; it is the turn of job \(id)")
        #expect(try await why(.behind(ahead: 1, first: nil), state: .due) == "it is behind 1 job of its order key ")
        #expect(try await why(.dead, state: .dead, error: "HTTP 404") == "it is dead because of: HTTP 404")
        #expect(try await why(nil, state: .dead) == "it is dead because of: no reason kept")
        #expect(
            try await why(
                .parked(untilMilliseconds: Self.now + 30_000), state: .due,
                error: "parked: no worker here knows the kind 'x'")
                == "it is parked for a worker of another release, until 2026-01-01T00:00:30.000Z (in 30 s): "
                + "no worker here knows the kind 'x'")
        #expect(
            try await why(.parked(untilMilliseconds: nil))
                == "it is parked for a worker of another release: this release cannot read it")
    }

    /// Jobs that no worker of this release can run, as they stand in Redis.
    @Test func parkedJobsAreTold() async throws {
        let bench = try await OperatorBench()
        let prefix = "\(bench.namespace):{webhooks}:"
        let (unknown, newer) = (JobID(nowMilliseconds: 1), JobID(nowMilliseconds: 1))
        _ = try await bench.redis.run([
            RedisCommand("HSET", arguments: [prefix + "jobs", unknown.description, "1 other.kind 3x5000 0 0 1\n{}"]),
            RedisCommand("ZADD", arguments: [prefix + "due", "\(Self.now + 30_000)", unknown.description]),
            RedisCommand(
                "HSET", arguments: [prefix + "errors", unknown.description, "5 parked: no worker here knows the kind"]),
            RedisCommand("HSET", arguments: [prefix + "jobs", newer.description, "9 new.kind what ever\n{}"]),
            RedisCommand("RPUSH", arguments: [prefix + "ready", newer.description]),
        ])
        for (id, kind, state) in [(unknown, "other.kind", JobState.due), (newer, "new.kind", .ready)] {
            guard case .present(let view)? = try await bench.client().job(id, in: ["webhooks"]) else { throw Missing() }
            #expect(view.envelope.kind == kind && view.state == state)
            #expect(view.obstacle == .parked(untilMilliseconds: state == .due ? Self.now + 30_000 : nil))
        }
    }

    /// A worker that was told to be quiet serves nobody.
    @Test func aQuietWorkerIsNone() async throws {
        let bench = try await OperatorBench()
        try await bench.enqueue(1, to: "webhooks", at: 1_000)
        let id = try #require(try await bench.ids("webhooks").first)
        let time = try await bench.redis.run(RedisCommand("TIME")).arrayValue?.first?.integerValue ?? 0
        for key in ["{webhooks}:leases", "workers"] {
            _ = try await bench.redis.run(
                RedisCommand("ZADD", arguments: ["\(bench.namespace):\(key)", "\(time * 1_000)", "w-1"]))
        }
        for obstacle in [Obstacle.inLine(ahead: 0, isAtLeast: false), .noWorker] {
            guard case .present(let view)? = try await bench.client().job(id, in: ["webhooks"]) else { throw Missing() }
            #expect(view.obstacle == obstacle)
            #expect(try await bench.client().quiet(worker: "w-1"))
        }
    }

    @Test(arguments: [
        (FinishedJob.State.done, nil as String?, "it is done"),
        (.dead, "HTTP 404", "it is dead, and no longer in the dead set: HTTP 404"),
        (.cancelled, "cancelled by ops", "it was cancelled: cancelled by ops"), (.cancelled, nil, "it was cancelled"),
    ])
    func ofAJobThatHasEnded(state: FinishedJob.State, text: String?, expected: String) {
        let finished = FinishedJob(
            id: "x", kind: "k", queue: "q", state: state, attempts: 1, finishedAtMilliseconds: 1, note: text,
            error: text)
        #expect(JobReason.sentence(finished) == expected)
    }

    /// The engine's view of real data, one state after the other.
    @Test func theEngineTellsEachOfItsOwnData() async throws {
        let bench = try await OperatorBench()
        let client = bench.client()
        try await bench.enqueue(3, to: "webhooks", at: 1_000)
        let ids = try await bench.ids("webhooks")
        func why(_ id: JobID) async throws -> String {
            guard case .present(let view)? = try await client.job(id, in: ["webhooks"]) else { return "gone" }
            return JobReason(view: view, nowMilliseconds: Self.now).sentence
        }
        #expect(try await why(ids[0]) == "no live worker serves its queue webhooks")
        let time = try await bench.redis.run(RedisCommand("TIME")).arrayValue?.first?.integerValue ?? 0
        _ = try await bench.redis.run(
            RedisCommand("ZADD", arguments: ["\(bench.namespace):{webhooks}:leases", "\(time * 1_000)", "w-1"]))
        #expect(try await why(ids[0]) == "it is the next in line, for a worker that is free")
        #expect(try await why(ids[2]) == "it waits in line: 2 are before it")
        try await bench.client(at: Self.now).pause("webhooks")
        #expect(try await why(ids[2]) == "its queue webhooks is paused, since 2026-01-01T00:00:00.000Z")
        try await client.resume("webhooks")
        _ = try await bench.redis.run([
            RedisCommand("LREM", arguments: ["\(bench.namespace):{webhooks}:ready", "0", ids[1].description]),
            RedisCommand(
                "HSET",
                arguments: ["\(bench.namespace):{webhooks}:claims:w-1", ids[1].description, "\(Self.now - 2_500)"]),
        ])
        #expect(
            try await why(ids[1])
                == "it is running: worker w-1 holds it since 2025-12-31T23:59:57.500Z (2.5 s)")
        #expect(try await client.cancel(ids[1], in: "webhooks") == .requested)
        #expect(try await why(ids[1]).hasSuffix("and is being told to stop it"))
    }
}
