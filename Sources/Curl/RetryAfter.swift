/// The `Retry-After` header.
public enum RetryAfter {
    /// About 68 years: what longer waits are cut to, so that adding a delay to an instant never overflows.
    private static let longestSeconds: Int64 = 2_147_483_647

    /// The wait that the header asks for in milliseconds from now: of seconds, or until an HTTP date in any of its
    /// three formats. Nil if the value is neither, or a date that has passed. The caller bounds it.
    public static func parse(_ value: String, nowMilliseconds: Int64) -> Int64? {
        let text = value.drop { $0 == " " || $0 == "\t" }
        guard let first = text.utf8.first else { return nil }
        if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) { return delay(text.utf8) }
        guard let instant = HTTPDate.parse(text, nowMilliseconds: nowMilliseconds), instant >= nowMilliseconds
        else { return nil }
        return min(instant - nowMilliseconds, longestSeconds * 1_000)
    }

    private static func delay(_ digits: some Collection<UInt8>) -> Int64? {
        var seconds: Int64 = 0
        var hasEnded = false
        for byte in digits {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"):
                hasEnded = true
            case UInt8(ascii: "0")...UInt8(ascii: "9") where !hasEnded:
                seconds = min(seconds * 10 + Int64(byte - UInt8(ascii: "0")), longestSeconds)
            default:
                return nil
            }
        }
        return seconds * 1_000
    }
}
