import TestKit
import Testing

@testable import Queue

/// What fires and what is passed over: never two firings of one tick, never one early, and none forgotten.
@Suite(.timeLimit(.minutes(1)))
struct CronScheduleTests {
    private typealias Plan = CronSchedule.Plan
    private typealias Skip = CronSchedule.Skip
    private static let grace = CronSchedule.graceMilliseconds
    private static let rules: [CronSchedule.Misfire] = [
        .skip, .once, .catchUp(-1), .catchUp(0), .catchUp(1), .catchUp(2), .catchUp(5), .catchUp(.max),
    ]

    private func schedule(
        _ pattern: String, _ misfire: CronSchedule.Misfire, in zone: String = "UTC"
    ) throws -> CronSchedule {
        CronSchedule(
            name: "name", pattern: try CronPattern(parsing: pattern), zone: try CronFixture.zone(zone), misfire: misfire
        )
    }

    /// The rules said again, tick by tick.
    private func expected(_ schedule: CronSchedule, last: Int64, now: Int64) -> Plan {
        var (late, punctual) = ([Int64](), [Int64]())
        var tick = last
        while let next = schedule.next(after: tick), next <= now {
            if now - next > Self.grace { late.append(next) } else { punctual.append(next) }
            tick = next
        }
        let made: [Int64]
        let reason: Skip.Reason
        switch schedule.misfire {
        case .skip: (made, reason) = ([], .missed)
        case .once: (made, reason) = (punctual.isEmpty ? late.suffix(1) : [], .merged)
        case .catchUp(let limit): (made, reason) = (late.suffix(min(max(0, limit), 1_000)), .beyondLimit)
        }
        let passed = late.dropLast(made.count)
        var skips: [Skip] = []
        if let first = passed.first, let end = passed.last {
            skips = [Skip(firstMilliseconds: first, lastMilliseconds: end, count: passed.count, reason: reason)]
        }
        return Plan(fires: made + punctual, skips: skips, lastMilliseconds: tick)
    }

    /// Every last tick and every now of some minutes, at the edges of seconds, for each rule.
    @Test(arguments: rules) func everySmallHistory(_ misfire: CronSchedule.Misfire) throws {
        var differing: [String] = []
        for pattern in ["*/20 * * * * *", "* * * * *", "*/2 * * * *", "1 0 * * *"] {
            let schedule = try schedule(pattern, misfire)
            for last in stride(from: -1_000 as Int64, through: 120_000, by: 9_500) {
                for step in stride(from: -20_000 as Int64, through: 300_000, by: 10_000) {
                    for edge in [-1, 0, 1] as [Int64] {
                        let now = last + step + edge
                        let plan = schedule.plan(lastMilliseconds: last, nowMilliseconds: now)
                        if plan != expected(schedule, last: last, now: now) {
                            differing.append("\(pattern) \(last) \(now)")
                        }
                    }
                }
            }
        }
        #expect(differing.isEmpty, "\(differing.count), first \(differing.prefix(5))")
    }

    /// The same round the changes of the clocks, where ticks move and merge.
    @Test(arguments: rules) func historiesRoundAChangeOfTheClocks(_ misfire: CronSchedule.Misfire) throws {
        let changes = try ["2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"].map(CronFixture.milliseconds)
        var differing: [String] = []
        for pattern in ["*/30 1,2 * * *", "*/30 * * * *", "30 2 * * *"] {
            let schedule = try schedule(pattern, misfire, in: "America/Toronto")
            for change in changes {
                for from in stride(from: -120 as Int64, through: 90, by: 15) {
                    for length in [0, 1, 30, 31, 60, 61, 120, 1_500] as [Int64] {
                        let last = change + from * 60_000
                        let now = last + length * 60_000
                        let plan = schedule.plan(lastMilliseconds: last, nowMilliseconds: now)
                        if plan != expected(schedule, last: last, now: now) {
                            differing.append("\(pattern) \(last) \(now)")
                        }
                    }
                }
            }
        }
        #expect(differing.isEmpty, "\(differing.count), first \(differing.prefix(5))")
    }

    @Test func aScheduleThatIsNewBeginsNow() throws {
        let schedule = try schedule("* * * * *", .catchUp(5))
        let plan = schedule.plan(lastMilliseconds: nil, nowMilliseconds: 600_000)
        #expect(plan == Plan(fires: [], skips: [], lastMilliseconds: 600_000))
        #expect(schedule.plan(lastMilliseconds: 600_000, nowMilliseconds: 659_999).fires == [])
        #expect(schedule.plan(lastMilliseconds: 600_000, nowMilliseconds: 660_000).fires == [660_000])
    }

    @Test func aClockThatWasSetBackFiresNothing() throws {
        let plan = try schedule("* * * * *", .once).plan(lastMilliseconds: 600_000, nowMilliseconds: 540_000)
        #expect(plan == Plan(fires: [], skips: [], lastMilliseconds: 600_000))
    }

    @Test func aTickIsOnTimeToTheMillisecond() throws {
        let schedule = try schedule("0 * * * *", .skip)
        let hour = 3_600_000 as Int64
        let punctual = schedule.plan(lastMilliseconds: 1, nowMilliseconds: hour + Self.grace)
        #expect(punctual == Plan(fires: [hour], skips: [], lastMilliseconds: hour))
        let late = schedule.plan(lastMilliseconds: 1, nowMilliseconds: hour + Self.grace + 1)
        let skip = Skip(firstMilliseconds: hour, lastMilliseconds: hour, count: 1, reason: .missed)
        #expect(late == Plan(fires: [], skips: [skip], lastMilliseconds: hour))
    }

    /// A scheduler that stops and comes back at random: every tick is fired or passed over, and once.
    @Test(arguments: 0..<12) func everyTickIsAccountedForOnce(_ round: Int) throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = SeededRandom(seed: seed)
        let patterns = ["* * * * *", "*/10 * * * * *", "*/7 1-3 * * *", "30 1,2 * * *", "0 * * * *"]
        let schedule = try schedule(
            patterns[.random(in: 0..<patterns.count, using: &random)],
            Self.rules[.random(in: 0..<Self.rules.count, using: &random)], in: "America/Toronto")
        let start = try CronFixture.milliseconds("2026-03-08T00:00:00Z")
        var now = start
        var last: Int64?
        var fired: [Int64] = []
        var skipped = 0
        for _ in 0..<200 {
            let plan = schedule.plan(lastMilliseconds: last, nowMilliseconds: now)
            #expect(plan.fires.allSatisfy { $0 <= now && $0 > fired.last ?? start }, "early or twice, seed \(seed)")
            for skip in plan.skips {
                #expect(
                    skip.firstMilliseconds > last ?? start && skip.lastMilliseconds < now - Self.grace, "seed \(seed)")
                #expect(skip.count == 1 ? skip.firstMilliseconds == skip.lastMilliseconds : skip.count > 1)
                skipped += skip.count
            }
            #expect(plan.lastMilliseconds >= last ?? start, "seed \(seed)")
            fired += plan.fires
            last = plan.lastMilliseconds
            now += .random(
                in: 0...[1_000, 30_000, 90_000, 4_000_000][.random(in: 0..<4, using: &random)], using: &random)
        }
        let end = try #require(last)
        #expect(zip(fired, fired.dropFirst()).allSatisfy { $0 < $1 }, "seed \(seed)")
        let all = schedule.pattern.count(after: start, through: end, in: schedule.zone)
        #expect(fired.count + skipped == all, "seed \(seed)")
    }

    @Test func aYearOfSecondsIsCountedAndNotListed() throws {
        let schedule = try schedule("* * * * * *", .catchUp(.max), in: "America/Toronto")
        let last = try CronFixture.milliseconds("2025-06-01T00:00:00Z")
        let plan = schedule.plan(lastMilliseconds: last, nowMilliseconds: last + 365 * 86_400_000)
        // A thousand that were missed, and the last minute's, both ends with it.
        #expect(plan.fires.count == 1_000 + 61)
        let skip = try #require(plan.skips.first)
        #expect(skip.count == 365 * 86_400 - 61 - 1_000)
        #expect(skip.firstMilliseconds == last + 1_000)
        #expect(skip.lastMilliseconds == plan.fires[0] - 1_000)
        #expect(plan.lastMilliseconds == last + 365 * 86_400_000)
    }

    @Test(arguments: rules) func theEndsOfTimeAreHarmless(_ misfire: CronSchedule.Misfire) throws {
        for pattern in ["0 0 1 1 *", "0 0 29 2 *"] {
            let schedule = try schedule(pattern, misfire)
            let whole = schedule.plan(lastMilliseconds: .min, nowMilliseconds: .max)
            #expect(
                whole.fires.count + whole.skips.reduce(0) { $0 + $1.count } == (pattern == "0 0 1 1 *" ? 9_999 : 2_424))
            let none = schedule.plan(lastMilliseconds: .max, nowMilliseconds: .min)
            #expect(none == Plan(fires: [], skips: [], lastMilliseconds: .max))
            let first = schedule.plan(lastMilliseconds: nil, nowMilliseconds: .min)
            #expect(first == Plan(fires: [], skips: [], lastMilliseconds: .min))
        }
    }

    @Test func theNextTicksAreThoseOfThePattern() throws {
        let schedule = try schedule("30 2 * * *", .once, in: "Europe/Berlin")
        let start = try CronFixture.milliseconds("2026-03-28T12:00:00Z")
        let expected = try ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"].map(CronFixture.milliseconds)
        #expect(schedule.next(2, after: start) == expected)
        #expect(schedule.next(after: start) == expected[0])
    }
}
