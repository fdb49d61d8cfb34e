import Basics
import Configuration
import Program
import Testing

@Suite(.timeLimit(.minutes(1)))
struct SettingsTests {
    private enum Colour: String, CaseIterable { case red, green }

    private func settings(_ value: String?) -> Settings {
        Settings(environment: value.map { ["NAME": $0] } ?? [:])
    }

    /// The one line of the error that `body` throws.
    private func line(_ body: () throws(ProgramError) -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            #expect(error.exitCode == .configuration)
            #expect(!error.message.contains("\n"))
            return error.message
        }
    }

    @Test(arguments: [(nil, 5), ("", 5), ("1", 1), ("9", 9), (" 7 ", 7), ("+3", 3), ("007", 7)])
    func acceptsWholeNumbers(_ text: String?, expected: Int) throws {
        #expect(try settings(text).integer("NAME", default: 5, in: 1...9) == expected)
    }

    @Test(arguments: ["0", "10", "-1", "abc", "1.0", "1 2", "0x1", "99999999999999999999", "\u{0661}"])
    func refusesOtherNumbers(_ text: String) {
        let line = line { () throws(ProgramError) in _ = try settings(text).integer("NAME", default: 5, in: 1...9) }
        #expect(line == "NAME=\(text): expected a whole number from 1 to 9")
    }

    @Test
    func namesTheVariableTheValueAndTheRange() {
        let settings = Settings(environment: ["WORKER_CONCURRENCY": "abc"])
        let line = line { () throws(ProgramError) in
            _ = try settings.integer("WORKER_CONCURRENCY", default: 256, in: 1...10_000)
        }
        #expect(line == "WORKER_CONCURRENCY=abc: expected a whole number from 1 to 10000")
    }

    @Test(arguments: [
        (nil, true), ("", true), ("true", true), ("1", true), ("YES", true), ("false", false), ("0", false),
        ("No", false), (" false ", false),
    ])
    func acceptsBooleans(_ text: String?, expected: Bool) throws {
        #expect(try settings(text).boolean("NAME", default: true) == expected)
    }

    @Test(arguments: ["on", "off", "2", "y", "truee"])
    func refusesOtherBooleans(_ text: String) {
        let line = line { () throws(ProgramError) in _ = try settings(text).boolean("NAME", default: true) }
        #expect(line == "NAME=\(text): expected true or false (or 1, 0, yes, no)")
    }

    @Test
    func choosesAmongCases() throws {
        #expect(try settings(nil).choice("NAME", default: Colour.red) == .red)
        #expect(try settings("Green").choice("NAME", default: Colour.red) == .green)
        let line = line { () throws(ProgramError) in _ = try settings("blue").choice("NAME", default: Colour.red) }
        #expect(line == "NAME=blue: expected one of red, green")
    }

    @Test(arguments: [
        ("", []), (" , ", []), ("a", ["a"]), ("a,b", ["a", "b"]), (" a , b\nc\r\nd,,", ["a", "b", "c", "d"]),
    ])
    func splitsLists(_ text: String, expected: [String]) {
        #expect(settings(text).list("NAME") == expected)
    }

    @Test(arguments: [
        ("127.0.0.1:8080", "127.0.0.1", 8080), ("localhost:0", "localhost", 0), ("[::1]:80", "::1", 80),
        ("[fe80::1%eth0]:65535", "fe80::1%eth0", 65_535), (" api-1.example.com:1 ", "api-1.example.com", 1),
    ])
    func acceptsAddresses(_ text: String, host: String, port: Int) throws {
        let address = try settings(text).listenAddress("NAME", default: "x:1")
        #expect(address.host == host && address.port == port)
        #expect(ListenAddress(address.description) == address)
    }

    @Test(arguments: [
        "8080", ":8080", "host:", "host:65536", "host:-1", "host:+1", "::1:80", "[]:80", "[host]:80", "ho st:80", "0",
        "http://host:80", "host:80/x", "[::1]", "host:8o",
    ])
    func refusesOtherAddresses(_ text: String) {
        let line = line { () throws(ProgramError) in _ = try settings(text).listenAddress("NAME", default: "x:1") }
        #expect(line?.hasPrefix("NAME=\(text): expected host:port") == true)
    }

    @Test
    func anAddressMayBeOffWhereAllowed() throws {
        #expect(try settings("0").optionalListenAddress("NAME", default: "x:1") == nil)
        #expect(try settings(nil).optionalListenAddress("NAME", default: "0") == nil)
        #expect(try settings("").optionalListenAddress("NAME", default: "x:1")?.port == 1)
        let line = line { () throws(ProgramError) in _ = try settings("00").optionalListenAddress("NAME", default: "0")
        }
        #expect(line?.hasSuffix("or 0 for off") == true)
    }

    @Test
    func showsControlCharactersEscapedAndLongValuesCut() throws {
        let text = "a\nb\u{1b}[31m" + String(repeating: "x", count: 500)
        let line = try #require(
            line { () throws(ProgramError) in _ = try settings(text).boolean("NAME", default: true) })
        #expect(line.hasPrefix("NAME=a\\nb\\u{1b}[31mxxx"))
        #expect(line.contains("…: expected") && line.count < 250)
    }

    @Test
    func readsAnyProvider() {
        let provider = InMemoryProvider(values: ["NAME": "in memory", "EMPTY": ""])
        let settings = Settings(reader: ConfigReader(provider: provider))
        #expect(settings.string("NAME", default: "x") == "in memory")
        #expect(settings.string("EMPTY", default: "x") == "x")
        #expect(settings.optionalString("MISSING") == nil)
    }

    @Test
    func theEnvironmentWinsOverTheFileUnlessEmpty() throws {
        let file = try EnvironmentFile(text: "A=file\nB=file\nC=file\nD=", name: "test")
        let settings = Settings(environment: ["A": "real", "B": ""], file: file)
        #expect(settings.string("A", default: "x") == "real")
        #expect(settings.string("B", default: "x") == "file")
        #expect(settings.string("C", default: "x") == "file")
        #expect(settings.string("D", default: "x") == "x")
    }

    @Test func aMissingEnvironmentFileIsAConfigurationError() {
        let error = #expect(throws: ProgramError.self) {
            _ = try Settings.load(environmentFilePath: "/nowhere/x.env")
        }
        #expect(error?.exitCode == .configuration)
        #expect(error?.message == "/nowhere/x.env: no such file")
    }
}
