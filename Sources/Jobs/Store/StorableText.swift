/// Text as Postgres can keep it.
enum StorableText {
    /// The text with NUL characters replaced, cut to so many bytes.
    static func make(_ text: String, maximumBytes: Int) -> String {
        let utf8 = text.utf8
        let count = utf8.count
        guard count > maximumBytes || holdsNUL(utf8) else { return text }
        var bytes = Array(utf8.prefix(maximumBytes + 1))
        if count > maximumBytes {
            // A character that the cut would go through is dropped whole.
            var end = maximumBytes
            while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }
            bytes.removeSubrange(end...)
        }
        return String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: "?") : $0 }, as: UTF8.self)
    }

    private static func holdsNUL(_ utf8: String.UTF8View) -> Bool {
        unsafe utf8.withContiguousStorageIfAvailable { unsafe $0.contains(0) } ?? utf8.contains(0)
    }
}
