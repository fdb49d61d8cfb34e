/// One of a pattern's fields: its name, its range, and how its plain items are read.
///
/// A set of values is a bit mask: bit n stands for the value n.
enum CronField: String, Sendable, CaseIterable {
    case second
    case minute
    case hour
    case dayOfMonth = "day of month"
    case month
    case dayOfWeek = "day of week"

    var range: ClosedRange<Int> {
        switch self {
        case .second, .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...6
        }
    }

    /// Every value of the field.
    var all: UInt64 { range.reduce(0) { $0 | 1 << UInt64($1) } }

    /// What may stand in the field, for errors.
    var allowed: String {
        switch self {
        case .second, .minute: "0-59"
        case .hour: "0-23"
        case .dayOfMonth: "1-31, L, L-1 to L-30, 1W to 31W, LW"
        case .month: "1-12 or JAN-DEC"
        case .dayOfWeek: "0-7 or SUN-SAT (0 and 7 are Sunday), 0L to 7L, 0#1 to 7#5"
        }
    }

    /// Reads one item of a list: `*`, `n`, `a-b`, each with an optional `/step`; `n/step` goes from n to the last value,
    /// and a range whose end is before its beginning goes on over the field's end.
    func values(_ item: Substring) throws(QueueError) -> UInt64 {
        let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var step = 1
        if parts.count == 2 {
            guard let number = Self.number(parts[1]), (1...range.upperBound).contains(number) else {
                throw problem("the step '\(parts[1])' is not allowed; a step is 1 to \(range.upperBound)")
            }
            step = number
        }
        if parts[0] == "*" { return mask(from: range.lowerBound, through: range.upperBound, by: step) }
        let ends = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let (front, back) = (try value(ends[0], of: item), try value(ends[ends.count - 1], of: item))
        // Sunday at the front is 0; at the end of a range it is the day after Saturday.
        let first = front > range.upperBound ? 0 : front
        if ends.count == 1 { return mask(from: first, through: parts.count == 2 ? range.upperBound : first, by: step) }
        let last = back == front ? first : back < first ? back + range.count : back
        return mask(from: first, through: last, by: step)
    }

    /// Reads one value: a number of the field's range, or a name. Sunday may be 7.
    func value(_ text: Substring, of item: Substring) throws(QueueError) -> Int {
        let last = self == .dayOfWeek ? 7 : range.upperBound
        if let number = Self.number(text), (range.lowerBound...last).contains(number) { return number }
        if let place = names.firstIndex(of: text.lowercased()) { return place + range.lowerBound }
        throw problem("'\(item)' is not allowed; allowed are \(allowed), and lists, ranges and steps of them")
    }

    func problem(_ text: String) -> QueueError { QueueError(.invalidPattern, "\(rawValue): \(text)") }

    /// At most 7 digits and nothing else: no sign, no white space.
    static func number(_ text: Substring) -> Int? {
        guard (1...7).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    private func mask(from first: Int, through last: Int, by step: Int) -> UInt64 {
        var mask: UInt64 = 0
        for value in stride(from: first, through: last, by: step) {
            let wrapped = value > range.upperBound ? value - range.count : value
            mask |= 1 << UInt64(wrapped)
        }
        return mask
    }

    private var names: [String] {
        switch self {
        case .month: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
        case .dayOfWeek: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
        default: []
        }
    }
}
