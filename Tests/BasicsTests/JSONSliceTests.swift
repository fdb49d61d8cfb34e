import TestKit
import Testing

@testable import Basics

@Suite(.timeLimit(.minutes(1)))
struct JSONSliceTests {
    private func slice(_ key: String, _ text: String) throws -> String? {
        try JSONParser.slice(of: key, in: Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test(arguments: [
        (#"{"a":1,"args":{"b" : [1, 2.50]} ,"c":2}"#, #"{"b" : [1, 2.50]}"#),
        (#" { "args" : "x\u0041" } "#, #""x\u0041""#), (#"{"args":null}"#, "null"), (#"{"a\u0072gs":7}"#, "7"),
        (#"{"a":{"args":1}}"#, nil), ("{}", nil), ("[1]", nil), ("7", nil), (#"{"x":"args"}"#, nil),
        ("{\"args\":\t{\n}\n}", "{\n}"),
    ])
    func isTheVeryBytes(text: String, expected: String?) throws {
        #expect(try slice("args", text) == expected)
    }

    @Test(arguments: ["", #"{"a"#, #"{"a" 1}"#, #"{"args":tru}"#, #"{"args":[1,}"#])
    func aMalformedDocumentIsAnError(text: String) {
        #expect(throws: JSONError.self) { try slice("args", text) }
    }

    @Test func tooLongIsAnError() {
        #expect(throws: JSONError.self) {
            try JSONParser.slice(of: "a", in: Array(#"{"a":1}"#.utf8), limits: JSONLimits(bytes: 3))
        }
    }

    /// Whatever the document, each member's slice parses to that member.
    @Test func agreesWithTheParserOnRandomObjects() throws {
        let seed = UInt64.random(in: 0...(.max))
        print("seed \(seed)")
        var random = SeededRandom(seed: seed)
        for _ in 0..<300 {
            let members = (0..<Int.random(in: 0...6, using: &random)).map { index in
                JSONObject.Member(key: "k\(index)\"\\", value: Self.value(depth: 0, &random))
            }
            let bytes = JSONValue.object(JSONObject(members: members)).encoded()
            for member in members {
                let slice = try #require(try JSONParser.slice(of: member.key, in: bytes))
                #expect(try JSONParser.parse(slice) == member.value, "seed \(seed)")
            }
        }
    }

    private static func value(depth: Int, _ random: inout SeededRandom) -> JSONValue {
        switch Int.random(in: 0...(depth > 3 ? 3 : 5), using: &random) {
        case 0: .null
        case 1: .bool(Bool.random(using: &random))
        case 2: .number("\(Int.random(in: -1_000...1_000, using: &random))")
        case 3: .string(["", "}", "\"", "\\", "{\"a\":[", "é\n"].randomElement(using: &random) ?? "")
        case 4: .array((0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth: depth + 1, &random) })
        default:
            .object(
                JSONObject(
                    members: (0..<Int.random(in: 0...3, using: &random)).map {
                        .init(key: "\($0)", value: value(depth: depth + 1, &random))
                    }))
        }
    }
}
