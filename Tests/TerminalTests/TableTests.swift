import Testing

@testable import Terminal

struct TableTests {
    private func table(_ rows: [[String]]) -> Table {
        Table([.text("NAME"), .number("COUNT"), .sentence("REASON")], rows: rows)
    }

    @Test func columnsStandUnderEachOther() {
        #expect(
            table([["a", "1", "short"], ["longer", "12345678", ""]]).lines() == [
                "NAME       COUNT  REASON", "a              1  short", "longer  12345678  -",
            ])
    }

    @Test func withoutRowsThereIsTheHeading() {
        #expect(table([]).lines() == ["NAME  COUNT  REASON"])
    }

    @Test func aNarrowScreenCutsSentencesOnly() {
        let rows = [["a", "1", "a reason that is quite long"], ["b", "2", "short"]]
        #expect(
            table(rows).lines(width: 30) == [
                "NAME  COUNT  REASON", "a         1  a reason that is…", "b         2  short",
            ])
        // Never narrower than twelve, whatever the screen.
        #expect(table(rows).lines(width: 5)[1] == "a         1  a reason th…")
        #expect(table(rows).lines(width: 400) == table(rows).lines())
    }

    @Test func whatCameFromOutsideCannotMoveTheCursor() {
        #expect(
            table([["a\u{1B}[2J", "1", "two\nlines\t\u{202E}x"]]).lines()[1]
                == "a\\u{1b}[2J      1  two\\nlines\\t\\u{202e}x")
    }

    @Test func wideCharactersTakeTwoColumns() {
        #expect(
            table([["日本", "1", "x"], ["é", "2", "y"]]).lines() == [
                "NAME  COUNT  REASON", "日本      1  x", "é         2  y",
            ])
        #expect(TextWidth.columns(of: "e\u{301}") == 1)
        #expect(TextWidth.cut("日本語", to: 5) == "日本…" && TextWidth.cut("日本語", to: 4) == "日…")
        #expect(
            TextWidth.cut("abc", to: 3) == "abc" && TextWidth.cut("abcd", to: 3) == "ab…"
                && TextWidth.cut("a", to: 0) == "")
    }

    @Test(arguments: [
        (-1.0, "0 s"), (0, "0 s"), (0.04, "0 s"), (1.55, "1.5 s"), (9.99, "9.9 s"), (10, "10 s"), (119.9, "119 s"),
        (120, "2 min"), (7_199, "119 min"), (7_200, "2 h"), (172_799, "47 h"), (172_800, "2 d"), (1e13, "for ever"),
        (.infinity, "for ever"),
    ])
    func lengths(seconds: Double, text: String) {
        #expect(HumanTime.length(seconds: seconds) == text)
    }

    @Test func agesAndTimes() {
        let now: Int64 = 1_767_225_600_000
        #expect(HumanTime.age(of: "2025-12-31T23:57:00.000Z", nowMilliseconds: now) == "3 min ago")
        #expect(HumanTime.age(of: "2026-01-01T00:00:05.000Z", nowMilliseconds: now) == "in 5 s")
        #expect(
            HumanTime.age(of: nil, nowMilliseconds: now) == "" && HumanTime.age(of: "x", nowMilliseconds: now) == "")
        #expect(HumanTime.time("2025-12-31T23:57:00.123Z") == "2025-12-31T23:57:00Z" && HumanTime.time(nil) == "")
    }
}
