import Foundation
import Program
import Testing

@testable import API

@Suite(.timeLimit(.minutes(1)))
struct TokenTests {
    @Test
    func parsesItems() throws {
        let text = "hub:events:abc, ops:read+admin:x:y:z\n# note: not: an item\n\ncrm:jobs:q\r\n"
        let tokens = try AccessToken.parse(text, source: "API_TOKENS")
        #expect(tokens.map(\.name) == ["hub", "ops", "crm"])
        #expect(tokens.map(\.scopes) == [[.events], [.read, .admin], [.jobs]])
        #expect(tokens.map { $0.token.reveal() } == ["abc", "x:y:z", "q"])
        #expect(try AccessToken.parse(" ,\n", source: "API_TOKENS").isEmpty)
    }

    @Test(arguments: [
        ("hunter2", "API_TOKENS: item 1: expected name:scope+scope:token"),
        ("a:read:x,b:hunter2", "API_TOKENS: item 2: expected name:scope+scope:token"),
        (":read:hunter2", "API_TOKENS: item 1: expected a name of 1 to 64 letters, digits, '.', '-' or '_'"),
        ("a b:read:hunter2", "API_TOKENS: item 1: expected a name of 1 to 64 letters, digits, '.', '-' or '_'"),
        ("a::hunter2", "API_TOKENS: item 1 (a): expected scopes from events, jobs, read, admin, joined by '+'"),
        ("a:read+:hunter2", "API_TOKENS: item 1 (a): expected scopes from events, jobs, read, admin, joined by '+'"),
        ("a:root:hunter2", "API_TOKENS: item 1 (a): expected scopes from events, jobs, read, admin, joined by '+'"),
        (
            "x:read:y\na:read:",
            "API_TOKENS: item 2 (a): expected a token of visible ASCII characters after the second colon"
        ),
        (
            "a:read:hunter2 x",
            "API_TOKENS: item 1 (a): expected a token of visible ASCII characters after the second colon"
        ),
    ])
    func namesABadItemButNeverItsToken(_ text: String, message: String) {
        let error = #expect(throws: ProgramError.self) { try AccessToken.parse(text, source: "API_TOKENS") }
        #expect(error?.exitCode == .configuration && error?.message == message)
        #expect(error?.message.contains("hunter2") == false)
    }

    @Test(arguments: ["a:read:x,a:jobs:y", "a:read:x,b:jobs:x"])
    func refusesARepeatedNameOrToken(_ text: String) throws {
        let tokens = try AccessToken.parse(text, source: "API_TOKENS")
        let error = #expect(throws: ProgramError.self) { try TokenStore(tokens) }
        #expect(error?.exitCode == .configuration)
    }

    @Test
    func readsTheVariableAndTheFile() throws {
        let path = NSTemporaryDirectory() + "/tokens-\(UUID().uuidString)"
        try Data("# tokens\nfile:read:of-file\n".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let environment = ["API_TOKENS": "variable:jobs:of-variable", "API_TOKENS_FILE": path]
        let store = try TokenStore(Settings(environment: environment))
        #expect(store.count == 2)
        #expect(store.identity(ofToken: "of-file") == Identity(name: "file", scopes: [.read]))
        #expect(store.identity(ofToken: "of-variable")?.name == "variable")
        #expect(store.identity(ofToken: "of-nobody") == nil && store.identity(ofToken: "") == nil)
        let error = #expect(throws: ProgramError.self) {
            try TokenStore(Settings(environment: ["API_TOKENS_FILE": "/nowhere/tokens"]))
        }
        #expect(error?.message == "API_TOKENS_FILE=/nowhere/tokens: expected a file that can be read")
    }

    @Test
    func keepsNoToken() throws {
        let store = try TokenStore(AccessToken.parse("a:read:hunter2", source: "API_TOKENS"))
        var dumped = ""
        dump(store, to: &dumped)
        #expect(!dumped.contains("hunter2") && store.identity(ofToken: "hunter2")?.name == "a")
    }

    @Test
    func findsEachOfManyTokens() throws {
        let text = (0..<50).map { "name\($0):read:token-\($0)" }.joined(separator: ",")
        let store = try TokenStore(AccessToken.parse(text, source: "API_TOKENS"))
        for number in 0..<50 { #expect(store.identity(ofToken: "token-\(number)")?.name == "name\(number)") }
        #expect(store.identity(ofToken: "token-50") == nil)
    }

    @Test
    func comparesEveryByte() {
        let bytes: [UInt8] = (0..<32).map { UInt8($0) &* 37 }
        #expect(ConstantTime.areEqual(bytes, bytes) && ConstantTime.mask(bytes, bytes) == -1)
        for index in bytes.indices {
            for bit in 0..<8 {
                var other = bytes
                other[index] ^= 1 << bit
                #expect(!ConstantTime.areEqual(bytes, other) && ConstantTime.mask(bytes, other) == 0)
            }
        }
        #expect(!ConstantTime.areEqual(bytes, Array(bytes.dropLast())))
        #expect(ConstantTime.areEqual([], []))
    }
}
