import Crypto

/// Short names for what requests hold, to recognise it when it comes again.
enum RequestDigest {
    /// 32 hexadecimal digits of these bytes.
    static func of(_ bytes: [UInt8]) -> String { hexadecimal(SHA256.hash(data: bytes).prefix(16)) }

    /// 32 hexadecimal digits of these parts; where one ends and the next begins matters.
    static func of(_ parts: String...) -> String {
        var hash = SHA256()
        for part in parts {
            hash.update(data: Array("\(part.utf8.count):\(part)".utf8))
        }
        return hexadecimal(hash.finalize().prefix(16))
    }

    private static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
