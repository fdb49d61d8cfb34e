import Testing

@testable import Queue

/// Days that are not a number: by the month's end, by the week, by the nearest weekday.
@Suite(.timeLimit(.minutes(1)))
struct CronDaysTests {
    /// The days of 2026 by months. It begins on a Thursday; 2026-02 is four whole weeks from a Sunday on.
    @Test(arguments: [
        ("L *", ["01-31", "02-28", "03-31", "04-30", "05-31"]),
        ("L-3 *", ["01-28", "02-25", "03-28", "04-27", "05-28"]),
        ("L-30 *", ["01-01", "03-01", "05-01", "07-01", "08-01"]),
        ("1,L *", ["01-01", "01-31", "02-01", "02-28", "03-01"]),
        ("31 *", ["01-31", "03-31", "05-31", "07-31", "08-31"]),
        // 31 January is a Saturday, 28 February too, 31 May a Sunday.
        ("LW *", ["01-30", "02-27", "03-31", "04-30", "05-29"]),
        ("31W *", ["01-30", "02-27", "03-31", "04-30", "05-29"]),
        // 1 February and 1 March are Sundays, 1 August is a Saturday, 15 February a Sunday.
        ("1W *", ["01-01", "02-02", "03-02", "04-01", "05-01", "06-01", "07-01", "08-03"]),
        ("15W *", ["01-15", "02-16", "03-16", "04-15", "05-15"]),
        ("14W *", ["01-14", "02-13", "03-13", "04-14", "05-14"]),
        ("28W 2", ["02-27"]), ("1W,LW 2", ["02-02", "02-27"]),
    ])
    func daysOfMonth(_ fields: String, _ days: [String]) throws {
        let (day, month) = (fields.split(separator: " ")[0], fields.split(separator: " ")[1])
        try expect("0 0 \(day) \(month) *", days)
    }

    @Test(arguments: [
        ("5#3", ["01-16", "02-20", "03-20", "04-17", "05-15"]), ("4#5", ["01-29", "04-30", "07-30", "10-29", "12-31"]),
        ("0#1", ["01-04", "02-01", "03-01", "04-05"]), ("7#5", ["03-29", "05-31", "08-30", "11-29"]),
        ("2L", ["01-27", "02-24", "03-31", "04-28", "05-26"]),
        ("0L,6L", ["01-25", "01-31", "02-22", "02-28", "03-28"]),
        ("5#1,5#3,1", ["01-02", "01-05", "01-12", "01-16", "01-19", "01-26"]),
    ])
    func daysOfWeek(_ field: String, _ days: [String]) throws {
        try expect("0 0 * * \(field)", days)
    }

    /// Where both day fields restrict, either is enough; a field that is exactly a star or a question mark does not.
    @Test(arguments: [
        ("13 * 5", ["01-02", "01-09", "01-13", "01-16", "01-23"]), ("13 * 5L", ["01-13", "01-30", "02-13", "02-27"]),
        ("LW * 1#1", ["01-05", "01-30", "02-02", "02-27"]),
        ("*/16 * 1#1", ["01-01", "01-05", "01-17", "02-01", "02-02"]),
        ("* * 5", ["01-02", "01-09"]), ("? * 5", ["01-02", "01-09"]), ("13 * ?", ["01-13", "02-13"]),
        ("1-31 * 5", ["01-01", "01-02", "01-03"]), ("30 2 1", ["02-02", "02-09", "02-16", "02-23"]),
    ])
    func bothFields(_ fields: String, _ days: [String]) throws {
        let parts = fields.split(separator: " ")
        try expect("0 0 \(parts[0]) \(parts[1]) \(parts[2])", days)
    }

    private func expect(_ pattern: String, _ days: [String]) throws {
        let found = try CronFixture.next(days.count, pattern, after: "2025-12-31T23:59:59Z", in: "UTC")
        #expect(found == days.map { "2026-\($0)T00:00:00Z" })
    }

    /// Every month that there can be, against days counted one by one.
    @Test func everyShapeOfAMonth() throws {
        let weekdays = 1...5
        for (length, first) in (28...31).flatMap({ length in (0..<7).map { (length, $0) } }) {
            func weekday(_ day: Int) -> Int { (first + day - 1) % 7 }
            func days(_ month: Substring, _ week: Substring) throws -> [Int] {
                let mask = try CronDays(dayOfMonth: month, dayOfWeek: week).mask(length: length, first: first)
                return (0..<64).filter { mask & 1 << UInt64($0) != 0 }
            }
            #expect(try days("LW", "*") == [(1...length).last { weekdays.contains(weekday($0)) }].compactMap { $0 })
            for back in 1...30 {
                #expect(try days("L-\(back)", "*") == [length - back].filter { $0 > 0 })
            }
            for day in 1...31 {
                let nearest = (1...length).filter { weekdays.contains(weekday($0)) }
                    .min { abs($0 - min(day, length)) < abs($1 - min(day, length)) }
                #expect(
                    try days("\(day)W", "*") == [nearest].compactMap { $0 }, "\(length) \(first)")
            }
            for number in 0...7 {
                let all = (1...length).filter { weekday($0) == number % 7 }
                #expect(try days("*", "\(number)") == all)
                #expect(try days("*", "\(number)L") == all.suffix(1))
                for ordinal in 1...5 {
                    #expect(try days("?", "\(number)#\(ordinal)") == Array(all.dropFirst(ordinal - 1).prefix(1)))
                }
            }
        }
    }
}
