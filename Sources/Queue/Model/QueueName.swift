/// The name of a queue: 1 to 64 characters of `a-z`, `0-9`, `_`, `-` and `.`.
///
/// Kept that narrow because it stands in Redis keys, in metrics and in paths.
public struct QueueName: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let description: String

    /// nil when `name` is not one.
    public init?(_ name: String) {
        let isAllowed = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
            default: false
            }
        }
        guard (1...64).contains(name.utf8.count), isAllowed else { return nil }
        description = name
    }

    public static func < (left: QueueName, right: QueueName) -> Bool { left.description < right.description }
}

extension QueueName: ExpressibleByStringLiteral {
    /// A name that stands in the source.
    ///
    /// - Precondition: `value` is a queue name.
    public init(stringLiteral value: StaticString) {
        guard let name = QueueName("\(value)" as String) else { preconditionFailure("'\(value)' is not a queue name") }
        self = name
    }
}
