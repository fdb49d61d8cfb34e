import Foundation
import TestKit
import Testing

@testable import Basics

@Suite(.timeLimit(.minutes(1)))
struct JSONParserTests {
    @Test(arguments: [
        "null", "true", " false ", "0", "-0", "-0.0", "1e5", "1E+5", "1e-400", "0.5", "-12.25e2", "9007199254740992",
        "-9007199254740992", "1e300", "1.7976931348623157e308", "\"\"", "\"a\\/b\\\"c\\\\\\b\\f\\n\\r\\t\"",
        "\"\\u00e9\"",
        "\"\\uD83D\\uDE00\"", "\"\u{7f}\"", "\"é😀\"", "[]", "[ ]", "[1,2 , 3]", "{}", "{ }", "{\"\":0}",
        "{\"a\":{\"b\":[{}]}}", "[[[[]]]]", "\t\n\r [1]\n", "\"\\ud7ff\\ue000\\uffff\"", "{\"é\":1,\"e\u{301}\":2}",
        "[1.0000000000000000000000000000001]",
    ])
    func accepts(_ text: String) throws {
        let value = try JSONParser.parse(Array(text.utf8))
        let again = try JSONParser.parse(value.encoded())
        #expect(again == value)
        let peer = try JSONSerialization.jsonObject(with: Data(value.encoded()), options: .fragmentsAllowed)
        #expect(Self.matches(value, peer))
    }

    @Test(arguments: [
        ("", JSONError.Code.unexpectedEnd), (" ", .unexpectedEnd), ("[", .unexpectedEnd), ("[1", .unexpectedEnd),
        ("[1,", .unexpectedEnd), ("{", .unexpectedEnd), ("{\"a\"", .unexpectedEnd), ("{\"a\":", .unexpectedEnd),
        ("{\"a\":1", .unexpectedEnd), ("\"abc", .unexpectedEnd), ("\"abc\\", .unexpectedEnd), ("tru", .unexpectedEnd),
        ("\"\\u12", .unexpectedEnd), ("-", .unexpectedEnd), ("1.", .unexpectedEnd), ("1e", .unexpectedEnd),
        ("1e+", .unexpectedEnd), ("hello", .unexpectedByte), ("'a'", .unexpectedByte), ("True", .unexpectedByte),
        ("nul1", .unexpectedByte), ("[1 2]", .unexpectedByte), ("[1,]", .unexpectedByte), ("[,1]", .unexpectedByte),
        ("{\"a\" 1}", .unexpectedByte), ("{a:1}", .unexpectedByte), ("{\"a\":1,}", .unexpectedByte),
        ("{1:1}", .unexpectedByte), ("NaN", .unexpectedByte), ("Infinity", .unexpectedByte), ("+1", .unexpectedByte),
        (".5", .unexpectedByte), ("\u{feff}1", .unexpectedByte), ("// c\n1", .unexpectedByte), ("[1}", .unexpectedByte),
        ("\u{a0}1", .unexpectedByte), ("1 1", .trailingBytes), ("{}{}", .trailingBytes), ("[]]", .trailingBytes),
        ("1\0", .trailingBytes), ("01", .invalidNumber), ("-01", .invalidNumber), ("-a", .invalidNumber),
        ("1.e5", .invalidNumber), ("1.a", .invalidNumber), ("1ea", .invalidNumber), ("0x1", .trailingBytes),
        ("\"\\x\"", .invalidEscape), ("\"\\u12g4\"", .invalidEscape), ("\"\\U0041\"", .invalidEscape),
        ("\"\\uD800\"", .loneSurrogate), ("\"\\uDC00\"", .loneSurrogate), ("\"\\uD800\\u0041\"", .loneSurrogate),
        ("\"\\uD800x\"", .loneSurrogate), ("\"\\uD800\\n\"", .loneSurrogate), ("\"\\uD800\\uD800\"", .loneSurrogate),
        ("\"a\nb\"", .controlCharacter), ("\"a\0b\"", .controlCharacter), ("\"\u{1f}\"", .controlCharacter),
        ("\"\\n\u{1}\"", .controlCharacter), ("{\"a\":1,\"a\":2}", .duplicateKey),
        ("{\"a\":1,\"\\u0061\":2}", .duplicateKey),
    ])
    func refusesAsMalformed(_ text: String, _ code: JSONError.Code) throws {
        let error = try #require(throws: JSONError.self) { try JSONParser.parse(Array(text.utf8)) }
        #expect(error.code == code)
        #expect(error.isMalformed)
        #expect(error.problems.count == 1)
        #expect(error.byteOffset <= text.utf8.count)
    }

    @Test(
        arguments: [
            [0xFF], [0xC3], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80],
            [0xF0, 0x80, 0x80, 0xAF], [0xF5, 0x80, 0x80, 0x80], [0xC3, 0x28],
        ] as [[UInt8]])
    func refusesInvalidUTF8(_ bytes: [UInt8]) throws {
        for prefix in ["", "\\n"] {
            let document = Array("{\"k\":\"".utf8) + prefix.utf8 + bytes + Array("\"}".utf8)
            let error = try #require(throws: JSONError.self) { try JSONParser.parse(document) }
            #expect(error.code == .invalidUTF8)
            #expect(error.pointer == "/k")
        }
        #expect(throws: JSONError.self) { try JSONParser.parse(bytes) }
    }

    @Test(arguments: [
        (#"{"a":["x",{"b/c~":"n\u0000"}]}"#, JSONError.Code.nulCharacter, "/a/1/b~1c~0"),
        (#"{"x":{"k\u0000":1}}"#, .nulCharacter, "/x/k\0"),
        ("[9007199254740993]", .numberOutOfRange, "/0"), ("-9007199254740993", .numberOutOfRange, ""),
        ("[0,100000000000000000000000000000]", .numberOutOfRange, "/1"), ("[1e309]", .numberOutOfRange, "/0"),
        ("[-1E+999999]", .numberOutOfRange, "/0"),
    ])
    func refusesValuesOfWholeDocuments(_ text: String, _ code: JSONError.Code, _ pointer: String) throws {
        let error = try #require(throws: JSONError.self) { try JSONParser.parse(Array(text.utf8)) }
        #expect(error.code == code)
        #expect(!error.isMalformed)
        #expect(error.pointer == pointer)
    }

    @Test func collectsRefusedValuesAndPrefersMalformed() throws {
        let text = #"{"a":9007199254740993,"b":[1,"\u0000"],"c":1e999}"#
        let error = try #require(throws: JSONError.self) { try JSONParser.parse(Array(text.utf8)) }
        #expect(error.problems.map(\.pointer) == ["/a", "/b/1", "/c"])
        let broken = try #require(throws: JSONError.self) { try JSONParser.parse(Array((text.dropLast() + "]").utf8)) }
        #expect(broken.isMalformed)
        let long = try #require(throws: JSONError.self) {
            try JSONParser.parse(Array(("[0." + String(repeating: "1", count: 500) + "]").utf8))
        }
        #expect(long.code == .numberOutOfRange)
    }

    @Test func keepsLimits() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array(repeating: UInt8(ascii: "["), count: depth) + Array(repeating: UInt8(ascii: "]"), count: depth)
        }
        _ = try JSONParser.parse(nested(64))
        let deep = try #require(throws: JSONError.self) { try JSONParser.parse(nested(65)) }
        #expect(deep.code == .tooDeep && deep.isMalformed)
        #expect(deep.pointer == String(repeating: "/0", count: 64))
        let bomb = Array(repeating: UInt8(ascii: "["), count: 900_000)
        #expect(throws: JSONError.self) { try JSONParser.parse(bomb) }
        let many = Array(("[" + String(repeating: "1,", count: 20) + "1]").utf8)
        _ = try JSONParser.parse(many, limits: JSONLimits(values: 22))
        let crowded = try #require(throws: JSONError.self) {
            try JSONParser.parse(many, limits: JSONLimits(values: 21))
        }
        #expect(crowded.code == .tooManyValues)
        let long = try #require(throws: JSONError.self) { try JSONParser.parse(many, limits: JSONLimits(bytes: 10)) }
        #expect(long.code == .tooLong)
    }

    @Test func findsDuplicatesAmongManyKeys() throws {
        let keys = (0..<500).map { "\"key\($0)\":\($0)" }
        _ = try JSONParser.parse(Array("{\(keys.joined(separator: ","))}".utf8))
        for position in [0, 15, 16, 499] {
            let text = "{\((keys + ["\"key\(position)\":0"]).joined(separator: ","))}"
            let error = try #require(throws: JSONError.self) { try JSONParser.parse(Array(text.utf8)) }
            #expect(error.code == .duplicateKey && error.pointer == "/key\(position)")
        }
    }

    @Test func keepsNumberTextAndKeyOrder() throws {
        let text = #"{"z":1.50,"a":-0.0,"m":[1E5,12345678901234.10]}"#
        let value = try JSONParser.parse(Array(text.utf8))
        #expect(String(decoding: value.encoded(), as: UTF8.self) == text)
        let sorted = #"{"a":-0.0,"m":[1E5,12345678901234.10],"z":1.50}"#
        #expect(String(decoding: value.canonical(), as: UTF8.self) == sorted)
    }

    /// Random documents: ours and Foundation's reader agree, and a random cut or changed byte never traps.
    @Test(arguments: 0..<40)
    func agreesWithFoundation(_ seed: Int) throws {
        var random = SeededRandom(seed: UInt64(seed) + 1)
        for _ in 0..<50 {
            let value = Self.randomValue(depth: 0, &random)
            let bytes = value.encoded()
            let parsed = try JSONParser.parse(bytes)
            let isSame = parsed == value
            #expect(isSame)
            let peer = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
            let agrees = Self.matches(parsed, peer)
            #expect(agrees)
            let pretty = try JSONSerialization.data(withJSONObject: peer, options: [.fragmentsAllowed, .prettyPrinted])
            let agreesWhenPretty = Self.matches(try JSONParser.parse(Array(pretty)), peer)
            #expect(agreesWhenPretty)
            for _ in 0..<10 {
                var broken = bytes
                broken[Int.random(in: 0..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
                broken.removeLast(Int.random(in: 0..<2, using: &random))
                if let survivor = try? JSONParser.parse(broken) {
                    #expect((try? JSONSerialization.jsonObject(with: Data(broken), options: .fragmentsAllowed)) != nil)
                    #expect(try JSONParser.parse(survivor.encoded()) == survivor)
                }
            }
        }
    }

    static func matches(_ value: JSONValue, _ peer: Any) -> Bool {
        switch value {
        case .null: return peer is NSNull
        case .bool(let flag): return (peer as? Bool) == flag
        case .number(let text):
            // Foundation goes through its decimal type, which may be off by the last bit.
            guard let number = (peer as? NSNumber)?.doubleValue, let own = Double(text) else { return false }
            return abs(number - own) <= abs(own) * 1e-14
        case .string(let text): return (peer as? String).map { $0.utf8.elementsEqual(text.utf8) } ?? false
        case .array(let items):
            guard let peers = peer as? [Any], peers.count == items.count else { return false }
            return zip(items, peers).allSatisfy { matches($0, $1) }
        case .object(let object):
            guard let peers = peer as? [String: Any] else { return false }
            let isCanonicalTwin = Set(object.members.map(\.key)).count < object.members.count
            guard isCanonicalTwin || peers.count == object.members.count else { return false }
            return isCanonicalTwin || object.members.allSatisfy { matches($0.value, peers[$0.key] ?? NSNull()) }
        }
    }

    static func randomValue(depth: Int, _ random: inout SeededRandom) -> JSONValue {
        switch Int.random(in: 0..<(depth > 4 ? 5 : 7), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .number(String(Int64.random(in: -9_007_199_254_740_992...9_007_199_254_740_992, using: &random)))
        case 3: return .number("\(Double.random(in: -1e6...1e6, using: &random))")
        case 4: return .string(randomText(&random))
        case 5:
            return .array(
                (0..<Int.random(in: 0..<6, using: &random)).map { _ in randomValue(depth: depth + 1, &random) })
        default:
            let members = (0..<Int.random(in: 0..<20, using: &random)).map {
                JSONObject.Member(key: "\($0)" + randomText(&random), value: randomValue(depth: depth + 1, &random))
            }
            return .object(JSONObject(members: members))
        }
    }

    static func randomText(_ random: inout SeededRandom) -> String {
        let pool: [Unicode.Scalar] = [
            "a", "b", "\"", "\\", "/", "\n", "\u{1}", "\u{1f}", "é", "\u{301}", "😀", "中", "~", "\u{7f}", "\u{2028}",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0..<24, using: &random) {
            text.unicodeScalars.append(pool.randomElement(using: &random) ?? "a")
        }
        return text
    }
}
