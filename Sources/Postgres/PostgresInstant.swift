/// Conversions between milliseconds since 1970 UTC and the server's timestamps.
enum PostgresInstant {
    /// What `timestamptz` can hold: 4714-11-24 BC to 294276-12-31.
    static let millisecondsRange: ClosedRange<Int64> = -210_866_803_200_000...9_224_318_015_999_999

    private static let serverEpochMilliseconds: Int64 = 946_684_800_000
    private static let secondsPerDay: Int64 = 86_400

    /// Microseconds since 2000 UTC, the binary form. `milliseconds` must be in ``millisecondsRange``.
    static func serverMicroseconds(_ milliseconds: Int64) -> Int64 {
        (milliseconds - serverEpochMilliseconds) * 1000
    }

    /// Milliseconds, rounded down, of an ISO timestamp as the server prints it, such as
    /// `2026-11-21 03:17:00.123456+00` or `0044-03-15 12:00:00+00 BC`. A missing offset means UTC. `nil` for the
    /// infinities and anything else.
    static func milliseconds(_ text: some Sequence<UInt8>) -> Int64? {
        var reader = Reader(Array(text))
        guard let year = reader.number(4...6), reader.take("-"), let month = reader.number(2...2), reader.take("-"),
            let day = reader.number(2...2), reader.take(" "), let hour = reader.number(2...2), reader.take(":"),
            let minute = reader.number(2...2), reader.take(":"), let second = reader.number(2...2),
            let milliseconds = reader.take(".") ? reader.fraction() : 0, let offset = reader.offsetSeconds()
        else { return nil }
        let isBeforeChrist = reader.take(" ") && reader.take("B") && reader.take("C")
        guard reader.isAtEnd, (1...12).contains(month), (1...31).contains(day) else { return nil }
        let days = daysSince1970(year: isBeforeChrist ? 1 - year : year, month: month, day: day)
        let seconds = days * secondsPerDay + hour * 3600 + minute * 60 + second - offset
        return seconds * 1000 + milliseconds
    }

    /// The proleptic Gregorian calendar, counted from 1 March of year 0 so that the leap day ends the year.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let year = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        let century = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - century * 400
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return century * 146_097 + dayOfEra - 719_468
    }
}

/// Reads the fixed pieces of a timestamp from bytes.
private struct Reader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { index == bytes.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    mutating func number(_ digits: ClosedRange<Int>) -> Int64? {
        var value: Int64 = 0
        let start = index
        while index < bytes.count, index - start < digits.upperBound, let digit = digit() {
            value = value * 10 + digit
            index += 1
        }
        return index - start >= digits.lowerBound ? value : nil
    }

    /// Up to six digits after the point, as whole milliseconds.
    mutating func fraction() -> Int64? {
        let start = index
        guard let value = number(1...6) else { return nil }
        let scale: [Int64] = [100_000, 10_000, 1000, 100, 10, 1]
        return value * scale[index - start - 1] / 1000
    }

    mutating func offsetSeconds() -> Int64? {
        let isNegative = take("-")
        guard isNegative || take("+") else { return 0 }
        guard let hours = number(2...2) else { return nil }
        var seconds = hours * 3600
        for unit: Int64 in [60, 1] where take(":") {
            guard let value = number(2...2) else { return nil }
            seconds += value * unit
        }
        return isNegative ? -seconds : seconds
    }

    private func digit() -> Int64? {
        let byte = bytes[index]
        return byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int64(byte - UInt8(ascii: "0")) : nil
    }
}
