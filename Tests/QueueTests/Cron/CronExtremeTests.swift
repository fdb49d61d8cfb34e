import Testing

@testable import Queue

/// The ends of the calendar, and the rarest of dates.
@Suite(.timeLimit(.minutes(1)))
struct CronExtremeTests {
    @Test func theFirstAndTheLastMoments() throws {
        let pattern = try CronPattern(parsing: "* * * * *")
        // 0001-01-01 of the Gregorian calendar, which Foundation gives up for the Julian one in 1582.
        let (first, last) = (-62_135_596_800_000 as Int64, try CronFixture.milliseconds("9999-12-31T23:59:00Z"))
        #expect(pattern.next(after: .min, in: .utc) == first)
        #expect(pattern.next(after: first - 1, in: .utc) == first)
        #expect(pattern.next(after: last - 1, in: .utc) == last)
        #expect(pattern.next(after: last, in: .utc) == nil)
        #expect(pattern.next(after: .max, in: .utc) == nil)
        #expect(pattern.next(10, after: last - 120_000, in: .utc) == [last - 60_000, last])
    }

    @Test func aMomentIsLaterByAMillisecondAtLeast() throws {
        let pattern = try CronPattern(parsing: "* * * * * *")
        #expect(pattern.next(after: 999, in: .utc) == 1_000)
        #expect(pattern.next(after: 1_000, in: .utc) == 2_000)
        #expect(pattern.next(after: 1_001, in: .utc) == 2_000)
        #expect(pattern.next(after: -1, in: .utc) == 0)
        #expect(pattern.next(after: -1_001, in: .utc) == -1_000)
    }

    @Test(arguments: [
        (
            "0 0 29 2 *", ["2024-02-29T00:00:00Z", "2028-02-29T00:00:00Z", "2032-02-29T00:00:00Z"],
            "2023-01-01T00:00:00Z"
        ),
        // 2100 is no leap year, 2400 is one.
        ("0 0 29 2 *", ["2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"], "2095-01-01T00:00:00Z"),
        ("0 0 29 2 *", ["2400-02-29T00:00:00Z", "2404-02-29T00:00:00Z"], "2399-01-01T00:00:00Z"),
        // 29 February on a Monday.
        (
            "0 0 * 2 1#5", ["2044-02-29T00:00:00Z", "2072-02-29T00:00:00Z", "2112-02-29T00:00:00Z"],
            "2026-01-01T00:00:00Z"
        ),
        ("59 59 23 31 12 *", ["9999-12-31T23:59:59Z"], "9999-01-01T00:00:00Z"),
        ("0 0 29 2 *", [], "9996-03-01T00:00:00Z"),
    ])
    func rareDates(_ pattern: String, _ moments: [String], _ start: String) throws {
        let found = try CronFixture.next(max(1, moments.count), pattern, after: start, in: "UTC")
        #expect(found == moments)
    }

    /// The longest wait of all, forty years, from every year of a cycle.
    @Test func everyRarePatternIsFoundFromEveryYear() throws {
        for weekday in 0...6 {
            let pattern = try CronPattern(parsing: "0 0 * 2 \(weekday)#5")
            for year in stride(from: 2000 as Int64, to: 2400, by: 1) {
                let start = CivilDay(year: year, month: 3, day: 1).number * 86_400_000
                let found = try #require(pattern.next(after: start, in: .utc))
                let day = CivilDay(number: found / 86_400_000)
                #expect(day.month == 2 && day.day == 29 && day.year <= year + 40)
                #expect(CivilDay.weekday(ofNumber: found / 86_400_000) == weekday)
            }
        }
    }
}
