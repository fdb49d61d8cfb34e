/// Which days of a month a pattern's two day fields allow.
///
/// A field that is exactly `*` or `?` restricts nothing. If both restrict, a day is allowed when either allows it; if one
/// does, when that one does.
struct CronDays: Sendable {
    /// What the day-of-month field says.
    private struct MonthDays: Sendable {
        /// Bit n: day n.
        var plain: UInt64 = 0
        /// Bit n: the day n days before the last; bit 0 is the last.
        var fromLast: UInt64 = 0
        /// Bit n: the weekday (Monday to Friday) within the month that is nearest to day n, or to the last day.
        var nearest: UInt64 = 0
        /// The last weekday (Monday to Friday) of the month.
        var lastWorkday = false
    }

    /// What the day-of-week field says. Bit n: weekday n, 0 = Sunday.
    private struct WeekDays: Sendable {
        var plain: UInt64 = 0
        /// The last such day of the month.
        var last: UInt64 = 0
        /// The first to fifth such day of the month: seven bits each.
        var numbered: UInt64 = 0
    }

    private var monthDays: MonthDays?
    private var weekDays: WeekDays?

    init(dayOfMonth: Substring, dayOfWeek: Substring) throws(QueueError) {
        if dayOfMonth != "*", dayOfMonth != "?" {
            var days = MonthDays()
            for item in CronPattern.items(of: dayOfMonth) { try Self.read(item, into: &days) }
            monthDays = days
        }
        if dayOfWeek != "*", dayOfWeek != "?" {
            var days = WeekDays()
            for item in CronPattern.items(of: dayOfWeek) { try Self.read(item, into: &days) }
            weekDays = days
        }
    }

    /// The allowed days of a month: bit n stands for day n.
    ///
    /// - Parameters:
    ///   - length: how many days the month has.
    ///   - first: the weekday of its first day, 0 = Sunday.
    func mask(length: Int, first: Int) -> UInt64 {
        let whole = (1 << UInt64(length + 1)) - 2 as UInt64
        return switch (monthDays, weekDays) {
        case (nil, nil): whole
        case (let days?, nil): Self.mask(days, length, first) & whole
        case (nil, let days?): Self.mask(days, length, first) & whole
        case (let days?, let week?): (Self.mask(days, length, first) | Self.mask(week, length, first)) & whole
        }
    }

    private static func mask(_ days: MonthDays, _ length: Int, _ first: Int) -> UInt64 {
        var mask = days.plain
        for distance in 0..<length where days.fromLast & 1 << UInt64(distance) != 0 {
            mask |= 1 << UInt64(length - distance)
        }
        for day in 1...31 where days.nearest & 1 << UInt64(day) != 0 {
            mask |= 1 << UInt64(workday(nearestTo: min(day, length), length, first))
        }
        if days.lastWorkday { mask |= 1 << UInt64(workday(nearestTo: length, length, first)) }
        return mask
    }

    private static func workday(nearestTo day: Int, _ length: Int, _ first: Int) -> Int {
        switch (first + day - 1) % 7 {
        case 6: day == 1 ? 3 : day - 1
        case 0: day == length ? day - 2 : day + 1
        default: day
        }
    }

    private static func mask(_ days: WeekDays, _ length: Int, _ first: Int) -> UInt64 {
        var mask: UInt64 = 0
        for day in 1...length {
            let bit = 1 << UInt64((first + day - 1) % 7) as UInt64
            let isLast = day + 7 > length
            let ordinal = UInt64((day - 1) / 7) * 7
            if days.plain & bit != 0 || isLast && days.last & bit != 0 || days.numbered >> ordinal & bit != 0 {
                mask |= 1 << UInt64(day)
            }
        }
        return mask
    }

    // MARK: - Reading

    private static func read(_ item: Substring, into days: inout MonthDays) throws(QueueError) {
        let field = CronField.dayOfMonth
        let text = item.uppercased()
        if text == "L" {
            days.fromLast |= 1
        } else if text == "LW" {
            days.lastWorkday = true
        } else if text.hasPrefix("L-") {
            guard let distance = CronField.number(text.dropFirst(2)), (1...30).contains(distance) else {
                throw field.problem("'\(item)' is not allowed; L-1 to L-30 count back from the last day")
            }
            days.fromLast |= 1 << UInt64(distance)
        } else if text.hasSuffix("W") {
            guard let day = CronField.number(text.dropLast()), field.range.contains(day) else {
                throw field.problem("'\(item)' is not allowed; 1W to 31W is the weekday nearest to a day, LW the last")
            }
            days.nearest |= 1 << UInt64(day)
        } else {
            days.plain |= try field.values(item)
        }
    }

    private static func read(_ item: Substring, into days: inout WeekDays) throws(QueueError) {
        let field = CronField.dayOfWeek
        if let mark = item.firstIndex(of: "#") {
            let weekday = try field.value(item[..<mark], of: item) % 7
            guard let ordinal = CronField.number(item[item.index(after: mark)...]), (1...5).contains(ordinal) else {
                throw field.problem("'\(item)' is not allowed; 5#2 is the second Friday, and # counts from 1 to 5")
            }
            days.numbered |= 1 << UInt64((ordinal - 1) * 7 + weekday)
        } else if item.uppercased() == "L" {
            throw field.problem("'\(item)' alone is not allowed; write 5L for the last Friday of the month")
        } else if item.first?.uppercased() == "L" {
            days.last |= 1 << UInt64(try field.value(item.dropFirst(), of: item) % 7)
        } else if item.last?.uppercased() == "L" {
            days.last |= 1 << UInt64(try field.value(item.dropLast(), of: item) % 7)
        } else {
            days.plain |= try field.values(item)
        }
    }
}
