/// The three date formats that HTTP knows, all in GMT. Pure arithmetic; no clock, no formatter.
public enum HTTPDate {
    /// Milliseconds since 1970, or nil if the text is none of the three formats or no real date.
    ///
    /// - `Sun, 06 Nov 1994 08:49:37 GMT`
    /// - `Sunday, 06-Nov-94 08:49:37 GMT`: a year of two digits that would lie over 50 years after `nowMilliseconds` is
    ///   the past century's.
    /// - `Sun Nov  6 08:49:37 1994`
    ///
    /// Names are case-sensitive as the standard has them; the weekday must be one but is not compared with the date.
    public static func parse(_ text: some StringProtocol, nowMilliseconds: Int64) -> Int64? {
        let words = text.utf8.split(separator: UInt8(ascii: " "))
        guard let weekday = words.first else { return nil }
        if words.count == 6, weekday.count == 4, isWeekday(weekday, comma: true), isGMT(words[5]) {
            guard words[1].count == 2, words[3].count == 4 else { return nil }
            return instant(day: words[1], month: words[2], year: number(words[3]), time: words[4])
        }
        if words.count == 4, isLongWeekday(weekday), isGMT(words[3]) {
            let parts = words[1].split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
            guard parts.count == 3, parts[0].count == 2, parts[2].count == 2, let short = number(parts[2])
            else { return nil }
            let year = fullYear(short, nowMilliseconds: nowMilliseconds)
            return instant(day: parts[0], month: parts[1], year: year, time: words[2])
        }
        if words.count == 5, isWeekday(weekday, comma: false) {
            guard words[4].count == 4 else { return nil }
            return instant(day: words[2], month: words[1], year: number(words[4]), time: words[3])
        }
        return nil
    }

    private typealias Word = Substring.UTF8View

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let longWeekdays = [
        "Monday,", "Tuesday,", "Wednesday,", "Thursday,", "Friday,", "Saturday,", "Sunday,",
    ]

    private static func isWeekday(_ word: some Collection<UInt8>, comma: Bool) -> Bool {
        weekdays.contains { $0.utf8.elementsEqual(word.prefix(3)) }
            && word.dropFirst(3).elementsEqual(comma ? [UInt8(ascii: ",")] : [])
    }

    private static func isLongWeekday(_ word: some Collection<UInt8>) -> Bool {
        longWeekdays.contains { $0.utf8.elementsEqual(word) }
    }

    private static func isGMT(_ word: some Collection<UInt8>) -> Bool { word.elementsEqual("GMT".utf8) }

    private static func number(_ word: some Collection<UInt8>) -> Int? {
        guard (1...4).contains(word.count) else { return nil }
        var value = 0
        for byte in word {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return value
    }

    private static func instant(
        day: some Collection<UInt8>,
        month: some Collection<UInt8>,
        year: Int?,
        time: some Collection<UInt8>,
    ) -> Int64? {
        let clock = time.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        guard let year, year >= 1, day.count <= 2, let day = number(day),
            let monthIndex = months.firstIndex(where: { $0.utf8.elementsEqual(month) }),
            (1...length(ofMonth: monthIndex, year: year)).contains(day),
            clock.count == 3, clock.allSatisfy({ $0.count == 2 }),
            let hour = number(clock[0]), let minute = number(clock[1]), let second = number(clock[2]),
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let seconds = days(year: year, month: monthIndex + 1, day: day) * 86_400 + hour * 3_600 + minute * 60 + second
        return Int64(seconds) * 1_000
    }

    private static func length(ofMonth index: Int, year: Int) -> Int {
        let isLeap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][index]
    }

    /// Days from 1970-01-01, with years that start in March so that the leap day comes last.
    private static func days(year: Int, month: Int, day: Int) -> Int {
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }

    private static func fullYear(_ short: Int, nowMilliseconds: Int64) -> Int {
        let current = 1_970 + Int(nowMilliseconds / 31_556_952_000)
        let candidate = current - current % 100 + short
        return candidate > current + 50 ? candidate - 100 : candidate
    }
}
