import Basics

/// Lengths of time and times of day for people.
enum HumanTime {
    /// Such as `0 s`, `1.5 s`, `42 s`, `3 min`, `5 h`, `9 d`: the largest unit of which there are two, rounded down.
    static func length(seconds: Double) -> String {
        switch seconds {
        case ..<10:
            let tenths = (max(0, seconds) * 10).rounded(.down)
            return tenths.truncatingRemainder(dividingBy: 10) == 0
                ? "\(Int(tenths / 10)) s" : "\(tenths / 10) s"
        case ..<120: return "\(Int(seconds)) s"
        case ..<7_200: return "\(Int(seconds / 60)) min"
        case ..<172_800: return "\(Int(seconds / 3_600)) h"
        case ..<1e12: return "\(Int(seconds / 86_400)) d"
        default: return "for ever"
        }
    }

    /// How long ago, such as `3 min ago`; `in 5 s` for what is still to come; empty for no time.
    static func age(of iso8601: String?, nowMilliseconds: Int64) -> String {
        guard let time = iso8601.flatMap({ Timestamp(iso8601: $0) }) else { return "" }
        let seconds = Double(nowMilliseconds - time.milliseconds) / 1_000
        return seconds >= 0 ? "\(length(seconds: seconds)) ago" : "in \(length(seconds: -seconds))"
    }

    /// A time to the second, `2026-01-31T12:00:00Z`; empty for no time.
    static func time(_ iso8601: String?) -> String {
        guard let iso8601, iso8601.count == 24 else { return iso8601 ?? "" }
        return iso8601.prefix(19) + "Z"
    }
}
