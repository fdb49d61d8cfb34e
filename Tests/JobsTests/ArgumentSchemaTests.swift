import Basics
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct ArgumentSchemaTests {
    private static let schema: ArgumentSchema = .object(
        [
            .required("kind", .choice(["a", "b"]), "Which."), .required("id", .name),
            .optional("count", .integer(1...9)),
            .optional("note", .text(maximumBytes: 4)), .optional("at", .time), .optional("flag", .boolean),
            .optional("list", .list(.integer(0...1), maximumCount: 2)), .optional("any", .anything),
            .optional("more", .object([], allowsOthers: true)), .optional("none/~", .object([], allowsOthers: false)),
        ], allowsOthers: false)

    private func pointers(_ text: String) throws -> [String] {
        Self.schema.problems(of: try JSONParser.parse(Array(text.utf8)), at: "/args").map(\.pointer)
    }

    @Test(arguments: [
        #"{"kind":"a","id":"x"}"#, #"{"kind":"b","id":"é","count":9,"note":"","at":"2026-01-31T12:00:00Z"}"#,
        #"{"kind":"a","id":"x","count":null,"note":null,"at":null,"flag":null,"list":null,"more":null}"#,
        #"{"kind":"a","id":"x","flag":false,"list":[0,1],"any":[{}],"more":{"x":1},"none/~":{}}"#,
    ])
    func accepts(text: String) throws {
        #expect(try pointers(text) == [])
    }

    @Test(arguments: [
        ("7", ["/args"]), ("[]", ["/args"]), ("{}", ["/args/kind", "/args/id"]),
        (#"{"kind":null,"id":null}"#, ["/args/kind", "/args/id"]),
        (#"{"kind":"c","id":""}"#, ["/args/kind", "/args/id"]),
        (#"{"kind":"a","id":7}"#, ["/args/id"]), (#"{"kind":"a","id":"x","count":0}"#, ["/args/count"]),
        (#"{"kind":"a","id":"x","count":1.5}"#, ["/args/count"]),
        (#"{"kind":"a","id":"x","count":"1"}"#, ["/args/count"]),
        (#"{"kind":"a","id":"x","note":"12345"}"#, ["/args/note"]),
        (#"{"kind":"a","id":"x","note":1}"#, ["/args/note"]),
        (#"{"kind":"a","id":"x","at":"soon"}"#, ["/args/at"]), (#"{"kind":"a","id":"x","flag":0}"#, ["/args/flag"]),
        (#"{"kind":"a","id":"x","list":[0,2]}"#, ["/args/list/1"]),
        (#"{"kind":"a","id":"x","list":[0,0,0]}"#, ["/args/list"]),
        (#"{"kind":"a","id":"x","list":{}}"#, ["/args/list"]), (#"{"kind":"a","id":"x","other":1}"#, ["/args/other"]),
        (#"{"kind":"a","id":"x","none/~":{"a/b":1}}"#, ["/args/none~1~0/a~1b"]),
    ])
    func refuses(text: String, expected: [String]) throws {
        #expect(try pointers(text) == expected)
    }

    @Test func showsItself() throws {
        var writer = JSONWriter()
        Self.schema.write(to: &writer)
        #expect(
            String(decoding: writer.bytes, as: UTF8.self) == """
                {"type":"object","properties":{"kind":{"type":"string","description":"Which.","enum":["a","b"]},\
                "id":{"type":"string","minLength":1,"maxLength":255},\
                "count":{"type":["integer","null"],"minimum":1,"maximum":9},\
                "note":{"type":["string","null"],"maxLength":4},"at":{"type":["string","null"],"format":"date-time"},\
                "flag":{"type":["boolean","null"]},"list":{"type":["array","null"],"maxItems":2,\
                "items":{"type":"integer","minimum":0,"maximum":1}},"any":{},\
                "more":{"type":["object","null"],"properties":{},"additionalProperties":true},\
                "none/~":{"type":["object","null"],"properties":{},"additionalProperties":false}},\
                "required":["kind","id"],"additionalProperties":false}
                """)
    }
}
