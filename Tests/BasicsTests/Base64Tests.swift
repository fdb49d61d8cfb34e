import TestKit
import Testing

@testable import Basics

@Suite(.timeLimit(.minutes(1)))
struct Base64Tests {
    /// RFC 4648, section 10, and one with the two last letters.
    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ])
    func writesAndReads(_ plain: String, _ encoded: String) {
        #expect(Base64.encode(Array(plain.utf8)) == encoded)
        #expect(Base64.decode(encoded) == Array(plain.utf8))
    }

    @Test func usesTheStandardAlphabet() {
        #expect(Base64.encode([0xFB, 0xEF, 0xFF]) == "++//")
        #expect(Base64.decode("++//") == [0xFB, 0xEF, 0xFF])
    }

    @Test(arguments: [
        "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm8", "Zm9v=", "Zm9v====", "=", "==", "===", "====", "Zg==Zg==",
        "Zm9v Zm8=", "Zm9v\n", "Zm-_", "Z=g=", "=Zg=", "Zm9\u{E9}",
    ])
    func refusesWhatItWouldNotWrite(_ text: String) { #expect(Base64.decode(text) == nil) }

    @Test func readsBackWhateverItWrote() {
        var generator = SeededRandom(seed: 11)
        for length in 0...200 {
            let bytes = (0..<length).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
    }

    @Test func writesHexadecimalDigits() { #expect(Hexadecimal.encode([0, 0x9A, 0xFF]) == "009aff") }
}
