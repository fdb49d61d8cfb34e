import Basics
import Testing

@testable import Jobs

struct TipsRowTests {
    private func object(_ text: String) throws -> JSONObject {
        try #require(try JSONParser.parse(Array(text.utf8)).object)
    }

    @Test(arguments: [
        ("+1 (416) 555-1234", "+14165551234"), ("416-555-1234", "+14165551234"), ("1 416 555 1234", "+14165551234"),
        ("+49 30 123456", "+4930123456"), ("555-1234", nil), ("call me", nil), ("", nil), ("0049 30 123456", nil),
    ])
    func phones(_ text: String, _ expected: String?) {
        #expect(TipsText.phone(.string(text)) == expected)
    }

    @Test func readsAnAgent() throws {
        let agent = try #require(
            TipsAgent(
                try object(
                    #"{"id":7,"email":" A@X.test ","firstName":"Ann","crmEnabled":true,"crmHubEnabled":true,"phone":null}"#
                ))
        )
        #expect((agent.id, agent.email, agent.name) == ("7", "a@x.test", "Ann"))
        #expect(agent.role == "Member (Aventora Hub)")
        #expect(agent.memberFields["tipsAgentId"] == .number("7"))
        #expect(TipsAgent(agent.json) == agent)
        #expect(TipsAgent(try object(#"{"email":"a@b.c"}"#)) == nil)
        let other = try #require(TipsAgent(try object(#"{"id":"x-1","crmEnabled":true}"#)))
        // The CRM keeps a number.
        #expect(other.memberFields["tipsAgentId"] == nil)
        #expect(other.role == "Member")
    }

    @Test func argumentsKeepHowFarItIs() throws {
        let agent = try #require(TipsAgent(try object(#"{"id":"7","email":"a@b.c"}"#)))
        var work = TipsAgentArguments(run: "r", agent: agent, isDryRun: true)
        #expect(TipsAgentArguments(work.encoded()) == work)
        var progress = TipsAgentArguments.Progress()
        progress.memberID = "m"
        progress.since = Timestamp(microseconds: 1_700_000_000_123_456)
        (progress.page, progress.previousFirst, progress.examined, progress.counted) = (4, "c9", 180, 3)
        progress.blocked = Timestamp(milliseconds: 5)
        progress.tally = TipsTally(created: 1, updated: 2, unchanged: 3, failed: 4, error: "no \"phone\"")
        work.progress = progress
        #expect(TipsAgentArguments(work.encoded()) == work)
        #expect(TipsAgentArguments(Array("{}".utf8)) == nil)
    }

    @Test func aSharedAddressIsLeftOut() throws {
        let row = try #require(TipsClientRow(try object(#"{"id":"1","firstName":"A","email":"S@X.test"}"#)))
        let agent = try #require(TipsAgent(try object(#"{"id":"7","email":"a@b.c"}"#)))
        #expect(row.person(agent: agent, memberID: nil).email == "s@x.test")
        #expect(row.person(agent: agent, memberID: nil, hasEmail: false).email == nil)
    }
}
