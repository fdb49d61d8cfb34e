import Foundation
import TestKit
import Testing

@testable import Queue

/// Zone files: what they say, and what is answered for those that are missing, damaged or not to be read.
@Suite(.timeLimit(.minutes(1)))
struct TimeZoneRulesTests {
    @Test func everyZoneOfThisSystemIsRead() throws {
        let directory = TimeZoneRules.systemDirectory
        let paths = try #require(FileManager.default.enumerator(atPath: directory))
        var count = 0
        for case let path as String in paths where !path.hasPrefix("right/") && !path.hasPrefix("posix/") {
            let start = try? FileHandle(forReadingFrom: URL(filePath: "\(directory)/\(path)")).read(upToCount: 4)
            guard start == Data("TZif".utf8) else { continue }
            let zone = try TimeZoneRules(named: path)
            #expect(abs(zone.span(at: 1_760_000_000).offset) <= 14 * 3_600, "\(path)")
            count += 1
        }
        #expect(count > 200)
    }

    @Test(arguments: ["UTC", "Etc/UTC"]) func theUniversalTimeNeedsNoFile(_ name: String) throws {
        #expect(try TimeZoneRules(named: name, directory: "/nowhere") == .utc)
        let span = TimeZoneRules.utc.span(at: 0)
        #expect(span.offset == 0 && span.previousOffset == 0 && span.start < -1 << 60 && span.end > 1 << 60)
    }

    @Test(arguments: [
        "", "/", ".", "..", "../../etc/passwd", "/etc/passwd", "America/../../../../etc/passwd", "America//Toronto",
        "America/Toronto/", "./UTC", "a b", "a\0b", "Europe/Berl\u{ED}n", "zone.tab", String(repeating: "a", count: 65),
    ])
    func aNameThatIsNoneIsRefused(_ name: String) throws {
        let error = try #require(throws: QueueError.self) { try TimeZoneRules(named: name) }
        #expect(error.code == .invalidTimeZone)
        let shown = String(name.prefix(64)).debugDescription
        #expect(error.message == "\(shown) is no name of a time zone; names are like America/Toronto, or UTC")
    }

    @Test(arguments: ["Mars/Olympus", "America", "america/toronto", "Europe/Berlin/Mitte"])
    func aMissingZoneIsNamed(_ name: String) throws {
        let error = try #require(throws: QueueError.self) { try TimeZoneRules(named: name) }
        #expect(error.code == .invalidTimeZone && !error.isRetriable)
        #expect(
            error.message
                == "there is no time zone '\(name)' in /usr/share/zoneinfo, where the package tzdata keeps them")
    }

    @Test func aDamagedFileIsNamed() throws {
        let directory = FileManager.default.temporaryDirectory.appending(path: "zones-\(UUID())")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: directory) } }
        let whole = try CronFixture.contents(of: "Toronto", "tzif", in: "Zones")
        let files = [
            "Text": Array("no zone".utf8), "Empty": [], "Cut": Array(whole.dropLast()),
            "Large": whole + [UInt8](repeating: 0, count: 262_144), "Leaps": ZoneFileBytes(leapSeconds: 27).bytes,
        ]
        for (name, bytes) in files {
            try Data(bytes).write(to: directory.appending(path: name))
            let error = try #require(throws: QueueError.self) {
                try TimeZoneRules(named: name, directory: directory.path(percentEncoded: false))
            }
            #expect(error.code == .invalidTimeZone)
            #expect(
                error.message.hasPrefix("the file of time zone '\(name)' in \(directory.path(percentEncoded: false))"))
            #expect(error.message.hasSuffix("is damaged or counts leap seconds"))
        }
        try Data(whole).write(to: directory.appending(path: "Whole"))
        let zone = try TimeZoneRules(named: "Whole", directory: directory.path(percentEncoded: false))
        #expect(zone.identifier == "Whole")
    }

    @Test func everyCutOfAFileIsRefused() throws {
        let whole = try CronFixture.contents(of: "Lord_Howe", "tzif", in: "Zones")
        #expect(TimeZoneRules(identifier: "A", file: whole) != nil)
        for count in 0..<whole.count {
            #expect(TimeZoneRules(identifier: "A", file: Array(whole.prefix(count))) == nil, "\(count) bytes")
        }
    }

    /// Damage is refused or gives some zone; nothing overflows and nothing runs on.
    @Test func randomDamageIsHarmless() throws {
        let seed = UInt64.random(in: 0...(.max))
        var random = SeededRandom(seed: seed)
        let whole = try CronFixture.contents(of: "Lord_Howe", "tzif", in: "Zones")
        let pattern = try CronPattern(parsing: "30 2 * * *")
        for _ in 0..<400 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let place = Bool.random(using: &random) ? 0..<100 : 0..<bytes.count
                bytes[.random(in: place, using: &random)] = .random(in: 0...255, using: &random)
            }
            guard let zone = TimeZoneRules(identifier: "A", file: bytes) else { continue }
            for moment in [Int64.min, 0, 1_760_000_000_000, 4_000_000_000_000, 250_000_000_000_000] {
                if let next = pattern.next(after: moment, in: zone) { #expect(next > moment, "seed \(seed)") }
            }
        }
    }

    @Test(arguments: [
        ZoneFileBytes(changes: [(.min, 0)]), ZoneFileBytes(changes: [(.max, 0)]),
        ZoneFileBytes(changes: [(5, 0), (5, 0)]), ZoneFileBytes(changes: [(6, 0), (5, 0)]),
        ZoneFileBytes(changes: [(5, 1)]), ZoneFileBytes(offsets: []), ZoneFileBytes(offsets: [200_000]),
        ZoneFileBytes(footer: "nonsense!"), ZoneFileBytes(footer: "EST5EDT"), ZoneFileBytes(footer: "UTC25"),
        ZoneFileBytes(footer: "EST5EDT,M13.2.0,M11.1.0"), ZoneFileBytes(footer: "EST5EDT,M3.6.0,M11.1.0"),
        ZoneFileBytes(footer: "EST5EDT,M3.2.7,M11.1.0"), ZoneFileBytes(footer: "EST5EDT,M3.2.0"),
        ZoneFileBytes(footer: "EST5EDT,M3.2.0,M11.1.0/168"), ZoneFileBytes(footer: "EST5EDT,J0,J60"),
        ZoneFileBytes(footer: "EST5EDT,366,60"), ZoneFileBytes(footer: "EST5EDT,M3.2.0,M11.1.0 "),
        ZoneFileBytes(footer: "<+03-3"), ZoneFileBytes(footer: "E5"),
    ])
    func whatCannotBeIsRefused(_ file: ZoneFileBytes) {
        #expect(TimeZoneRules(identifier: "A", file: file.bytes) == nil)
    }

    @Test func theFirstVersionEndsWithItsLastChange() throws {
        let file = ZoneFileBytes(version: 0, changes: [(100, 1), (200, 0)], offsets: [0, 3_600])
        let zone = try #require(TimeZoneRules(identifier: "A", file: file.bytes))
        #expect([99, 100, 199, 200, 1 << 40].map { zone.span(at: $0).offset } == [0, 3_600, 3_600, 0, 0])
        #expect(zone.span(at: 150) == TimeZoneRules.Span(start: 100, end: 200, offset: 3_600, previousOffset: 0))
    }

    @Test func changesThatChangeNothingAreLeftOut() throws {
        let file = ZoneFileBytes(changes: [(100, 0), (200, 1), (300, 1)], offsets: [0, 60], footer: "")
        let zone = try #require(TimeZoneRules(identifier: "A", file: file.bytes))
        #expect(zone.span(at: 0).end == 200)
        #expect(zone.span(at: 250).end == TimeZoneRules.maximum)
    }

    /// Last lines, and what they say of the winter and the summer of 2050 (15 January and 15 July), in minutes.
    @Test(arguments: [
        ("JST-9", 540, 540), ("<-0330>3:30", -210, -210), ("EST5EDT,M3.2.0,M11.1.0", -300, -240),
        ("IST-1GMT0,M10.5.0,M3.5.0/1", 0, 60), ("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 660, 630),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -120, -60), ("IST-2IDT,M3.4.4/26,M10.5.0", 120, 180),
        ("EST5EDT,J60/0,J300/0", -300, -240), ("EST5EDT,59,299/2:30:15", -300, -240),
        // Summer all the year round.
        ("EST5EDT,0/0,J365/25", -240, -240),
    ])
    func lastLines(_ line: String, _ winter: Int64, _ summer: Int64) throws {
        let standard = line.hasPrefix("JST") ? 540 * 60 : winter * 60
        let file = ZoneFileBytes(offsets: [Int32(standard)], footer: line)
        let zone = try #require(TimeZoneRules(identifier: "A", file: file.bytes))
        let moments = try ["2050-01-15T12:00:00Z", "2050-07-15T12:00:00Z"].map {
            try CronFixture.milliseconds($0) / 1_000
        }
        #expect(moments.map { zone.span(at: $0).offset / 60 } == [winter, summer])
    }

    /// Each stretch begins where the one before ends, with its offset.
    @Test(arguments: ["America/Toronto", "Europe/Berlin", "Australia/Lord_Howe"])
    func stretchesFollowOneAnother(_ name: String) throws {
        let zone = try CronFixture.zone(name)
        var span = zone.span(at: -1 << 50)
        var count = 0
        while span.end < 10_000_000_000 {
            let next = zone.span(at: span.end)
            #expect(next.start == span.end && next.previousOffset == span.offset && next.offset != span.offset)
            #expect(zone.span(at: span.end - 1) == span)
            span = next
            count += 1
        }
        #expect(count > 500)
    }
}
