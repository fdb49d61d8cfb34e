// The files are those of RFC 8536 ("TZif"): a header, the changes with 32-bit times, and from version 2 on the same with
// 64-bit times and a last line. Of the first part only the length is read where there is a second.

import FoundationEssentials

extension TimeZoneRules {
    /// Where systems keep their zones.
    public static let systemDirectory = "/usr/share/zoneinfo"
    /// No zone's file is larger.
    private static let maximumFileBytes = 262_144

    /// The zone of a name such as `America/Toronto`. Reads one file; `UTC` needs none.
    ///
    /// - Throws: ``QueueError/Code/invalidTimeZone``, whose message names the zone, when there is no such zone or its file
    ///   is damaged. A name never leads out of the directory.
    public init(named name: String, directory: String = systemDirectory) throws(QueueError) {
        if name == "UTC" || name == "Etc/UTC" {
            self = .utc
            return
        }
        guard Self.isName(name) else {
            let start = String(name.prefix(64)).debugDescription
            throw QueueError(
                .invalidTimeZone, "\(start) is no name of a time zone; names are like America/Toronto, or UTC")
        }
        guard let data = FileManager.default.contents(atPath: "\(directory)/\(name)") else {
            throw QueueError(
                .invalidTimeZone,
                "there is no time zone '\(name)' in \(directory), where the package tzdata keeps them")
        }
        guard data.count <= Self.maximumFileBytes, let zone = Self(identifier: name, file: Array(data)) else {
            throw QueueError(
                .invalidTimeZone, "the file of time zone '\(name)' in \(directory) is damaged or counts leap seconds")
        }
        self = zone
    }

    /// Reads a zone file; nil when it is none, is damaged, or counts leap seconds.
    public init?(identifier: String, file bytes: [UInt8]) {
        var reader = ZoneFileReader(bytes: bytes)
        guard var counts = reader.header() else { return nil }
        var width = 4
        if counts.version >= 2 {
            guard reader.skip(counts.byteCount(width: 4)), let second = reader.header() else { return nil }
            counts = second
            width = 8
        }
        guard counts.leaps == 0, counts.types > 0, let changes = reader.changes(counts, width: width)
        else { return nil }
        var rule: YearlyZoneRule?
        if width == 8 {
            guard let line = reader.footer() else { return nil }
            switch line.isEmpty ? .fixed : ZoneFooter(line) {
            case .yearly(let yearly): rule = yearly
            case .fixed: break
            case nil: return nil
            }
        }
        self.init(identifier: identifier, changes: changes.list, firstOffset: changes.first, rule: rule)
    }

    /// Letters, digits and `_+-`, in parts that a slash separates: nothing that leaves the directory.
    private static func isName(_ name: String) -> Bool {
        guard (1...64).contains(name.utf8.count) else { return false }
        return name.split(separator: "/", omittingEmptySubsequences: false).allSatisfy { part in
            !part.isEmpty
                && part.utf8.allSatisfy { byte in
                    switch byte {
                    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                        UInt8(ascii: "0")...UInt8(ascii: "9"):
                        true
                    case UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"): true
                    default: false
                    }
                }
        }
    }
}

/// Reads a zone file from front to back; nil when it ends too early or says what cannot be.
private struct ZoneFileReader {
    struct Counts {
        var version: Int
        var universalFlags, standardFlags, leaps, times, types, characters: Int

        func byteCount(width: Int) -> Int {
            times * (width + 1) + types * 6 + characters + leaps * (width + 4) + standardFlags + universalFlags
        }
    }

    let bytes: [UInt8]
    private var index = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func header() -> Counts? {
        guard bytes.count - index >= 44, bytes[index..<index + 4].elementsEqual("TZif".utf8) else { return nil }
        let version = bytes[index + 4] == 0 ? 1 : Int(bytes[index + 4]) - 0x30
        index += 20
        let numbers = (0..<6).map { _ in Int(integer(width: 4)) }
        guard numbers.allSatisfy({ (0...65_536).contains($0) }) else { return nil }
        return Counts(
            version: version, universalFlags: numbers[0], standardFlags: numbers[1], leaps: numbers[2],
            times: numbers[3], types: numbers[4], characters: numbers[5])
    }

    mutating func skip(_ count: Int) -> Bool {
        guard bytes.count - index >= count else { return false }
        index += count
        return true
    }

    mutating func changes(_ counts: Counts, width: Int) -> (list: [(start: Int64, offset: Int64)], first: Int64)? {
        guard bytes.count - index >= counts.byteCount(width: width) else { return nil }
        let end = index + counts.byteCount(width: width)
        let times = (0..<counts.times).map { _ in integer(width: width) }
        let kinds = (0..<counts.times).map { _ in integer(width: 1) }
        let offsets = (0..<counts.types).map { _ in
            let offset = integer(width: 4)
            index += 2
            return offset
        }
        index = end
        guard kinds.allSatisfy({ (0..<Int64(counts.types)).contains($0) }),
            times.allSatisfy({ (TimeZoneRules.minimum...TimeZoneRules.maximum).contains($0) }),
            offsets.allSatisfy({ abs($0) <= 26 * 3_600 }), zip(times, times.dropFirst()).allSatisfy({ $0 < $1 })
        else { return nil }
        return (zip(times, kinds).map { ($0, offsets[Int($1)]) }, offsets[0])
    }

    /// What stands between the two line ends after the second part.
    mutating func footer() -> [UInt8]? {
        guard index < bytes.count, bytes[index] == 0x0A, let end = bytes[(index + 1)...].firstIndex(of: 0x0A)
        else { return nil }
        return Array(bytes[(index + 1)..<end])
    }

    /// A signed big-endian number; the caller has checked that it is there.
    private mutating func integer(width: Int) -> Int64 {
        var value = Int64(Int8(bitPattern: bytes[index]))
        for byte in bytes[(index + 1)..<(index + width)] { value = value << 8 | Int64(byte) }
        index += width
        return value
    }
}
