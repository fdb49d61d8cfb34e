import Redis
import TestKit
import Testing

@testable import Queue

/// What a job stands for that took others' places.
@Suite(.timeLimit(.minutes(1)))
struct LabelScriptTests {
    private static let key = "call"

    private func update(_ label: String?, lane: String = "") -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "push", arguments: Array((label ?? "none").utf8),
            policy: RetryPolicy(attempts: 2, delayMilliseconds: 5_000), lane: lane,
            key: .debounce(Self.key, quietMilliseconds: 3_000, longestMilliseconds: 15_000), label: label)
    }

    private func status(_ label: String?, lane: String = "") -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1_000), kind: "push", arguments: Array((label ?? "none").utf8),
            policy: RetryPolicy(attempts: 2, delayMilliseconds: 5_000), lane: lane, key: .ending(Self.key),
            label: label)
    }

    private func enqueue(_ bench: ScriptBench, _ job: NewJob, at now: Int64) async throws -> JobID {
        try #require(try await bench.client(at: now).enqueue([job], to: bench.queue).first).id
    }

    private func labels(_ bench: ScriptBench, _ id: JobID) async throws -> JobLabels? {
        try await bench.client().labels(of: id, in: bench.queue)
    }

    private func expectNothingLeft(_ bench: ScriptBench) async throws {
        #expect(try await bench.reply("EXISTS", bench.keys.keys, bench.keys.next, bench.keys.jobs) == .integer(0))
    }

    private func end(_ bench: ScriptBench, _ job: ClaimedJob, leavesTrace: Bool, at now: Int64) async throws {
        _ = try await bench.trip(settling: [Settlement(.done(), of: job, leavesTrace: leavesTrace)], at: now)
    }

    @Test(arguments: ["", "lane"]) func aDebouncedJobStandsForAllThatWereGathered(_ lane: String) async throws {
        let bench = try await ScriptBench()
        let id = try await enqueue(bench, update("e1", lane: lane), at: 10_000)
        for (number, now) in [(2, Int64(11_000)), (3, 12_000)] {
            #expect(try await enqueue(bench, update("e\(number)", lane: lane), at: now) == id)
        }
        let running = try #require(try await bench.trip(want: 9, at: 20_000).jobs.first)
        #expect(running.id == id)
        #expect(try await labels(bench, id) == JobLabels(count: 3, labels: ["e1", "e2", "e3"]))
        // What comes while it runs belongs to the next one.
        let next = try await enqueue(bench, update("e4", lane: lane), at: 20_001)
        #expect(next != id)
        #expect(try await labels(bench, id)?.count == 3)
        #expect(try await labels(bench, next) == JobLabels(count: 1, labels: ["e4"]))
        try await end(bench, running, leavesTrace: false, at: 20_002)
        #expect(try await labels(bench, id) == nil)
        let last = try #require(try await bench.trip(want: 9, at: 40_000).jobs.first)
        try await end(bench, last, leavesTrace: true, at: 40_001)
        try await expectNothingLeft(bench)
    }

    @Test func withoutLabelsNothingIsKept() async throws {
        let bench = try await ScriptBench()
        let id = try await enqueue(bench, update(nil), at: 10_000)
        #expect(try await labels(bench, id) == nil)
        #expect(try await bench.reply("HEXISTS", bench.keys.keys, "s") == .integer(0))
    }

    @Test(arguments: ["", "lane"]) func aJobThatEndsAWaitingOneStandsForItToo(_ lane: String) async throws {
        let bench = try await ScriptBench()
        let waiting = try await enqueue(bench, update("e1", lane: lane), at: 10_000)
        _ = try await enqueue(bench, update("e2", lane: lane), at: 10_100)
        let id = try await enqueue(bench, status("e3", lane: lane), at: 10_200)
        #expect(try await labels(bench, id) == JobLabels(count: 3, labels: ["e1", "e2", "e3"]))
        guard case .finished(let trace)? = try await bench.client().job(waiting, in: [bench.queue]) else {
            Issue.record("no trace of the ended job")
            return
        }
        #expect(trace.state == .cancelled && trace.note == "superseded by \(id)")
        let claimed = try await bench.trip(want: 9, at: 10_200).jobs
        #expect(claimed.map(\.id) == [id])
        #expect(try await bench.trip(want: 9, at: 90_000).jobs.isEmpty)
        try await end(bench, claimed[0], leavesTrace: false, at: 90_001)
        _ = try await bench.reply("DEL", bench.keys.finished)
        try await expectNothingLeft(bench)
    }

    @Test func withNothingWaitingItStandsForItself() async throws {
        let bench = try await ScriptBench()
        let id = try await enqueue(bench, status("e1"), at: 10_000)
        #expect(try await labels(bench, id) == nil)
        let second = try await enqueue(bench, status("e2"), at: 10_000)
        #expect(try await bench.trip(want: 9, at: 10_000).jobs.map(\.id) == [id, second])
    }

    @Test func whatRunsGoesOnAndWhatFollowsItDoesNotRun() async throws {
        let bench = try await ScriptBench()
        let first = try await enqueue(bench, update("e1"), at: 10_000)
        let running = try #require(try await bench.trip(want: 9, at: 20_000).jobs.first)
        let alone = try await enqueue(bench, status("s1"), at: 20_001)
        #expect(try await labels(bench, alone) == nil)
        #expect(try await labels(bench, first)?.labels == ["e1"])
        let follower = try await enqueue(bench, update("e2"), at: 20_002)
        let id = try await enqueue(bench, status("s2"), at: 20_003)
        #expect(try await labels(bench, id) == JobLabels(count: 2, labels: ["e2", "s2"]))
        #expect(try await labels(bench, follower) == nil)
        try await end(bench, running, leavesTrace: false, at: 20_004)
        #expect(try await bench.trip(want: 9, at: 90_000).jobs.map(\.id) == [alone, id])
        #expect(try await bench.client(at: 90_000).cancel(follower, in: bench.queue) == .notFound)
    }

    @Test func aFailedRunPassesItsLabelsOn() async throws {
        let bench = try await ScriptBench()
        _ = try await enqueue(bench, update("e1"), at: 10_000)
        let running = try #require(try await bench.trip(want: 9, at: 20_000).jobs.first)
        let follower = try await enqueue(bench, update("e2"), at: 20_001)
        _ = try await bench.trip(
            settling: [Settlement(.retry(reason: "500"), of: running, leavesTrace: false)], at: 20_002)
        #expect(try await labels(bench, follower)?.labels.sorted() == ["e1", "e2"])
        // One that waits to be tried again gives way to a status, with all it stands for.
        let second = try #require(try await bench.trip(want: 9, at: 60_000).jobs.first)
        _ = try await bench.trip(
            settling: [Settlement(.retry(reason: "500"), of: second, leavesTrace: false)], at: 60_001)
        let id = try await enqueue(bench, status("s"), at: 60_002)
        #expect(try await labels(bench, id)?.count == 3)
        #expect(try await bench.trip(want: 9, at: 99_000).jobs.map(\.id) == [id])
    }

    @Test func everyEndForgetsThem() async throws {
        let bench = try await ScriptBench()
        let cancelled = try await enqueue(bench, update("e1"), at: 10_000)
        #expect(try await bench.client(at: 10_001).cancel(cancelled, in: bench.queue) == .cancelled)
        _ = try await enqueue(bench, update("e2"), at: 10_002)
        let running = try #require(try await bench.trip(want: 9, at: 20_000).jobs.first)
        let follower = try await enqueue(bench, update("e3"), at: 20_001)
        #expect(try await bench.client(at: 20_002).cancel(follower, in: bench.queue) == .cancelled)
        _ = try await bench.trip(
            settling: [Settlement(.bury(reason: "no"), of: running, leavesTrace: false)], at: 20_003)
        #expect(try await bench.reply("EXISTS", bench.keys.keys) == .integer(0))
    }

    @Test func veryManyLabelsAreCounted() async throws {
        let bench = try await ScriptBench()
        let word = String(repeating: "x", count: 190)
        var id: JobID?
        for number in 0..<100 { id = try await enqueue(bench, update("\(number)\(word)"), at: 10_000) }
        let last = try #require(id)
        let known = try #require(try await labels(bench, last))
        #expect(known.count == 100 && (35..<60).contains(known.labels.count))
        #expect(known.labels.first == "0\(word)")
    }

    @Test func theDoctorRemovesWhatNoJobHas() async throws {
        let bench = try await ScriptBench()
        let id = try await enqueue(bench, update("e1"), at: 10_000)
        _ = try await bench.reply("HSET", bench.keys.keys, "s:\(JobID(nowMilliseconds: 1))", "1 e9")
        _ = try await bench.reply("HDEL", bench.keys.keys, "s")
        func check(mends: Bool) async throws -> [String] {
            var command = RedisCommand(script: Scripts.sift, keys: bench.keys.all)
            for argument in ["20000", mends ? "1" : "0", "keys", "0", "100"] { command.append(argument) }
            return try await bench.redis.run(command).arrayValue?.compactMap(\.string) ?? []
        }
        #expect(try await check(mends: false).contains("labels-without-job"))
        let mended = try await check(mends: true)
        #expect(mended.contains("labels-without-job") && mended.contains("labels-uncounted"))
        #expect(try await check(mends: true) == ["0"])
        #expect(try await labels(bench, id)?.labels == ["e1"])
    }
}
