import Testing

@testable import Queue

/// What a pattern may say, and what is answered where it may not.
@Suite(.timeLimit(.minutes(1)))
struct CronPatternTests {
    /// Two ways to say the same.
    private static let pairs: [(String, String)] = [
        ("0 0 * * 7", "0 0 * * 0"), ("0 0 * * SUN", "0 0 * * 0"), ("0 0 * * sAt", "0 0 * * 6"),
        ("0 0 * * 5-7", "0 0 * * 5,6,0"), ("0 0 * * 7-2", "0 0 * * 0,1,2"), ("0 0 * * FRI-MON", "0 0 * * 5,6,0,1"),
        ("0 0 * * 0-7", "0 0 * * 0,1,2,3,4,5,6"), ("0 0 * * 7-7", "0 0 * * 0"), ("0 0 * * 7-0", "0 0 * * 0"),
        ("0 0 * * 0-0", "0 0 * * 0"), ("0 0 * * 7/2", "0 0 * * 0,2,4,6"), ("0 0 * * 7-6/3", "0 0 * * 0,3,6"),
        ("0 0 * * 7L", "0 0 * * 0L"), ("0 0 * * L5", "0 0 * * 5L"), ("0 0 * * friL", "0 0 * * Lfri"),
        ("0 0 * * FRI#3", "0 0 * * 5#3"), ("0 0 * * 7#1", "0 0 * * sun#1"), ("0 0 ? * ?", "0 0 * * *"),
        ("0 0 * jan-MAR,Dec *", "0 0 * 1,2,3,12 *"), ("0 0 * NOV-FEB *", "0 0 * 11,12,1,2 *"),
        ("*/15 * * * *", "0,15,30,45 * * * *"), ("50-10/5 * * * *", "50,55,0,5,10 * * * *"),
        ("5/20 * * * *", "5,25,45 * * * *"), ("10-50/20 * * * *", "10,30,50 * * * *"),
        ("0 22-2 * * *", "0 22,23,0,1,2 * * *"),
        ("0 0 28-3 * *", "0 0 28,29,30,31,1,2,3 * *"), ("007 00 01 * *", "7 0 1 * *"),
        ("0 0 lw,l-3 * *", "0 0 LW,L-3 * *"),
        ("0 0 15w * *", "0 0 15W * *"), (" 0\t0  1 1 * ", "0 0 1 1 *"), ("0 0 0 1 1 *", "0 0 1 1 *"),
        ("@hourly", "0 * * * *"), ("@daily", "0 0 * * *"), ("@midnight", "0 0 * * *"), ("@Weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"), ("@yearly", "0 0 1 1 *"), ("@annually", "0 0 1 1 *"),
    ]

    @Test(arguments: pairs)
    func saysTheSame(_ one: String, _ other: String) throws {
        let (one, other) = (try CronPattern(parsing: one), try CronPattern(parsing: other))
        let start = try CronFixture.milliseconds("2026-01-01T00:00:00Z")
        #expect(one.next(60, after: start, in: .utc) == other.next(60, after: start, in: .utc))
        #expect(one.runsEveryHour == other.runsEveryHour)
    }

    @Test func spacesAreMadeSingleAndOtherwiseThePatternIsKept() throws {
        let pattern = try CronPattern(parsing: "\t*/5   9-17 * jan  MON-fri ")
        #expect(pattern.description == "*/5 9-17 * jan MON-fri")
        #expect(CronPattern(pattern.description) == pattern)
        #expect(CronPattern("* * *") == nil)
    }

    @Test(arguments: [("* * * * *", true), ("5 0-23 * * *", true), ("5 */1 * * *", true), ("5 */2 * * *", false)])
    func anOpenHourIsKnown(_ text: String, _ isOpen: Bool) throws {
        #expect(try CronPattern(parsing: text).runsEveryHour == isOpen)
    }

    private static let minutes = "allowed are 0-59, and lists, ranges and steps of them"
    private static let hours = "allowed are 0-23, and lists, ranges and steps of them"
    private static let days = "allowed are 1-31, L, L-1 to L-30, 1W to 31W, LW, and lists, ranges and steps of them"
    private static let months = "allowed are 1-12 or JAN-DEC, and lists, ranges and steps of them"
    private static let weekdays =
        "allowed are 0-7 or SUN-SAT (0 and 7 are Sunday), 0L to 7L, 0#1 to 7#5, and lists, ranges and steps of them"
    private static let five =
        "a pattern has five (minute, hour, day of month, month, day of week) or six (with seconds in front)"
    private static let nicknames = "there are @annually, @daily, @hourly, @midnight, @monthly, @weekly, @yearly"

    private static let refused: [(String, String)] = [
        ("", "0 fields; \(five)"), ("* * * *", "4 fields; \(five)"), ("* * * * * * *", "7 fields; \(five)"),
        ("@reboot", "'@reboot' is not known; \(nicknames)"), ("@daily 5", "'@daily 5' is not known; \(nicknames)"),
        ("60 * * * *", "minute: '60' is not allowed; \(minutes)"),
        ("60 * * * * *", "second: '60' is not allowed; \(minutes)"),
        ("-5 * * * *", "minute: '-5' is not allowed; \(minutes)"),
        ("1-2-3 * * * *", "minute: '1-2-3' is not allowed; \(minutes)"),
        ("5- * * * *", "minute: '5-' is not allowed; \(minutes)"),
        ("1,,2 * * * *", "minute: '' is not allowed; \(minutes)"),
        ("1, * * * *", "minute: '' is not allowed; \(minutes)"),
        ("+5 * * * *", "minute: '+5' is not allowed; \(minutes)"),
        ("? * * * *", "minute: '?' is not allowed; \(minutes)"),
        ("1.5 * * * *", "minute: '1.5' is not allowed; \(minutes)"),
        ("00000005 * * * *", "minute: '00000005' is not allowed; \(minutes)"),
        ("jan * * * *", "minute: 'jan' is not allowed; \(minutes)"),
        ("*/0 * * * *", "minute: the step '0' is not allowed; a step is 1 to 59"),
        ("*/60 * * * *", "minute: the step '60' is not allowed; a step is 1 to 59"),
        ("*/ * * * *", "minute: the step '' is not allowed; a step is 1 to 59"),
        ("*/5/5 * * * *", "minute: the step '5/5' is not allowed; a step is 1 to 59"),
        ("/5 * * * *", "minute: '/5' is not allowed; \(minutes)"),
        ("*-5 * * * *", "minute: '*-5' is not allowed; \(minutes)"),
        ("0 24 * * *", "hour: '24' is not allowed; \(hours)"),
        ("0 1-24 * * *", "hour: '1-24' is not allowed; \(hours)"),
        ("0 */24 * * *", "hour: the step '24' is not allowed; a step is 1 to 23"),
        ("0 0 0 * *", "day of month: '0' is not allowed; \(days)"),
        ("0 0 32 * *", "day of month: '32' is not allowed; \(days)"),
        ("0 0 L-0 * *", "day of month: 'L-0' is not allowed; L-1 to L-30 count back from the last day"),
        ("0 0 L-31 * *", "day of month: 'L-31' is not allowed; L-1 to L-30 count back from the last day"),
        ("0 0 32W * *", "day of month: '32W' is not allowed; 1W to 31W is the weekday nearest to a day, LW the last"),
        ("0 0 W * *", "day of month: 'W' is not allowed; 1W to 31W is the weekday nearest to a day, LW the last"),
        ("0 0 1-5W * *", "day of month: '1-5W' is not allowed; 1W to 31W is the weekday nearest to a day, LW the last"),
        ("0 0 1,? * *", "day of month: '?' is not allowed; \(days)"),
        ("0 0 * 13 *", "month: '13' is not allowed; \(months)"), ("0 0 * 0 *", "month: '0' is not allowed; \(months)"),
        ("0 0 * january *", "month: 'january' is not allowed; \(months)"),
        ("0 0 * * 8", "day of week: '8' is not allowed; \(weekdays)"),
        ("0 0 * * jan", "day of week: 'jan' is not allowed; \(weekdays)"),
        ("0 0 * * */7", "day of week: the step '7' is not allowed; a step is 1 to 6"),
        ("0 0 * * L", "day of week: 'L' alone is not allowed; write 5L for the last Friday of the month"),
        ("0 0 * * 8L", "day of week: '8L' is not allowed; \(weekdays)"),
        ("0 0 * * 5#0", "day of week: '5#0' is not allowed; 5#2 is the second Friday, and # counts from 1 to 5"),
        ("0 0 * * 5#6", "day of week: '5#6' is not allowed; 5#2 is the second Friday, and # counts from 1 to 5"),
        ("0 0 * * #1", "day of week: '#1' is not allowed; \(weekdays)"),
        ("0 0 * * 1-5#2", "day of week: '1-5#2' is not allowed; \(weekdays)"),
        ("0 0 30 2 *", "day of month: no month of this pattern ever has such a day"),
        ("0 0 31 2,4,6,9,11 *", "day of month: no month of this pattern ever has such a day"),
        ("0 0 L-30 NOV,FEB *", "day of month: no month of this pattern ever has such a day"),
        ("5 * * * *\u{0}", "a pattern has only printable ASCII characters"),
        ("5 * *\n* *", "a pattern has only printable ASCII characters"),
        ("５ * * * *", "a pattern has only printable ASCII characters"),
        (String(repeating: "1,", count: 100) + "1 * * * *", "a pattern has at most 200 bytes"),
    ]

    @Test(arguments: refused)
    func isRefused(_ text: String, _ message: String) throws {
        let error = try #require(throws: QueueError.self) { try CronPattern(parsing: text) }
        #expect(error.code == .invalidPattern)
        #expect(error.message == message)
        #expect(!error.isRetriable)
    }

    @Test(arguments: ["0 0 29 2 *", "0 0 31 2,3 *", "0 0 30 2 1", "0 0 L-28 2 *", "0 0 30W 2 *", "0 0 * 2 1#5"])
    func aRareDateIsAllowed(_ text: String) throws {
        let pattern = try CronPattern(parsing: text)
        let start = try CronFixture.milliseconds("2096-03-01T00:00:00Z")
        #expect(pattern.next(after: start, in: .utc) != nil)
    }

    @Test func theLongestPatternIsRead() throws {
        let text = String(repeating: "0,", count: 95) + "10 0 * * *"
        #expect(text.utf8.count == 200)
        #expect(try CronPattern(parsing: text).next(after: 0, in: .utc) == 600_000)
    }
}
