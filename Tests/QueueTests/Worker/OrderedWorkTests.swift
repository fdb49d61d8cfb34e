import Redis
import TestKit
import Testing
import Threads

@testable import Queue

/// Jobs with order keys, and workers that run many at a time.
@Suite(.timeLimit(.minutes(1)))
struct OrderedWorkTests {
    private struct Book {
        var running: Set<String> = []
        var overlaps: [String] = []
        var done: [String: [Int]] = [:]
        var count = 0
    }

    @Test(arguments: [3, 11] as [UInt64])
    func noTwoOfAKeyRunAtATimeAndEachComesInItsTurn(_ seed: UInt64) async throws {
        let bench = try await WorkerBench()
        let book = Locked(Book())
        let handler = JobHandler(kind: "ordered") { job in
            let words = String(decoding: job.arguments, as: UTF8.self).dropFirst().dropLast().split(separator: " ")
            let (key, number) = (String(words[0]), Int(words[1]) ?? -1)
            book.withLock { book in
                if !book.running.insert(key).inserted { book.overlaps.append("\(key) \(number)") }
            }
            if job.id.draw(seed) % 3 == 0 { try await Task.sleep(for: .milliseconds(2)) }
            let fails = job.attempt == 1 && job.id.draw(seed) % 5 == 0
            book.withLock { book in
                book.running.remove(key)
                if !fails { book.done[key, default: []].append(number) }
                book.count += fails ? 0 : 1
            }
            return fails ? .retry(reason: "first") : .done()
        }
        var random = SeededRandom(seed: seed)
        let jobs = (0..<400).map { number in
            NewJob(
                id: JobID(nowMilliseconds: 1_000), kind: "ordered",
                arguments: Array("\"k\(number % 20) \(number)\"".utf8),
                policy: RetryPolicy(attempts: 3, delayMilliseconds: 3),
                lane: ["", "a", "b"].randomElement(using: &random) ?? "", delayMilliseconds: number % 50 == 7 ? 30 : 0,
                orderKey: "k\(number % 20)")
        }
        try await bench.running(bench.worker("one", concurrency: 16, handlers: [handler])) {
            // The second is stopped on the way, and gives back what it has not begun.
            try await bench.running(bench.worker("two", concurrency: 16, handlers: [handler])) {
                for first in stride(from: 0, to: jobs.count, by: 40) {
                    try await bench.bench.client().enqueue(Array(jobs[first..<(first + 40)]), to: bench.bench.queue)
                }
                try await Waiting.until("a third of them") { book.withLock { $0.count } > 130 }
            }
            try await Waiting.until("an empty queue") { try await bench.isEmpty() }
        }
        let result = book.withLock { $0 }
        #expect(result.overlaps == [] && result.count == 400, "seed \(seed)")
        for key in 0..<20 {
            #expect(result.done["k\(key)"] == Array(stride(from: key, to: 400, by: 20)), "seed \(seed)")
        }
        let left = try await bench.bench.reply("EXISTS", bench.bench.keys.orders, bench.bench.keys.keys)
        #expect(left == .integer(0))
    }
}
