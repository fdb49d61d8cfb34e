// The last line of a zone file says what holds after the listed changes, in the form of the POSIX variable TZ:
// `EST5EDT,M3.2.0,M11.1.0`, `<+1030>-10:30<+11>-11,M10.1.0,M4.1.0`, or without summer time `JST-9`.

/// The changes that a zone makes every year.
struct YearlyZoneRule: Sendable, Hashable {
    /// One of the year's two changes: a day, and seconds of local time after its midnight (-167 to 167 hours).
    struct Change: Sendable, Hashable {
        enum Day: Sendable, Hashable {
            /// Month, week (5 = last) and weekday (0 = Sunday).
            case weekday(month: Int64, week: Int64, day: Int64)
            /// 1 to 365; 29 February is never counted.
            case ordinalWithoutLeapDay(Int64)
            /// 0 to 365; 29 February is counted.
            case ordinal(Int64)
        }

        let day: Day
        let time: Int64
    }

    /// Seconds ahead of UTC.
    let standardOffset: Int64
    let summerOffset: Int64
    let begin: Change
    let end: Change

    /// The changes of some years, in order of time. Of two at one moment the later one remains, summer after standard.
    func changes(from first: Int64, through last: Int64) -> [(start: Int64, offset: Int64)] {
        var changes: [(start: Int64, offset: Int64)] = []
        for year in first...last {
            changes.append((Self.second(of: begin, year) - standardOffset, summerOffset))
            changes.append((Self.second(of: end, year) - summerOffset, standardOffset))
        }
        changes.sort { left, right in
            left.start == right.start ? right.offset == summerOffset : left.start < right.start
        }
        return changes.indices.filter { index in
            index == changes.count - 1 || changes[index].start != changes[index + 1].start
        }.map { changes[$0] }
    }

    /// Local seconds at which a change comes in a year.
    private static func second(of change: Change, _ year: Int64) -> Int64 {
        let newYear = CivilDay(year: year, month: 1, day: 1).number
        let number: Int64 =
            switch change.day {
            case .ordinal(let day): newYear + day
            case .ordinalWithoutLeapDay(let day): newYear + day - (CivilDay.isLeap(year) && day >= 60 ? 0 : 1)
            case .weekday(let month, let week, let weekday):
                Self.number(of: weekday, inWeek: week, ofMonth: month, year)
            }
        return number * 86_400 + change.time
    }

    private static func number(of weekday: Int64, inWeek week: Int64, ofMonth month: Int64, _ year: Int64) -> Int64 {
        let first = CivilDay(year: year, month: month, day: 1).number
        var day = (weekday - Int64(CivilDay.weekday(ofNumber: first)) + 7) % 7 + (week - 1) * 7
        while day >= Int64(CivilDay.length(ofMonth: month, year: year)) { day -= 7 }
        return first + day
    }
}

/// What the last line of a zone file says.
enum ZoneFooter: Sendable, Hashable {
    /// The last listed change is the last.
    case fixed
    case yearly(YearlyZoneRule)

    /// nil when the line is not of the known form.
    init?(_ line: [UInt8]) {
        var reader = FooterReader(bytes: line)
        guard reader.name(), let west = reader.time(hours: 24) else { return nil }
        if reader.isAtEnd {
            self = .fixed
            return
        }
        guard reader.name() else { return nil }
        var summer = -west + 3_600
        if !reader.isAt(",") {
            guard let west = reader.time(hours: 24) else { return nil }
            summer = -west
        }
        guard reader.take(","), let begin = reader.change(), reader.take(","), let end = reader.change(), reader.isAtEnd
        else { return nil }
        self = .yearly(YearlyZoneRule(standardOffset: -west, summerOffset: summer, begin: begin, end: end))
    }
}

/// Reads a footer from left to right; nil or false at the first thing that does not fit.
private struct FooterReader {
    let bytes: [UInt8]
    private var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { index == bytes.count }

    func isAt(_ mark: Unicode.Scalar) -> Bool { index < bytes.count && bytes[index] == UInt8(ascii: mark) }

    mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard isAt(mark) else { return false }
        index += 1
        return true
    }

    /// Passes an abbreviation: letters, or anything between angle brackets.
    mutating func name() -> Bool {
        if take("<") {
            while index < bytes.count, !isAt(">") { index += 1 }
            return take(">")
        }
        let start = index
        while index < bytes.count, (0x41...0x5A).contains(bytes[index] & ~0x20) { index += 1 }
        return index - start >= 3
    }

    /// `[+-]hh[:mm[:ss]]` in seconds.
    mutating func time(hours limit: Int64) -> Int64? {
        let isNegative = take("-")
        if !isNegative { _ = take("+") }
        guard let hours = number(through: limit) else { return nil }
        var seconds = hours * 3_600
        if take(":") {
            guard let minutes = number(through: 59) else { return nil }
            seconds += minutes * 60
            if take(":") {
                guard let rest = number(through: 59) else { return nil }
                seconds += rest
            }
        }
        return isNegative ? -seconds : seconds
    }

    /// A day and the time of day, 02:00 where none is given.
    mutating func change() -> YearlyZoneRule.Change? {
        let day: YearlyZoneRule.Change.Day
        if take("M") {
            guard let month = number(through: 12), month > 0, take("."), let week = number(through: 5), week > 0,
                take("."), let weekday = number(through: 6)
            else { return nil }
            day = .weekday(month: month, week: week, day: weekday)
        } else if take("J") {
            guard let number = number(through: 365), number > 0 else { return nil }
            day = .ordinalWithoutLeapDay(number)
        } else {
            guard let number = number(through: 365) else { return nil }
            day = .ordinal(number)
        }
        guard take("/") else { return .init(day: day, time: 7_200) }
        return time(hours: 167).map { .init(day: day, time: $0) }
    }

    private mutating func number(through limit: Int64) -> Int64? {
        let start = index
        var value: Int64 = 0
        while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10, index - start < 4 {
            value = value * 10 + Int64(digit)
            index += 1
        }
        return index > start && value <= limit ? value : nil
    }
}
