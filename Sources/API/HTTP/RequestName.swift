internal import Synchronization

/// Names requests: random for each process, then counted, so that no two requests anywhere share a name.
enum RequestName {
    private static let process = hexadecimal(UInt64.random(in: .min ... .max))
    private static let counter = Atomic<UInt64>(0)

    /// The next name, such as `9f86d081884c7d65-2a`. Costs well under a microsecond.
    static func next() -> String {
        process + "-" + String(counter.wrappingAdd(1, ordering: .relaxed).newValue, radix: 16)
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
