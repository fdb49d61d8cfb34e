import Redis
import Testing

@testable import Queue

/// Several submissions in one call of the enqueue script: each as if it had come alone, in their order.
@Suite(.timeLimit(.minutes(1)))
struct SharedCallTests {
    private func carry(
        _ passengers: [SubmissionLine.Passenger], _ bench: ScriptBench, maximumQueueLength: Int = 0,
        at milliseconds: Int64 = 1_000
    ) async throws -> [SubmissionResult] {
        let client = QueueClient(
            redis: bench.redis, namespace: bench.namespace, scriptTimeMilliseconds: milliseconds,
            maximumQueueLength: maximumQueueLength)
        let reply = try await client.run(client.enqueueCommand(passengers, bench.queue))
        return try client.read(reply, for: passengers.map(\.submission)).map { try $0.get() }
    }

    private func passenger(
        _ jobs: [NewJob], receipt: Receipt? = nil, groupReceipt: Receipt? = nil, isGuarded: Bool = false
    ) -> SubmissionLine.Passenger {
        .init(
            Submission(receipt: receipt, groups: [.init(receipt: groupReceipt, jobs: jobs)]), isGuarded: isGuarded)
    }

    private func accepted(_ jobs: [NewJob], isDuplicate: Bool = false) -> SubmissionResult {
        .accepted([.init(ids: jobs.map(\.id), isDuplicate: isDuplicate)])
    }

    @Test func eachHasItsAnswerAndTheOrderStays() async throws {
        let bench = try await ScriptBench()
        let loads = (1...20).map { count in (0..<count).map { _ in bench.job() } }
        let results = try await carry(loads.map { passenger($0) }, bench)
        #expect(results == loads.map { accepted($0) })
        #expect(try await bench.list(bench.keys.ready) == loads.flatMap { $0.map(\.id.description) })
        #expect(try await bench.counter("enqueued") == 210)
        #expect(try await bench.reply("HLEN", bench.keys.jobs) == .integer(210))
    }

    @Test func noneAtAllIsNoError() async throws {
        let bench = try await ScriptBench()
        #expect(try await carry([], bench).isEmpty)
        #expect(try await carry([passenger([])], bench) == [accepted([])])
        #expect(try await bench.reply("EXISTS", bench.keys.counters) == .integer(0))
    }

    @Test func aRefusedOneLeavesTheOthersAsTheyAre() async throws {
        let bench = try await ScriptBench()
        let (first, second) = (Receipt(key: "a", digest: "1"), Receipt(key: "a", digest: "2"))
        let jobs = (0..<6).map { _ in bench.job() }
        let results = try await carry(
            [
                passenger([jobs[0]], groupReceipt: first),
                // Conflicts in the group's and in the request's own receipt, with keys of their own to pass over.
                .init(
                    Submission(
                        receipt: Receipt(key: "r", digest: "r"),
                        groups: [
                            .init(receipt: Receipt(key: "b", digest: "b"), jobs: [jobs[1]]),
                            .init(receipt: second, jobs: [jobs[2]]),
                        ]), isGuarded: false),
                passenger([jobs[3]], receipt: second, groupReceipt: Receipt(key: "c", digest: "c")),
                passenger([jobs[4]], groupReceipt: first),
                passenger([jobs[5]], receipt: Receipt(key: "d", digest: "d")),
            ], bench)
        #expect(
            results == [
                accepted([jobs[0]]), .conflict(group: 1), .conflict(group: nil), accepted([jobs[0]], isDuplicate: true),
                accepted([jobs[5]]),
            ])
        #expect(try await bench.list(bench.keys.ready) == [jobs[0], jobs[5]].map(\.id.description))
        for key in ["b", "c", "r"] {
            #expect(try await bench.reply("EXISTS", bench.keys.receipt(key)) == .integer(0), "\(key)")
        }
    }

    @Test func theSameRequestTwiceInOneCallIsCarriedOutOnce() async throws {
        let bench = try await ScriptBench()
        let receipt = Receipt(key: "k", digest: "d")
        let (first, again) = (bench.job(), bench.job())
        let results = try await carry(
            [passenger([first], receipt: receipt), passenger([again], receipt: receipt)], bench)
        #expect(results == [accepted([first]), accepted([first], isDuplicate: true)])
        #expect(try await bench.list(bench.keys.ready) == [first.id.description])
    }

    @Test(arguments: [0, 500]) func theSameIdsTwiceInOneCallAreLookedUp(delay: Int64) async throws {
        let bench = try await ScriptBench()
        let job = bench.job(delayMilliseconds: delay)
        let call = [passenger([job], isGuarded: true), passenger([job], isGuarded: true)]
        #expect(try await carry(call, bench) == [accepted([job]), accepted([job])])
        #expect(try await carry(call, bench) == [accepted([job]), accepted([job])])
        #expect(try await bench.counter("enqueued") == 1)
        #expect(try await bench.list(bench.keys.ready).count == (delay == 0 ? 1 : 0))
        #expect(try await bench.reply("ZCARD", bench.keys.due) == .integer(delay == 0 ? 0 : 1))
    }

    @Test func theLimitOfTheQueueCountsWhatCameInTheSameCall() async throws {
        let bench = try await ScriptBench()
        let jobs = (0..<7).map { _ in bench.job() }
        let receipt = Receipt(key: "k", digest: "d")
        let loads = [
            passenger(Array(jobs[0..<2]), groupReceipt: receipt), passenger(Array(jobs[2..<5])), passenger([jobs[5]]),
            passenger([jobs[6]]), passenger(Array(jobs[0..<2]), groupReceipt: receipt),
        ]
        let results = try await carry(loads, bench, maximumQueueLength: 3)
        #expect(
            results == [
                accepted(Array(jobs[0..<2])), .full(waiting: 2), accepted([jobs[5]]), .full(waiting: 3),
                // It is there already, so it needs no room.
                accepted(Array(jobs[0..<2]), isDuplicate: true),
            ])
        #expect(try await bench.reply("HLEN", bench.keys.jobs) == .integer(3))
    }

    @Test func keysAndLanesWorkAcrossOneCall() async throws {
        let bench = try await ScriptBench()
        func unique(_ lane: String) -> NewJob {
            NewJob(
                id: JobID(nowMilliseconds: 1), kind: "kind", arguments: [],
                policy: RetryPolicy(attempts: 1, delayMilliseconds: 0), lane: lane, key: .unique("u"))
        }
        let (first, second, plain) = (unique("a"), unique("b"), bench.job(lane: "b"))
        let results = try await carry([passenger([first]), passenger([second, plain])], bench)
        #expect(results[0] == accepted([first]))
        #expect(
            results[1]
                == .accepted([
                    .init(
                        jobs: [.init(id: first.id, isDuplicate: true), .init(id: plain.id, isDuplicate: false)],
                        isDuplicate: false)
                ]))
        #expect(try await bench.list(bench.keys.lane("a")) == [first.id.description])
        #expect(try await bench.list(bench.keys.lane("b")) == [plain.id.description])
        #expect(try await bench.list(bench.keys.ring) == ["a", "b"])
    }
}
