import Curl
import Testing

struct RetryAfterTests {
    /// 1994-11-06 08:49:37 GMT.
    static let instant: Int64 = 784_111_777_000

    @Test(
        arguments: [
            ("0", 0), ("1", 1_000), ("120", 120_000), ("  120\t", 120_000), ("007", 7_000),
            ("99999999999999999999999999", 2_147_483_647_000), ("Sun, 06 Nov 1994 08:49:47 GMT", 10_000),
            ("Sunday, 06-Nov-94 08:49:47 GMT", 10_000), ("Sun Nov  6 08:49:47 1994", 10_000),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 2_147_483_647_000),
            (" Sun, 06 Nov 1994 08:49:47 GMT ", 10_000),
        ] as [(String, Int64)])
    func delay(_ value: String, _ expected: Int64) {
        #expect(RetryAfter.parse(value, nowMilliseconds: Self.instant) == expected)
    }

    @Test(arguments: [
        "", " ", "-1", "+5", "1.5", "1e3", "12 3", "120s", "0x10", "١٢", "soon", "Sun, 06 Nov 1994 08:49:36 GMT",
        "Sun, 06 Nov 1994 08:49:47 UTC", "Sun, 06 Nov 1994 08:49:47", "Sun, 6 Nov 1994 08:49:47 GMT",
        "Sun, 06 Nov 94 08:49:47 GMT", "Sun, 31 Feb 2094 08:49:47 GMT", "Sun, 06 Nov 2094 24:00:00 GMT",
        "Sun, 06 Nov 2094 08:60:00 GMT", "Sun, 06 Nov 2094 08:49:61 GMT", "Sun, 00 Nov 2094 08:49:47 GMT",
        "Xyz, 06 Nov 2094 08:49:47 GMT", "Sun, 06 Nox 2094 08:49:47 GMT", "Sun, 06 Nov 2094 8:49:47 GMT",
        "Sunday, 06-Nov-2094 08:49:47 GMT", "1994-11-06T08:49:47Z", "\r\n120",
    ])
    func nothing(_ value: String) {
        #expect(RetryAfter.parse(value, nowMilliseconds: Self.instant) == nil)
    }

    @Test(
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600_000),
            ("Thu, 31 Dec 2099 23:59:59 GMT", 4_102_444_799_000), ("Wed, 31 Dec 1969 23:59:59 GMT", -1_000),
            ("Sat, 21 Nov 2026 00:00:00 GMT", 1_795_219_200_000), ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400_000),
            // 2076 is within 50 years of 2026, 2077 is not.
            ("Sunday, 01-Mar-76 00:00:00 GMT", 3_350_246_400_000), ("Sunday, 01-Mar-77 00:00:00 GMT", 226_022_400_000),
            ("Sun Nov 26 08:49:37 1995", 817_375_777_000),
        ] as [(String, Int64)])
    func date(_ text: String, _ expected: Int64) {
        #expect(HTTPDate.parse(text, nowMilliseconds: 1_795_000_000_000) == expected)
    }

    @Test(arguments: [
        "Tue, 29 Feb 2100 00:00:00 GMT", "Tue, 29 Feb 2001 00:00:00 GMT", "Sun, 31 Apr 2000 00:00:00 GMT",
    ])
    func noSuchDay(_ text: String) {
        #expect(HTTPDate.parse(text, nowMilliseconds: 0) == nil)
    }
}
