/// How far local time is ahead of UTC, and when that changes, in one time zone.
///
/// Made from the system's own files (`/usr/share/zoneinfo`), so that a change of law arrives with the system's updates.
/// A value of some kilobytes; the rules of the far future are worked out when they are asked for.
public struct TimeZoneRules: Sendable, Hashable {
    /// A stretch of time without a change. Seconds after 1970, UTC; `end` does not belong to it.
    struct Span: Sendable, Hashable {
        let start: Int64
        let end: Int64
        /// Seconds that local time is ahead of UTC.
        let offset: Int64
        /// The same just before `start`.
        let previousOffset: Int64
    }

    /// The name that it was asked for by, such as `America/Toronto`.
    public let identifier: String

    // The changes that the file lists: from starts[n] on, offsets[n] holds; before the first, firstOffset.
    private let starts: [Int64]
    private let offsets: [Int64]
    private let firstOffset: Int64
    /// What holds after the last listed change; nil: the last offset, for ever.
    private let rule: YearlyZoneRule?

    /// No change is before or after these, so that sums of times and offsets stay in range.
    static let (minimum, maximum) = (Int64.min / 4, Int64.max / 4)

    /// The zone without changes.
    public static let utc = TimeZoneRules(identifier: "UTC", changes: [], firstOffset: 0, rule: nil)

    /// - Parameter changes: in order of time; those that change nothing are left out.
    init(identifier: String, changes: [(start: Int64, offset: Int64)], firstOffset: Int64, rule: YearlyZoneRule?) {
        var (starts, offsets) = ([Int64](), [Int64]())
        for change in changes where change.offset != offsets.last ?? firstOffset {
            starts.append(change.start)
            offsets.append(change.offset)
        }
        self.identifier = identifier
        self.starts = starts
        self.offsets = offsets
        self.firstOffset = firstOffset
        self.rule = rule
    }

    /// The stretch that holds at `second`, in seconds after 1970, between the years 1 and 10000. O(log changes).
    func span(at second: Int64) -> Span {
        var (low, high) = (0, starts.count)
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= second { low = middle + 1 } else { high = middle }
        }
        if low == starts.count, let rule { return span(at: second, rule) }
        return Span(
            start: low == 0 ? Self.minimum : starts[low - 1],
            end: low == starts.count ? Self.maximum : starts[low],
            offset: low == 0 ? firstOffset : offsets[low - 1],
            previousOffset: low < 2 ? firstOffset : offsets[low - 2])
    }

    /// After the last listed change: the changes of the years around. Two years before the one in question, so that the
    /// offset before its first change is known too.
    private func span(at second: Int64, _ rule: YearlyZoneRule) -> Span {
        let year = CivilDay(number: second.flooredQuotient(by: 86_400)).year
        let listed = starts.last ?? Self.minimum
        var start = listed
        var offset = offsets.last ?? firstOffset
        var previous = offsets.count < 2 ? firstOffset : offsets[offsets.count - 2]
        for change in rule.changes(from: year - 2, through: year + 1)
        where change.start > listed && change.offset != offset {
            if change.start > second {
                return Span(start: start, end: change.start, offset: offset, previousOffset: previous)
            }
            (previous, offset, start) = (offset, change.offset, change.start)
        }
        return Span(start: start, end: Self.maximum, offset: offset, previousOffset: previous)
    }
}
