internal import Crypto

/// Ids that the peers make.
enum PeerID {
    /// A random version-4 UUID.
    static func random() -> String {
        format((0..<16).map { _ in UInt8.random(in: 0...255) }, version: 4)
    }

    /// The same for the same text, in the form of a version-5 UUID.
    static func derived(_ text: String) -> String {
        format(Array(SHA256.hash(data: Array(text.utf8)).prefix(16)), version: 5)
    }

    /// Whether Twenty takes it: versions 1 to 5 of the usual variant.
    static func isAccepted(_ text: String) -> Bool {
        let characters = Array(text.utf8)
        guard characters.count == 36 else { return false }
        for (index, byte) in characters.enumerated() {
            let isHyphen = byte == UInt8(ascii: "-")
            guard isHyphen == [8, 13, 18, 23].contains(index) else { return false }
            guard isHyphen || Character(Unicode.Scalar(byte)).isHexDigit else { return false }
        }
        let variant = characters[19] | 0x20
        return (UInt8(ascii: "1")...UInt8(ascii: "5")).contains(characters[14])
            && [UInt8(ascii: "8"), UInt8(ascii: "9"), UInt8(ascii: "a"), UInt8(ascii: "b")].contains(variant)
    }

    private static func format(_ raw: [UInt8], version: UInt8) -> String {
        var bytes = raw
        bytes[6] = bytes[6] & 0x0F | version << 4
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text += [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: text, as: UTF8.self)
    }
}
