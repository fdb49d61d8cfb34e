import Basics
import Queue

extension FieldReader {
    /// A whole number.
    mutating func integer(_ key: String, in range: ClosedRange<Int64>) -> Int64? {
        guard let value = member(key) else { return nil }
        guard let number = value.integer, range.contains(number) else {
            report(key, "A whole number from \(range.lowerBound) to \(range.upperBound) is expected.")
            return nil
        }
        return number
    }

    /// A number of seconds, fractions allowed, as milliseconds.
    mutating func milliseconds(ofSeconds key: String, in range: ClosedRange<Int64>) -> Int64? {
        guard let value = member(key) else { return nil }
        let (number, fault) = Self.milliseconds(ofSeconds: value, in: range)
        if let fault { report(key, fault) }
        return number
    }

    /// Numbers of seconds, as milliseconds.
    mutating func milliseconds(
        ofSecondsList key: String, in range: ClosedRange<Int64>, maximumCount: Int
    ) -> [Int64]? {
        guard let items = array(key) else { return nil }
        guard (1...maximumCount).contains(items.count) else {
            report(key, "1 to \(maximumCount) numbers of seconds are expected; these are \(items.count).")
            return nil
        }
        var numbers: [Int64] = []
        for (index, item) in items.enumerated() {
            let (number, fault) = Self.milliseconds(ofSeconds: item, in: range)
            if let fault { append([.init(pointer: "\(prefix)/\(key)/\(index)", detail: fault)]) }
            if let number { numbers.append(number) }
        }
        return numbers.count == items.count ? numbers : nil
    }

    /// A word that may stand in an envelope and in Redis keys.
    mutating func token(_ key: String, isRequired: Bool = false) -> String? {
        guard let value = member(key) else {
            if isRequired { report(key, "This field is required.") }
            return nil
        }
        guard let text = value.string, Envelope.isToken(text) else {
            report(key, "1 to 200 printable ASCII characters without spaces are expected.")
            return nil
        }
        return text
    }

    /// Notes each member that is not one of these.
    mutating func refuseOthers(than known: [String]) {
        for member in object.members where !known.contains(member.key) {
            report(member.key, "No such field is known; there are \(known.joined(separator: ", ")).")
        }
    }

    private static func milliseconds(
        ofSeconds value: JSONValue, in range: ClosedRange<Int64>
    ) -> (Int64?, String?) {
        if case .number(let text) = value, let seconds = Double(text) {
            let milliseconds = (seconds * 1_000).rounded()
            if let number = Int64(exactly: milliseconds), range.contains(number) { return (number, nil) }
        }
        return (
            nil, "A number of seconds from \(seconds(range.lowerBound)) to \(seconds(range.upperBound)) is expected."
        )
    }

    private static func seconds(_ milliseconds: Int64) -> String {
        milliseconds % 1_000 == 0 ? "\(milliseconds / 1_000)" : "\(Double(milliseconds) / 1_000)"
    }
}
