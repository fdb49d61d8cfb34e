/// Reads one ISO-8601 instant; nil at the first thing that does not fit.
struct TimestampReader {
    private let bytes: [UInt8]
    private var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    /// The instant in microseconds since the epoch; the whole text must be used up.
    mutating func microseconds() -> Int64? {
        guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2) else { return nil }
        guard take("T") || take("t") || take(" ") else { return nil }
        guard let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2)
        else { return nil }
        // 60 is a leap second and counts as the next minute's first.
        guard hour < 24, minute < 60, second <= 60, year >= 1 else { return nil }
        guard let fraction = fraction(), let offset = offsetMinutes(), index == bytes.count else { return nil }
        let date = CivilDate(year: year, month: month, day: day)
        guard date.isValid else { return nil }
        let minutes = date.days * 1_440 + hour * 60 + minute - offset
        return (minutes * 60 + second) * 1_000_000 + fraction
    }

    private mutating func take(_ mark: Unicode.Scalar) -> Bool {
        guard index < bytes.count, bytes[index] == UInt8(ascii: mark) else { return false }
        index += 1
        return true
    }

    private mutating func number(_ width: Int) -> Int64? {
        guard index + width <= bytes.count else { return nil }
        var value: Int64 = 0
        for position in index..<index + width {
            guard let digit = Self.digit(bytes[position]) else { return nil }
            value = value * 10 + digit
        }
        index += width
        return value
    }

    private mutating func fraction() -> Int64? {
        guard take(".") || take(",") else { return 0 }
        var value: Int64 = 0
        var digits = 0
        while index < bytes.count, let digit = Self.digit(bytes[index]) {
            if digits < 6 { value = value * 10 + digit }
            digits += 1
            index += 1
        }
        guard digits > 0 else { return nil }
        while digits < 6 {
            value *= 10
            digits += 1
        }
        return value
    }

    private mutating func offsetMinutes() -> Int64? {
        if index == bytes.count || take("Z") || take("z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hours = number(2), hours < 24 else { return nil }
        var minutes: Int64 = 0
        if index < bytes.count {
            _ = take(":")
            guard let read = number(2), read < 60 else { return nil }
            minutes = read
        }
        let offset = hours * 60 + minutes
        return isWest ? -offset : offset
    }

    private static func digit(_ byte: UInt8) -> Int64? {
        let value = byte &- UInt8(ascii: "0")
        return value < 10 ? Int64(value) : nil
    }
}
