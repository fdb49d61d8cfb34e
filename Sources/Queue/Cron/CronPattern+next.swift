// Local time is counted in seconds of a clock without a zone: days after 1970-01-01 times 86,400 plus the time of day.
//
// The search goes by months, days and times of day, never minute by minute, and ends: after a hundred years nothing new
// can come (the rarest pattern, a fifth given weekday in February, waits 40 years at most).

extension CronPattern {
    /// Years that a search looks ahead.
    static let searchedYears: Int64 = 100
    /// 0001-01-01 and 10000-01-01, in seconds after 1970.
    static let earliestSecond: Int64 = -62_135_596_800
    static let latestSecond: Int64 = 253_402_300_800

    /// The first moment later than `milliseconds` that matches; nil when there is none before the year 10000.
    ///
    /// Both are Unix times in ms. When the clocks change, `docs/cron.md` holds the rule: a pattern that leaves the hour
    /// open goes on with the hours as they pass; for any other, a skipped local time counts at the moment after the gap,
    /// several of them as one, and of a doubled local time the first counts. Costs about a microsecond.
    public func next(after milliseconds: Int64, in zone: TimeZoneRules) -> Int64? {
        let second = milliseconds.flooredQuotient(by: 1_000)
        guard second < Self.latestSecond else { return nil }
        let start = max(second + 1, Self.earliestSecond)
        let end = min(start + Self.searchedYears * 366 * 86_400, Self.latestSecond)
        var span = zone.span(at: start)
        var from = start
        // Each turn is one stretch without a change of the clocks: some hundred of them at most.
        while from < end {
            if let found = first(in: span, from: from, before: min(span.end, end)) { return found * 1_000 }
            guard span.end < end else { return nil }
            from = span.end
            span = zone.span(at: from)
        }
        return nil
    }

    /// The next `count` moments after `milliseconds`.
    public func next(_ count: Int, after milliseconds: Int64, in zone: TimeZoneRules) -> [Int64] {
        var moments: [Int64] = []
        var last = milliseconds
        while moments.count < count, let moment = next(after: last, in: zone) {
            moments.append(moment)
            last = moment
        }
        return moments
    }

    /// How a stretch without a change of the clocks begins, for a search that comes into it at `from`.
    ///
    /// - Returns: whether its first second runs for the local times that the change skipped, and the local time from which
    ///   on the pattern's own times count.
    func opening(of span: TimeZoneRules.Span, from: Int64) -> (runsAtStart: Bool, local: Int64) {
        let local = from + span.offset
        let (before, after) = (span.start + span.previousOffset, span.start + span.offset)
        if runsEveryHour || before == after { return (false, local) }
        // What the clocks show a second time has had its turn.
        if before > after { return (false, max(local, before)) }
        guard from == span.start, nextLocal(from: before, before: after) != nil else { return (false, local) }
        return (true, local + 1)
    }

    /// The first match in a span, in `from..<end`.
    private func first(in span: TimeZoneRules.Span, from: Int64, before end: Int64) -> Int64? {
        let opening = opening(of: span, from: from)
        if opening.runsAtStart { return span.start }
        return nextLocal(from: opening.local, before: end + span.offset).map { $0 - span.offset }
    }

    /// The first local time of the pattern in `start..<limit`.
    func nextLocal(from start: Int64, before limit: Int64) -> Int64? {
        let number = start.flooredQuotient(by: 86_400)
        let date = CivilDay(number: number)
        var (year, month) = (date.year, date.month)
        var firstOfMonth = number - date.day + 1
        var timeOfDay = Int(start - number * 86_400)
        var open = ~0 << UInt64(date.day) as UInt64
        while firstOfMonth * 86_400 < limit {
            let length = CivilDay.length(ofMonth: month, year: year)
            if months & 1 << UInt64(month) != 0 {
                var mask = days.mask(length: length, first: CivilDay.weekday(ofNumber: firstOfMonth)) & open
                while mask != 0 {
                    let day = firstOfMonth + Int64(mask.trailingZeroBitCount) - 1
                    let from = day == number ? timeOfDay : 0
                    if let time = nextTimeOfDay(from: from) {
                        let found = day * 86_400 + Int64(time)
                        return found < limit ? found : nil
                    }
                    mask &= mask - 1
                }
            }
            firstOfMonth += Int64(length)
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
            open = ~0
            timeOfDay = 0
        }
        return nil
    }

    /// The first second of the day at or after `start` that the three time fields allow.
    private func nextTimeOfDay(from start: Int) -> Int? {
        let (hour, minute, second) = (start / 3_600, start / 60 % 60, start % 60)
        if hours & 1 << UInt64(hour) != 0 {
            if minutes & 1 << UInt64(minute) != 0, let second = Self.first(in: seconds, from: second) {
                return hour * 3_600 + minute * 60 + second
            }
            if let minute = Self.first(in: minutes, from: minute + 1) {
                return hour * 3_600 + minute * 60 + seconds.trailingZeroBitCount
            }
        }
        guard let hour = Self.first(in: hours, from: hour + 1) else { return nil }
        return hour * 3_600 + minutes.trailingZeroBitCount * 60 + seconds.trailingZeroBitCount
    }

    private static func first(in mask: UInt64, from value: Int) -> Int? {
        let rest = mask & ~0 << UInt64(value)
        return rest == 0 ? nil : rest.trailingZeroBitCount
    }
}
