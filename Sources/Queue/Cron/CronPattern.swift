/// When something is to happen: the five or six fields of a cron pattern. `docs/cron.md` describes the dialect.
///
/// Five fields are minute, hour, day of month, month, day of week; six have seconds in front. A pattern says local times;
/// which moments those are, a time zone says: see ``next(after:in:)``.
public struct CronPattern: Sendable, Hashable, LosslessStringConvertible {
    /// Most bytes of a pattern.
    public static let maximumBytes = 200

    /// The pattern as it was written, white space made single spaces.
    public let description: String

    // Sets of values: bit n stands for the value n.
    let seconds: UInt64
    let minutes: UInt64
    let hours: UInt64
    let months: UInt64
    let days: CronDays

    /// Reads a pattern. Costs some microseconds.
    ///
    /// - Throws: ``QueueError/Code/invalidPattern``, whose message names the field and what is allowed there; also when
    ///   no date ever matches (30 February).
    public init(parsing text: String) throws(QueueError) {
        guard text.utf8.count <= Self.maximumBytes else {
            throw QueueError(.invalidPattern, "a pattern has at most \(Self.maximumBytes) bytes")
        }
        // Nothing else is echoed in the errors below.
        guard text.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == UInt8(ascii: "\t") }) else {
            throw QueueError(.invalidPattern, "a pattern has only printable ASCII characters")
        }
        var fields = text.split { $0 == " " || $0 == "\t" }
        description = fields.joined(separator: " ")
        if let name = fields.first, name.hasPrefix("@") {
            guard fields.count == 1, let meaning = Self.nicknames[name.lowercased()] else {
                let known = Self.nicknames.keys.sorted().joined(separator: ", ")
                throw QueueError(.invalidPattern, "'\(description)' is not known; there are \(known)")
            }
            fields = meaning.split(separator: " ")
        }
        guard fields.count == 5 || fields.count == 6 else {
            throw QueueError(
                .invalidPattern,
                "\(fields.count) fields; a pattern has five (minute, hour, day of month, month, day of week) or six "
                    + "(with seconds in front)")
        }
        if fields.count == 5 { fields.insert("0", at: 0) }
        seconds = try Self.values(fields[0], .second)
        minutes = try Self.values(fields[1], .minute)
        hours = try Self.values(fields[2], .hour)
        days = try CronDays(dayOfMonth: fields[3], dayOfWeek: fields[5])
        months = try Self.values(fields[4], .month)
        guard Self.hasDate(days, months: months) else {
            throw QueueError(.invalidPattern, "day of month: no month of this pattern ever has such a day")
        }
    }

    /// Reads a pattern; nil where ``init(parsing:)`` throws.
    public init?(_ description: String) {
        do throws(QueueError) { try self.init(parsing: description) } catch { return nil }
    }

    /// Whether the hour is left open. Such a pattern beats through the hours as they pass, also on the days when the
    /// clocks change; any other names local times of day, each of which comes once a day.
    public var runsEveryHour: Bool { hours == CronField.hour.all }

    public static func == (left: CronPattern, right: CronPattern) -> Bool { left.description == right.description }

    public func hash(into hasher: inout Hasher) { hasher.combine(description) }

    static func items(of field: Substring) -> [Substring] {
        field.split(separator: ",", omittingEmptySubsequences: false)
    }

    private static func values(_ text: Substring, _ field: CronField) throws(QueueError) -> UInt64 {
        var mask: UInt64 = 0
        for item in items(of: text) { mask |= try field.values(item) }
        return mask
    }

    /// Every weekday begins a month of every length in some year, so the 28 shapes of a month are all there is to try.
    private static func hasDate(_ days: CronDays, months: UInt64) -> Bool {
        let lengths: [(months: UInt64, lengths: [Int])] = [
            (0b1_0101_1010_1010, [31]), (0b0_1010_0101_0000, [30]), (0b0_0000_0000_0100, [28, 29]),
        ]
        return lengths.contains { shape in
            shape.months & months != 0
                && shape.lengths.contains { length in (0..<7).contains { days.mask(length: length, first: $0) != 0 } }
        }
    }

    private static let nicknames = [
        "@annually": "0 0 1 1 *", "@daily": "0 0 * * *", "@hourly": "0 * * * *", "@midnight": "0 0 * * *",
        "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@yearly": "0 0 1 1 *",
    ]
}
