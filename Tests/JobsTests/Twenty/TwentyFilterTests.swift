import Testing

@testable import Jobs

@Suite struct TwentyFilterTests {
    @Test func isWrittenByTheGrammar() throws {
        #expect(
            try TwentyFilter.compare("updatedAt", .gte, "2026-01-01T00:00:00.000Z").text
                == #"updatedAt[gte]:"2026-01-01T00:00:00.000Z""#)
        let any = TwentyFilter.or([
            try .isIn("emails.primaryEmail", ["a@b.c", "d+e@b.c"]), .not(try .isNull("deletedAt")),
        ])
        #expect(any.text == #"or(emails.primaryEmail[in]:["a@b.c","d+e@b.c"],not(deletedAt[is]:NULL))"#)
        #expect(TwentyFilter.and([try .isNull("deletedAt", false)]).text == "deletedAt[is]:NOT_NULL")
    }

    /// Each of these would be read as something else.
    @Test(arguments: [
        #"a"b"#, "O'Brien", "a(b", "a)b", "a[b", "a]b", "a{b", "a}b", "a`b", #"a\b"#, "a\nb", "", " a", "a ", "a\u{7F}",
        #"x",id[is]:NOT_NULL"#, String(repeating: "x", count: 1_001),
    ])
    func aValueThatIsReadAsSomethingElseIsRefused(value: String) {
        #expect(throws: TwentyFilter.Fault.self) { try TwentyFilter.compare("name", .eq, value) }
        #expect(throws: TwentyFilter.Fault.self) { try TwentyFilter.isIn("name", ["fine", value]) }
        #expect(!TwentyFilter.canHold(value))
    }

    @Test func aCommaIsRefusedInListsOnly() throws {
        #expect(try TwentyFilter.compare("name", .eq, "a,b").text == #"name[eq]:"a,b""#)
        #expect(throws: TwentyFilter.Fault.self) { try TwentyFilter.isIn("name", ["a,b"]) }
        #expect(throws: TwentyFilter.Fault.self) { try TwentyFilter.isIn("name", []) }
    }

    @Test(arguments: ["", "a.b.c", ".a", "a.", "a b", "a[eq]", "1a", "a,b", "näme"])
    func aFieldIsAName(field: String) {
        #expect(throws: TwentyFilter.Fault.self) { try TwentyFilter.compare(field, .eq, "x") }
    }
}
