import Basics
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1)))
struct EnvironmentFileTests {
    @Test(arguments: [
        ("A=b", "b"), ("export A=b", "b"), ("  export\tA=b  ", "b"), ("A=", ""), ("A= b c ", "b c"),
        ("A=b # note", "b"),
        ("A=b#c", "b#c"), ("A=#c", ""), ("A='b # c'", "b # c"), ("A='a\"b\\n'", "a\"b\\n"),
        ("A=\"b c\"  # note", "b c"),
        (#"A="a\nb\t\"\\\$x""#, "a\nb\t\"\\$x"), ("A=b=c", "b=c"),
        ("A=postgresql://u:p@h/d?x=1", "postgresql://u:p@h/d?x=1"),
        ("A=first\nA=b", "b"), ("# A=c\n\n   \nA=b\r\n", "b"), ("\u{FEFF}A=b", "b"), ("A=it's", "it's"), ("A=''", ""),
        ("A=zoë", "zoë"), ("export=1\nA=b", "b"),
    ])
    func readsValues(_ text: String, expected: String) throws {
        #expect(try EnvironmentFile(text: text, name: "test").variables["A"] == expected)
    }

    @Test(arguments: [
        ("secret", 1, "expected KEY=value"), ("A=1\nsecret words", 2, "expected KEY=value"),
        ("A=1\n\n# x\n=secret", 4, "expected KEY=value"), ("1A=secret", 1, "expected KEY=value"),
        ("A B=secret", 1, "expected KEY=value"), ("A =secret", 1, "expected KEY=value"),
        ("A='secret", 1, "expected a closing single quote"),
        ("A=\"secret\nB=2\"", 1, "expected a closing double quote"),
        ("A='secret' x", 1, "expected nothing after the closing quote"),
        (#"A="\qsecret""#, 1, "expected one of"), ("A=\"secret\\", 1, "expected one of"),
        ("A=se\0cret", 1, "expected a value without a zero byte"), ("export secret", 1, "expected KEY=value"),
    ])
    func namesTheLineButNotItsText(_ text: String, line: Int, expectation: String) {
        let error = #expect(throws: EnvironmentFile.Failure.self) { try EnvironmentFile(text: text, name: "dev.env") }
        #expect(error?.message.hasPrefix("dev.env:\(line): \(expectation)") == true)
        #expect(error?.message.contains("secret") == false)
    }

    @Test
    func readsAFile() throws {
        let path = NSTemporaryDirectory() + "/environment-\(UUID().uuidString)"
        try Data("AJ_TEST_ONE='1 2'\n".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        #expect(try EnvironmentFile(path: path).variables == ["AJ_TEST_ONE": "1 2"])
        try Data([0x41, 0x3D, 0xFF]).write(to: URL(filePath: path))
        #expect(throws: EnvironmentFile.Failure.self) { try EnvironmentFile(path: path) }
    }

    @Test
    func namesAFileThatIsMissing() {
        let error = #expect(throws: EnvironmentFile.Failure.self) {
            try EnvironmentFile(path: "/nowhere/x.env")
        }
        #expect(error?.message == "/nowhere/x.env: no such file")
    }

    @Test
    func refusesAFolder() {
        let error = #expect(throws: EnvironmentFile.Failure.self) { try EnvironmentFile(path: NSTemporaryDirectory()) }
        #expect(error?.message.contains("cannot be read") == true)
    }
}
