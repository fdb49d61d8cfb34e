import Foundation
import TestKit
import Testing

@testable import Basics

@Suite(.timeLimit(.minutes(1)))
struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", Int64(0)), ("2025-01-15T12:00:00Z", 1_736_942_400_000_000),
        ("2025-01-15T12:00:00.5Z", 1_736_942_400_500_000), ("2025-01-15T12:00:00.1234567891Z", 1_736_942_400_123_456),
        ("2025-01-15 12:00:00", 1_736_942_400_000_000), ("2025-01-15t12:00:00z", 1_736_942_400_000_000),
        ("2025-01-15T13:00:00+01:00", 1_736_942_400_000_000), ("2025-01-15T06:30:00-0530", 1_736_942_400_000_000),
        ("2025-01-15T14:00:00+02", 1_736_942_400_000_000), ("2024-02-29T00:00:00Z", 1_709_164_800_000_000),
        ("1969-12-31T23:59:59.999Z", -1_000), ("2016-12-31T23:59:60Z", 1_483_228_800_000_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000_000), ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ])
    func reads(_ text: String, _ microseconds: Int64) {
        #expect(Timestamp(iso8601: text)?.microseconds == microseconds)
    }

    @Test(arguments: [
        "", "2025-01-15", "2025-01-15T12:00Z", "2025-13-01T00:00:00Z", "2025-02-29T00:00:00Z", "2025-00-10T00:00:00Z",
        "2025-01-15T24:00:00Z", "2025-01-15T12:60:00Z", "2025-01-15T12:00:61Z", "2025-01-15T12:00:00.Z",
        "0000-01-01T00:00:00Z",
        "2025-01-15T12:00:00ZZ", "2025-01-15T12:00:00+1", "2025-01-15T12:00:00+24:00", "2025-1-15T12:00:00Z",
        "1736942400",
        " 2025-01-15T12:00:00Z", "2025-01-15T12:00:00+01:60", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00",
        "２０２５-01-15T12:00:00Z", "yesterday",
    ])
    func refuses(_ text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }

    /// Every day of four centuries and random instants go there and back, and agree with Foundation.
    @Test func roundTrips() {
        for day in stride(from: Int64(-150_000), to: 150_000, by: 1) {
            let date = CivilDate(days: day)
            #expect(date.days == day && date.isValid)
        }
        var random = SeededRandom(seed: 7)
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        for _ in 0..<2_000 {
            let milliseconds = Int64.random(in: -60_000_000_000_000...253_402_300_799_999, using: &random)
            let stamp = Timestamp(milliseconds: milliseconds)
            #expect(Timestamp(iso8601: stamp.iso8601) == stamp)
            #expect(stamp.milliseconds == milliseconds)
            if milliseconds > 0 {
                let peer = formatter.string(from: Date(timeIntervalSince1970: Double(milliseconds / 1_000)))
                #expect(peer.prefix(19) == stamp.iso8601.prefix(19))
            }
        }
        #expect(Timestamp(microseconds: 1_736_942_400_123_456).iso8601Microseconds == "2025-01-15T12:00:00.123456Z")
        #expect(Timestamp(microseconds: -1).iso8601 == "1969-12-31T23:59:59.999Z")
    }
}
