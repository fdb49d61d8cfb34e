import TestKit
import Testing

@testable import Queue

/// Who travels with whom.
@Suite(.timeLimit(.minutes(1)))
struct SubmissionLineTests {
    private let queue: QueueName = "test"

    private func job(_ bytes: Int = 2) -> NewJob {
        NewJob(
            id: JobID(nowMilliseconds: 1), kind: "kind", arguments: Array(repeating: 32, count: bytes),
            policy: RetryPolicy(attempts: 1, delayMilliseconds: 0))
    }

    private func passenger(jobs: Int = 1, bytes: Int = 2) -> SubmissionLine.Passenger {
        .init(Submission(groups: [.init(jobs: (0..<jobs).map { _ in job(bytes) })]), isGuarded: false)
    }

    /// Answers with each one's own ids, when the test lets it.
    private actor Carriage {
        private(set) var loads: [Int] = []
        private var isStopped: Bool
        private var waiters: [CheckedContinuation<Void, Never>] = []
        private let failsAt: Int?

        init(isStopped: Bool, failsAt: Int? = nil) {
            self.isStopped = isStopped
            self.failsAt = failsAt
        }

        func carry(_ passengers: [SubmissionLine.Passenger]) async -> [SubmissionLine.Answer] {
            loads.append(passengers.count)
            let fails = loads.count == failsAt
            if isStopped { await withCheckedContinuation { waiters.append($0) } }
            if fails { return passengers.map { _ in .failure(QueueError(.unavailable, "away")) } }
            return passengers.map { passenger in
                .success(
                    .accepted(passenger.submission.groups.map { .init(ids: $0.jobs.map(\.id), isDuplicate: false) }))
            }
        }

        func go() {
            isStopped = false
            for waiter in waiters { waiter.resume() }
            waiters = []
        }
    }

    private func ids(_ passenger: SubmissionLine.Passenger) -> [JobID] { passenger.submission.jobs.map(\.id) }

    /// Boards one that is held up, then `others`, who wait; then lets everybody go.
    private func board(
        _ others: [SubmissionLine.Passenger], waiting: Int, failsAt: Int? = nil
    ) async throws -> (loads: [Int], answers: [SubmissionLine.Answer]) {
        let line = SubmissionLine()
        let carriage = Carriage(isStopped: true, failsAt: failsAt)
        let carrier: SubmissionLine.Carrier = { await carriage.carry($0) }
        let answers = try await withThrowingTaskGroup(of: (Int, SubmissionLine.Answer).self) { group in
            let first = passenger()
            group.addTask { [queue] in (-1, await line.board(first, to: queue, by: carrier)) }
            try await Waiting.until("the first on its way") { await carriage.loads.count == 1 }
            for (number, other) in others.enumerated() {
                group.addTask { [queue] in (number, await line.board(other, to: queue, by: carrier)) }
            }
            try await Waiting.until("the others") {
                let loads = await carriage.loads.count
                return line.waitingCount(of: queue) == waiting && loads == 1 + others.count - waiting
            }
            await carriage.go()
            var answers = Array(
                repeating: SubmissionLine.Answer.failure(QueueError(.unavailable, "none")), count: others.count)
            for try await (number, answer) in group where number >= 0 { answers[number] = answer }
            return answers
        }
        #expect(line.waitingCount(of: queue) == 0)
        // Nothing is under way any more: the next goes alone and at once.
        _ = await line.board(passenger(), to: queue, by: carrier)
        return (await carriage.loads, answers)
    }

    @Test func thoseWhoComeMeanwhileShareTheNextCall() async throws {
        let others = (0..<50).map { _ in passenger(jobs: 3) }
        let (loads, answers) = try await board(others, waiting: 50)
        #expect(loads == [1, 50, 1])
        for (other, answer) in zip(others, answers) {
            guard case .success(.accepted(let groups)) = answer else {
                Issue.record("\(answer)")
                continue
            }
            #expect(groups.flatMap(\.ids) == ids(other))
        }
    }

    @Test func aCallIsBoundedInJobsAndBytes() async throws {
        let many = (0..<25).map { _ in passenger(jobs: SubmissionLine.maximumSharedJobs) }
        #expect(try await board(many, waiting: 25).loads == [1, 10, 10, 5, 1])
        let heavy = (0..<20).map { _ in passenger(bytes: 65_000) }
        #expect(try await board(heavy, waiting: 20).loads == [1, 16, 4, 1])
    }

    @Test func aLargeOneWaitsForNobody() async throws {
        let large = [
            passenger(jobs: SubmissionLine.maximumSharedJobs + 1), passenger(bytes: SubmissionLine.maximumSharedBytes),
        ]
        #expect(try await board(large, waiting: 0).loads == [1, 1, 1, 1])
    }

    @Test func aFailedCallFailsThoseInItAndNobodyElse() async throws {
        let others = (0..<12).map { _ in passenger(jobs: 100) }
        let (loads, answers) = try await board(others, waiting: 12, failsAt: 2)
        #expect(loads == [1, 10, 2, 1])
        let failed = answers.filter { if case .failure = $0 { true } else { false } }
        #expect(failed.count == 10)
    }

    @Test func queuesDoNotWaitForEachOther() async throws {
        let line = SubmissionLine()
        let stopped = Carriage(isStopped: true)
        async let held = line.board(passenger(), to: "a") { await stopped.carry($0) }
        try await Waiting.until("the first on its way") { await stopped.loads.count == 1 }
        let free = Carriage(isStopped: false)
        _ = await line.board(passenger(), to: "b") { await free.carry($0) }
        #expect(await free.loads == [1])
        await stopped.go()
        _ = await held
    }

    @Test func everyOneOfManyIsCarriedOnce() async throws {
        let bench = try await ScriptBench()
        let client = bench.client()
        let jobs = (0..<2_000).map { _ in bench.job() }
        await withTaskGroup(of: Void.self) { group in
            for caller in 0..<50 {
                group.addTask {
                    for job in jobs[(caller * 40)..<(caller * 40 + 40)] {
                        do {
                            let items = try await client.enqueue([job], to: bench.queue)
                            #expect(items.map(\.id) == [job.id])
                        } catch {
                            Issue.record(error)
                        }
                    }
                }
            }
        }
        let ready = try await bench.list(bench.keys.ready)
        #expect(ready.count == 2_000 && Set(ready) == Set(jobs.map(\.id.description)))
        // Each caller's own are in its order.
        var places: [String: Int] = [:]
        for (place, id) in ready.enumerated() { places[id] = place }
        for caller in 0..<50 {
            let own = jobs[(caller * 40)..<(caller * 40 + 40)].compactMap { places[$0.id.description] }
            #expect(own == own.sorted())
        }
    }
}
