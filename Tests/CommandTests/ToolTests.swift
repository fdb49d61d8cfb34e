import Testing

@testable import Command

/// Programs that are run for what they print.
@Suite(.timeLimit(.minutes(1)))
struct ToolTests {
    @Test func aProgramReadsItsInputAndPrints() async throws {
        #expect(try await Tool.run(ChildCommand(executable: "/usr/bin/cat"), input: "some words") == "some words")
        #expect(try await Tool.run(ChildCommand(executable: "/usr/bin/cat")) == "")
    }

    /// As `psql` does when its server goes away.
    @Test func aProgramMayEndBeforeItHasReadAll() async throws {
        let input = String(repeating: "x", count: 4 << 20)
        for _ in 0..<20 {
            #expect(try await Tool.run(ChildCommand(executable: "/usr/bin/true"), input: input) == "")
            await #expect(throws: CommandError.self) {
                try await Tool.run(ChildCommand(executable: "/usr/bin/false"), input: input)
            }
        }
    }

    @Test func aProgramThatTakesTooLongIsEnded() async throws {
        await #expect(throws: CommandError.self) {
            try await Tool.run(
                ChildCommand(executable: "/usr/bin/sleep", arguments: ["60"]), input: "words",
                limit: .milliseconds(50))
        }
    }
}
