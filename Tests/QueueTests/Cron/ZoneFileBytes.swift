/// A small zone file, made by hand.
struct ZoneFileBytes {
    var version: UInt8 = 0x32
    /// 32-bit or 64-bit, by version.
    var changes: [(second: Int64, kind: UInt8)] = []
    var offsets: [Int32] = [0]
    var leapSeconds: Int32 = 0
    var footer = "UTC0"

    var bytes: [UInt8] {
        guard version >= 0x32 else { return part(width: 4) }
        return ZoneFileBytes(version: version).part(width: 4) + part(width: 8) + [0x0A] + Array(footer.utf8) + [0x0A]
    }

    private func part(width: Int) -> [UInt8] {
        var bytes = Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15)
        let counts = [0, 0, leapSeconds, Int32(changes.count), Int32(offsets.count), 4]
        for count in counts { bytes += Self.bigEndian(Int64(count), width: 4) }
        for change in changes { bytes += Self.bigEndian(change.second, width: width) }
        bytes += changes.map(\.kind)
        for offset in offsets { bytes += Self.bigEndian(Int64(offset), width: 4) + [0, 0] }
        bytes += Array("ABC\0".utf8)
        return bytes + [UInt8](repeating: 0, count: Int(leapSeconds) * (width + 4))
    }

    private static func bigEndian(_ value: Int64, width: Int) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: value >> Int64($0 * 8)) }
    }
}
