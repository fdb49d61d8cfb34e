internal import Basics
internal import Logging

extension LogLine {
    func textBytes() -> [UInt8] {
        let name = level.rawValue.uppercased()
        let levelColumn = name + String(repeating: " ", count: max(0, 8 - name.count))
        var text = "\(Timestamp(milliseconds: timeMilliseconds).iso8601) \(levelColumn) \(OneLine.escape(label)): "
        text += OneLine.escape(message)
        if let error { text += " error=" + Self.shown(error) }
        for (key, value) in flatMetadata {
            text += " " + Self.shown(key) + "=" + Self.shown(Self.text(value))
        }
        var bytes = Array(text.utf8)
        if bytes.count >= DescriptorWriter.maximumLineBytes { bytes = Self.cut(bytes) }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    /// Quoted only where a reader could not see where a value ends.
    private static func shown(_ text: String) -> String {
        let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") }
        guard !isPlain else { return OneLine.escape(text) }
        return "\""
            + OneLine.escape(
                text.split(separator: "\"", omittingEmptySubsequences: false)
                    .joined(separator: "\\\"")) + "\""
    }

    private static func cut(_ bytes: [UInt8]) -> [UInt8] {
        var kept = bytes.prefix(DescriptorWriter.maximumLineBytes - 4)
        // A cut inside a scalar takes the whole scalar away.
        while let last = kept.last, last & 0xC0 == 0x80 { kept.removeLast() }
        if let last = kept.last, last >= 0xC0 { kept.removeLast() }
        return kept + Array("…".utf8)
    }
}
