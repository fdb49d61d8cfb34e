import Foundation

/// Random secrets from the system's generator.
package enum SecretMaker {
    /// Lower-case hexadecimal digits, two for each random byte.
    package static func hex(byteCount: Int) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let text = bytes(byteCount).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: text, as: UTF8.self)
    }

    /// Random bytes in standard base64, padded.
    package static func base64(byteCount: Int) -> String {
        Data(bytes(byteCount)).base64EncodedString()
    }

    private static func bytes(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
