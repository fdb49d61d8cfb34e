/// An instant as microseconds since 1970-01-01T00:00:00Z, read from and written as ISO-8601.
///
/// Years 1 to 9999. Pure arithmetic: no calendar library, no locale, no clock.
public struct Timestamp: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Microseconds since the epoch; negative before it.
    public let microseconds: Int64

    /// An instant by its microseconds.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// An instant by its milliseconds.
    public init(milliseconds: Int64) { microseconds = milliseconds * 1_000 }

    /// Reads `2026-01-31T12:00:00`, with an optional fraction (digits past the sixth are dropped) and an optional
    /// offset (`Z`, `+01:00`, `+0100` or `+01`). Without an offset the time is UTC. `t`, `z` and a space for `T` are
    /// accepted. Nil for anything else, a date alone included, and for instants outside the years 1 to 9999.
    public init?(iso8601 text: String) {
        guard text.utf8.count <= 64 else { return nil }
        var reader = TimestampReader(bytes: Array(text.utf8))
        guard let microseconds = reader.microseconds() else { return nil }
        guard Self.earliest.microseconds...Self.latest.microseconds ~= microseconds else { return nil }
        self.microseconds = microseconds
    }

    /// 0001-01-01T00:00:00Z
    static let earliest = Timestamp(milliseconds: -62_135_596_800_000)
    /// 9999-12-31T23:59:59.999999Z
    static let latest = Timestamp(microseconds: 253_402_300_799_999_999)

    /// Milliseconds since the epoch, rounded down.
    public var milliseconds: Int64 { microseconds.flooredQuotient(1_000) }

    /// `2026-01-31T12:00:00.123Z`: UTC with milliseconds, as every time leaves this system.
    public var iso8601: String { text(fractionDigits: 3) }

    /// `2026-01-31T12:00:00.123456Z`
    public var iso8601Microseconds: String { text(fractionDigits: 6) }

    /// `iso8601`
    public var description: String { iso8601 }

    /// Earlier first.
    public static func < (left: Timestamp, right: Timestamp) -> Bool { left.microseconds < right.microseconds }

    private func text(fractionDigits: Int) -> String {
        let days = microseconds.flooredQuotient(86_400_000_000)
        let inDay = microseconds - days * 86_400_000_000
        let date = CivilDate(days: days)
        let seconds = inDay / 1_000_000
        let fraction = fractionDigits == 3 ? inDay % 1_000_000 / 1_000 : inDay % 1_000_000
        var bytes: [UInt8] = []
        bytes.reserveCapacity(27)
        Self.append(date.year, 4, "-", &bytes)
        Self.append(date.month, 2, "-", &bytes)
        Self.append(date.day, 2, "T", &bytes)
        Self.append(seconds / 3_600, 2, ":", &bytes)
        Self.append(seconds / 60 % 60, 2, ":", &bytes)
        Self.append(seconds % 60, 2, ".", &bytes)
        Self.append(fraction, fractionDigits, "Z", &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func append(_ number: Int64, _ width: Int, _ mark: Unicode.Scalar, _ bytes: inout [UInt8]) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
        bytes.append(UInt8(ascii: mark))
    }
}
