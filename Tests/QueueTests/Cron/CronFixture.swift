import Foundation

@testable import Queue

/// Zone files that never change, and moments as people write them.
enum CronFixture {
    /// `Europe/Berlin` and the like.
    static func zone(_ identifier: String) throws -> TimeZoneRules {
        guard identifier != "UTC" else { return .utc }
        let name = identifier.split(separator: "/").last.map(String.init) ?? identifier
        let bytes = try contents(of: name, "tzif", in: "Zones")
        guard let zone = TimeZoneRules(identifier: identifier, file: bytes) else {
            throw CocoaError(.fileReadCorruptFile)
        }
        return zone
    }

    /// A file beside the tests.
    static func contents(of name: String, _ kind: String, in directory: String? = nil) throws -> [UInt8] {
        guard let url = Bundle.module.url(forResource: name, withExtension: kind, subdirectory: directory) else {
            throw CocoaError(.fileNoSuchFile)
        }
        return Array(try Data(contentsOf: url))
    }

    /// The Unix ms of `2026-03-08T03:00:00-04:00`, by Foundation's calendar rather than by ours.
    static func milliseconds(_ text: String) throws -> Int64 {
        Int64(try Date.ISO8601FormatStyle().parse(text).timeIntervalSince1970) * 1_000
    }

    /// The same text, as the clocks of a zone show it.
    static func text(_ milliseconds: Int64, in zone: TimeZoneRules) -> String {
        let offset = Int(zone.span(at: milliseconds.flooredQuotient(by: 1_000)).offset)
        guard let zone = Foundation.TimeZone(secondsFromGMT: offset) else { return "\(milliseconds)" }
        let style = Date.ISO8601FormatStyle(timeZoneSeparator: .colon, timeZone: zone)
        return Date(timeIntervalSince1970: Double(milliseconds) / 1_000).formatted(style)
    }

    /// What a pattern says after a moment, written as the clocks show it.
    static func next(_ count: Int, _ pattern: String, after text: String, in zone: String) throws -> [String] {
        let (pattern, zone) = (try CronPattern(parsing: pattern), try Self.zone(zone))
        return pattern.next(count, after: try milliseconds(text), in: zone).map { Self.text($0, in: zone) }
    }
}
