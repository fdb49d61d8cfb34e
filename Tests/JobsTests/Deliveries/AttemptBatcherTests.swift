import Queue
import TestKit
import Testing

@testable import Jobs

/// The batcher under a clock of the test's own: what it asks for is noted and answered by hand.
struct AttemptBatcherTests {
    private struct Bench {
        var batcher: AttemptBatcher
        var now: Int64 = 0
        var writes: [(batch: UInt64, rows: Int)] = []
        var leaves: [(batch: UInt64, rows: Int)] = []
        var released: [UInt64] = []
        var wakes: [Int64] = []
        var changes: [Bool] = []
        var dropped = 0
        private var lastWaiter: UInt64 = 0

        init(_ change: (inout AttemptBatcher.Limits) -> Void = { _ in }) {
            var limits = AttemptBatcher.Limits()
            change(&limits)
            batcher = AttemptBatcher(limits: limits)
        }

        mutating func note(_ actions: [AttemptBatcher.Action]) {
            for action in actions {
                switch action {
                case .write(let batch, let rows): writes.append((batch, rows.count))
                case .leave(let batch, let rows): leaves.append((batch, rows.count))
                case .release(let waiters): released += waiters
                case .wake(let time): wakes.append(time)
                case .changed(let isAway): changes.append(isAway)
                case .dropped(let rows): dropped += rows
                }
            }
        }

        mutating func add(_ count: Int = 1) {
            for _ in 0..<count {
                lastWaiter += 1
                note(batcher.add(DeliverySamples.attempt(), waiter: lastWaiter, at: now))
            }
        }

        mutating func tick(at time: Int64) {
            now = time
            note(batcher.tick(at: now))
        }
    }

    @Test func rowsWaitForOthersAndGoTogether() {
        var bench = Bench()
        bench.add(3)
        #expect(bench.writes.isEmpty && bench.wakes == [2])
        bench.tick(at: 1)
        #expect(bench.writes.isEmpty)
        bench.tick(at: 2)
        #expect(bench.writes.map(\.rows) == [3] && bench.released.isEmpty)
        bench.note(bench.batcher.wrote(bench.writes[0].batch, at: 5))
        #expect(bench.released == [1, 2, 3] && bench.batcher.isIdle)
    }

    @Test func aFullBatchGoesAtOnce() {
        var bench = Bench { $0.batchRows = 4 }
        bench.add(4)
        #expect(bench.writes.map(\.rows) == [4])
        var heavy = Bench { $0.batchBytes = 1_000 }
        heavy.add(2)
        #expect(heavy.writes.map(\.rows) == [2])
    }

    /// While as many writes as may are under way, rows gather, and the next batch is the larger.
    @Test func writesUnderWayAreBounded() {
        var bench = Bench { $0.batchRows = 4 }
        bench.add(15)
        #expect(bench.writes.map(\.rows) == [4, 4])
        bench.tick(at: 50)
        #expect(bench.writes.count == 2)
        bench.note(bench.batcher.wrote(bench.writes[0].batch, at: 51))
        #expect(bench.writes.map(\.rows) == [4, 4, 4])
        bench.note(bench.batcher.wrote(bench.writes[1].batch, at: 52))
        #expect(bench.writes.map(\.rows) == [4, 4, 4, 3])
    }

    @Test func afterAFailureRowsGoToRedisAndOneWriteLooks() {
        var bench = Bench { $0.batchRows = 1 }
        bench.add()
        bench.note(bench.batcher.failed(bench.writes[0].batch, at: 10))
        #expect(bench.changes == [true] && bench.leaves.map(\.rows) == [1] && bench.released.isEmpty)
        bench.note(bench.batcher.left(bench.leaves[0].batch, at: 11))
        #expect(bench.released == [1])
        bench.now = 500
        bench.add(2)
        #expect(bench.writes.count == 1 && bench.leaves.count == 3)
        bench.now = 1_010
        bench.add(2)
        // One finds out, the other does not wait for it.
        #expect(bench.writes.count == 2 && bench.leaves.count == 4)
        bench.note(bench.batcher.wrote(bench.writes[1].batch, at: 1_020))
        #expect(bench.changes == [true, false])
        bench.add(2)
        #expect(bench.writes.count == 4 && bench.leaves.count == 4)
    }

    @Test func aSlowWriteKeepsNobodyWaiting() {
        var bench = Bench { $0.batchRows = 2 }
        bench.add(6)
        #expect(bench.writes.count == 2)
        bench.note(bench.batcher.late(bench.writes[0].batch, at: 200))
        // Its rows and those behind it.
        #expect(bench.leaves.map(\.rows) == [2, 2])
        for leave in bench.leaves { bench.note(bench.batcher.left(leave.batch, at: 201)) }
        #expect(bench.released == [1, 2, 5, 6])
        // The answer that came too late after all changes nothing for anybody.
        bench.note(bench.batcher.wrote(bench.writes[0].batch, at: 5_000))
        #expect(bench.released.count == 4 && bench.changes == [true])
        bench.note(bench.batcher.wrote(bench.writes[1].batch, at: 5_001))
        #expect(bench.released.count == 6 && bench.changes == [true, false] && bench.batcher.isIdle)
    }

    /// A server that hangs has its connections; no further batch is sent after them, however long that takes.
    @Test func whileALateWriteHangsNoOtherIsTried() {
        var bench = Bench { $0.batchRows = 1 }
        bench.add()
        bench.note(bench.batcher.late(bench.writes[0].batch, at: 200))
        bench.now = 60_000
        bench.add(3)
        #expect(bench.writes.count == 1 && bench.leaves.count == 4)
        bench.note(bench.batcher.failed(bench.writes[0].batch, at: 60_001))
        bench.now = 60_002
        bench.add()
        #expect(bench.writes.count == 2)
    }

    @Test func rowsThatNobodyTakesAreKeptAndTriedAgain() {
        var bench = Bench { $0.batchRows = 10 }
        bench.add(10)
        bench.note(bench.batcher.failed(bench.writes[0].batch, at: 10))
        bench.note(bench.batcher.notLeft(bench.leaves[0].batch, at: 20))
        // Nobody waits for them any more.
        #expect(bench.released.count == 10 && bench.batcher.keptRows == 10 && !bench.batcher.isIdle)
        bench.tick(at: 21)
        #expect(bench.wakes.last == 1_020)
        bench.tick(at: 1_020)
        #expect(bench.writes.map(\.rows) == [10, 10] && bench.batcher.keptRows == 0)
        bench.note(bench.batcher.wrote(bench.writes[1].batch, at: 1_030))
        #expect(bench.released.count == 10 && bench.batcher.isIdle)
    }

    @Test func keptRowsAreBoundedAndTheOldestGo() {
        var bench = Bench {
            $0.batchRows = 5
            $0.keptRows = 7
        }
        bench.add(10)
        for write in bench.writes { bench.note(bench.batcher.failed(write.batch, at: 10)) }
        for leave in bench.leaves { bench.note(bench.batcher.notLeft(leave.batch, at: 20)) }
        #expect(bench.dropped == 3 && bench.batcher.keptRows == 7 && bench.released.count == 10)
    }

    @Test func closingWritesWhatIsThereAtOnce() {
        var bench = Bench()
        bench.add(2)
        bench.note(bench.batcher.close(at: 0))
        #expect(bench.writes.map(\.rows) == [2])
        bench.note(bench.batcher.failed(1, at: 1))
        bench.note(bench.batcher.notLeft(bench.leaves[0].batch, at: 2))
        #expect(!bench.batcher.isIdle)
        bench.tick(at: 1_002)
        bench.note(bench.batcher.wrote(bench.writes[1].batch, at: 1_003))
        #expect(bench.batcher.isIdle)
    }

    /// Whatever happens in whatever order, every waiter is released once, and every row is in one place.
    @Test(arguments: 0..<20 as Range<UInt64>) func everyRowIsAnsweredForOnce(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var bench = Bench {
            $0.batchRows = 5
            $0.keptRows = 1_000_000
        }
        var openWrites: Set<UInt64> = [], openLeaves: Set<UInt64> = []
        var (seenWrites, seenLeaves, added) = (0, 0, 0)
        for step in 0..<2_000 {
            bench.now += Int64.random(in: 0...100, using: &random)
            for write in bench.writes[seenWrites...] { openWrites.insert(write.batch) }
            for leave in bench.leaves[seenLeaves...] { openLeaves.insert(leave.batch) }
            (seenWrites, seenLeaves) = (bench.writes.count, bench.leaves.count)
            switch step < 1_500 ? Int.random(in: 0..<7, using: &random) : Int.random(in: 3..<6, using: &random) {
            case 0, 1:
                added += 1
                bench.add()
            case 2:
                if let batch = openWrites.randomElement(using: &random) {
                    bench.note(bench.batcher.late(batch, at: bench.now))
                }
            case 3:
                guard let batch = openWrites.sorted().first else { continue }
                openWrites.remove(batch)
                bench.note(
                    step < 1_500 && Bool.random(using: &random)
                        ? bench.batcher.failed(batch, at: bench.now) : bench.batcher.wrote(batch, at: bench.now))
            case 4:
                guard let batch = openLeaves.sorted().first else { continue }
                openLeaves.remove(batch)
                bench.note(
                    step < 1_500 && Bool.random(using: &random)
                        ? bench.batcher.notLeft(batch, at: bench.now) : bench.batcher.left(batch, at: bench.now))
            default: bench.tick(at: bench.now)
            }
        }
        #expect(bench.released.sorted() == (0..<UInt64(added)).map { $0 + 1 }, "seed \(seed)")
        #expect(bench.dropped == 0 && bench.batcher.isIdle, "seed \(seed)")
    }
}
