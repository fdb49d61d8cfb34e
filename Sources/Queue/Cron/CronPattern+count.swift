// Counting goes by months and by stretches without a change of the clocks, so that the every-second pattern of a machine
// that was off for a year costs no more than a daily one.

extension CronPattern {
    /// How many moments of the pattern lie after one time and not after another, both Unix ms.
    func count(after first: Int64, through last: Int64, in zone: TimeZoneRules) -> Int {
        guard first < last else { return 0 }
        var from = max(first.flooredQuotient(by: 1_000), Self.earliestSecond - 1) + 1
        let end = min(last.flooredQuotient(by: 1_000), Self.latestSecond - 1) + 1
        var count = 0
        while from < end {
            let span = zone.span(at: from)
            count += self.count(in: span, from: from, before: min(end, span.end))
            from = span.end
        }
        return count
    }

    /// The last `count` moments after one time and not after another, ascending; fewer where there are not so many.
    func last(_ count: Int, after first: Int64, through last: Int64, in zone: TimeZoneRules) -> [Int64] {
        guard count > 0, first < last else { return [] }
        let earliest = max(first.flooredQuotient(by: 1_000), Self.earliestSecond - 1)
        // Seconds. Back in growing steps, until after `low` there are too many; after `high` there never are.
        var high = min(last.flooredQuotient(by: 1_000), Self.latestSecond)
        var (low, step) = (high, 64 as Int64)
        while low > earliest, self.count(after: low * 1_000, through: last, in: zone) <= count {
            high = low
            low = max(earliest, low - step)
            step *= 2
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2
            let isTooEarly = self.count(after: middle * 1_000, through: last, in: zone) > count
            if isTooEarly { low = middle } else { high = middle }
        }
        let moments = next(count + 1, after: max(first, low * 1_000), in: zone).filter { $0 <= last }
        return moments.suffix(count)
    }

    private func count(in span: TimeZoneRules.Span, from: Int64, before end: Int64) -> Int {
        let opening = opening(of: span, from: from)
        return (opening.runsAtStart ? 1 : 0) + countLocal(from: opening.local, before: end + span.offset)
    }

    /// How many local times of the pattern are in `start..<limit`.
    private func countLocal(from start: Int64, before limit: Int64) -> Int {
        guard start < limit else { return 0 }
        let (firstDay, lastDay) = (start.flooredQuotient(by: 86_400), limit.flooredQuotient(by: 86_400))
        let date = CivilDay(number: firstDay)
        var (year, month) = (date.year, date.month)
        var firstOfMonth = firstDay - date.day + 1
        var count = 0
        while firstOfMonth <= lastDay {
            let length = CivilDay.length(ofMonth: month, year: year)
            if months & 1 << UInt64(month) != 0 {
                var mask = days.mask(length: length, first: CivilDay.weekday(ofNumber: firstOfMonth))
                if firstOfMonth <= firstDay { mask &= ~0 << UInt64(firstDay - firstOfMonth + 1) }
                if lastDay - firstOfMonth < 31 { mask &= (1 << UInt64(lastDay - firstOfMonth + 2)) - 1 }
                count += mask.nonzeroBitCount * countOfDay
                if mask & 1 << UInt64(max(0, firstDay - firstOfMonth + 1)) != 0 {
                    count -= self.count(beforeTimeOfDay: Int(start - firstDay * 86_400))
                }
                if lastDay - firstOfMonth < 31, mask & 1 << UInt64(lastDay - firstOfMonth + 1) != 0 {
                    count -= countOfDay - self.count(beforeTimeOfDay: Int(limit - lastDay * 86_400))
                }
            }
            firstOfMonth += Int64(length)
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
        }
        return count
    }

    private var countOfDay: Int { hours.nonzeroBitCount * minutes.nonzeroBitCount * seconds.nonzeroBitCount }

    /// How many of a day's times are before so many seconds after midnight.
    private func count(beforeTimeOfDay time: Int) -> Int {
        let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60)
        var count = Self.below(hour, hours) * minutes.nonzeroBitCount * seconds.nonzeroBitCount
        if hours & 1 << UInt64(hour) != 0 {
            count += Self.below(minute, minutes) * seconds.nonzeroBitCount
            if minutes & 1 << UInt64(minute) != 0 { count += Self.below(second, seconds) }
        }
        return count
    }

    private static func below(_ value: Int, _ mask: UInt64) -> Int {
        (mask & ((1 << UInt64(value)) - 1)).nonzeroBitCount
    }
}
