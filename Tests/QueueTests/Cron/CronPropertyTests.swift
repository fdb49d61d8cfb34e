import TestKit
import Testing

@testable import Queue

/// Random patterns against a search that tries every minute, or every second, of a window.
@Suite(.timeLimit(.minutes(1)))
struct CronPropertyTests {
    private struct Window {
        let pattern: CronPattern
        let zone: TimeZoneRules
        /// Seconds after 1970.
        let start: Int64
        let end: Int64
        let step: Int64

        /// The moments after `start` and not after `end`, in ms, by the rule of `docs/cron.md` taken word for word.
        var moments: [Int64] {
            var found: [Int64] = []
            var shown: Set<Int64> = []
            var before = start - 2 * 3_600
            shown.insert(local(before))
            for second in stride(from: before + step, through: end, by: Int(step)) {
                let (last, now) = (local(before), local(second))
                let isNew = shown.insert(now).inserted
                // Of the skipped times, any; they are fewer than a day's.
                let skipped = now - last > step ? Array(stride(from: last + step, to: now, by: Int(step))) : []
                let runs =
                    pattern.runsEveryHour
                    ? matches(now) : isNew && matches(now) || skipped.contains { matches($0) }
                if runs, second > start { found.append(second * 1_000) }
                before = second
            }
            return found
        }

        private func local(_ second: Int64) -> Int64 { second + zone.span(at: second).offset }

        private func matches(_ local: Int64) -> Bool {
            let number = local.flooredQuotient(by: 86_400)
            let (time, day) = (local - number * 86_400, CivilDay(number: number))
            func has(_ mask: UInt64, _ value: Int64) -> Bool { mask & 1 << UInt64(value) != 0 }
            guard has(pattern.hours, time / 3_600), has(pattern.minutes, time / 60 % 60),
                has(pattern.seconds, time % 60),
                has(pattern.months, day.month)
            else { return false }
            let first = CivilDay.weekday(ofNumber: number - day.day + 1)
            let length = CivilDay.length(ofMonth: day.month, year: day.year)
            return has(pattern.days.mask(length: length, first: first), day.day)
        }
    }

    @Test(arguments: 0..<60) func everyMinuteIsTried(_ round: Int) throws {
        try check(hasSeconds: false, length: 2 * 86_400, step: 60)
    }

    @Test(arguments: 0..<8) func everySecondIsTried(_ round: Int) throws {
        try check(hasSeconds: true, length: 7_200, step: 1)
    }

    private func check(hasSeconds: Bool, length: Int64, step: Int64) throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = SeededRandom(seed: seed)
        let text = Self.pattern(hasSeconds: hasSeconds, using: &random)
        let zone = try CronFixture.zone(
            ["UTC", "America/Toronto", "Europe/Berlin", "Australia/Lord_Howe"][.random(in: 0..<4, using: &random)])
        let start = Self.start(zone, length: length, step: step, using: &random)
        let pattern = try CronPattern(parsing: text)
        let window = Window(pattern: pattern, zone: zone, start: start, end: start + length, step: step)
        let expected = window.moments
        let note = "\(text) in \(zone.identifier) from \(start), seed \(seed)" as Comment

        var found: [Int64] = []
        var last = start * 1_000
        while let moment = pattern.next(after: last, in: zone), moment <= window.end * 1_000 {
            try #require(moment > last, note)
            found.append(moment)
            last = moment
        }
        #expect(found == expected, note)
        // From anywhere in between the answer is the same, and counting agrees.
        for _ in 0..<20 {
            let from = Int64.random(in: start * 1_000...window.end * 1_000, using: &random)
            let rest = expected.filter { $0 > from }
            let next = pattern.next(after: from, in: zone)
            if let first = rest.first { #expect(next == first, note) }
            let through = Int64.random(in: from...window.end * 1_000, using: &random)
            let between = rest.filter { $0 <= through }
            #expect(pattern.count(after: from, through: through, in: zone) == between.count, note)
            let wanted = Int.random(in: 0...between.count + 2, using: &random)
            #expect(pattern.last(wanted, after: from, through: through, in: zone) == between.suffix(wanted), note)
        }
    }

    /// Half of the windows have a change of the clocks in them, some are beyond the listed years.
    private static func start(
        _ zone: TimeZoneRules, length: Int64, step: Int64, using random: inout SeededRandom
    ) -> Int64 {
        var start = Int64.random(in: 1_600_000_000...2_300_000_000, using: &random)
        let end = zone.span(at: start).end
        if Bool.random(using: &random), end < TimeZoneRules.maximum {
            start = end - .random(in: 0...length, using: &random)
        }
        return start - start % step
    }

    private static func pattern(hasSeconds: Bool, using random: inout SeededRandom) -> String {
        func field(_ range: ClosedRange<Int>, star: Double, using random: inout SeededRandom) -> String {
            if Double.random(in: 0..<1, using: &random) < star { return "*" }
            let items = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                let (first, last) = (Int.random(in: range, using: &random), Int.random(in: range, using: &random))
                let step = Int.random(in: 1...range.upperBound, using: &random)
                return ["\(first)", "\(first)-\(last)", "*/\(step)", "\(first)/\(step)", "\(first)-\(last)/\(step)"][
                    .random(in: 0..<5, using: &random)]
            }
            return items.joined(separator: ",")
        }
        let days = ["*", "*", "?", "L", "LW", "15W,1", "1W", "L-2,10-20", field(1...31, star: 0, using: &random)]
        let week = ["*", "*", "*", "5L", "1#2,3", "SUN", field(0...6, star: 0, using: &random)]
        return [
            hasSeconds ? field(0...59, star: 0.3, using: &random) : "",
            field(0...59, star: 0.3, using: &random), field(0...23, star: 0.3, using: &random),
            days[.random(in: 0..<days.count, using: &random)], field(1...12, star: 0.8, using: &random),
            week[.random(in: 0..<week.count, using: &random)],
        ].joined(separator: " ")
    }

    /// A whole cycle of the calendar, day by day.
    @Test func daysFollowOneAnother() {
        var date = CivilDay(year: 1, month: 1, day: 1)
        let first = date.number
        #expect(first * 86_400 == CronPattern.earliestSecond)
        #expect(CivilDay(year: 10_000, month: 1, day: 1).number * 86_400 == CronPattern.latestSecond)
        #expect(CivilDay.weekday(ofNumber: 0) == 4)
        var differences = 0
        for number in first..<first + 146_097 {
            if CivilDay(number: number) != date || date.number != number { differences += 1 }
            if date.day < CivilDay.length(ofMonth: date.month, year: date.year) {
                date = CivilDay(year: date.year, month: date.month, day: date.day + 1)
            } else if date.month < 12 {
                date = CivilDay(year: date.year, month: date.month + 1, day: 1)
            } else {
                date = CivilDay(year: date.year + 1, month: 1, day: 1)
            }
        }
        #expect(differences == 0)
        #expect(date == CivilDay(year: 401, month: 1, day: 1))
    }
}
