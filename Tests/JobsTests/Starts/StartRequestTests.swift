import Basics
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct StartRequestTests {
    private static func pointers(_ body: () throws(InputError) -> Void) -> [String] {
        do {
            try body()
            return ["none"]
        } catch {
            return error.problems.map(\.pointer)
        }
    }

    @Test func readsBothSpellings() throws {
        let one = try StartRequest.decode(
            Array(
                """
                {"personId":"p","workspaceId":"w","domainName":"d.example","channel":"sms","mode":"informational",
                "instruction":"Say hello","contactIdentifier":"+14165550100","cockpitActionType":"SAY_HELLO",
                "phones":["+1 416 555 0100"],"doNotContact":false}
                """.utf8))
        let other = try StartRequest.decode(
            Array(
                """
                {"person_id":"p","workspace_id":"w","domain_name":"d.example","channel":"sms","type":"informational",
                "instruction":"Say hello","contact_identifier":"+14165550100","cockpit_action_type":"SAY_HELLO",
                "phone":"+14165550100","do_not_contact":false}
                """.utf8))
        #expect(one == other)
        #expect(one.wish.channel == .sms && one.wish.type == .informational && one.wish.action == "SAY_HELLO")
        #expect(one.person == EngagementPerson(phones: ["+14165550100"], emails: []))
        #expect(try StartRequest.decode(Array(#"{"personId":"p"}"#.utf8)).person == nil)
    }

    @Test func readsPhonesAndEmailsAsTwentyHasThem() throws {
        let request = try StartRequest.decode(
            Array(
                """
                {"personId":"p","phones":{"primaryPhoneNumber":"4165550100","primaryPhoneCallingCode":"+1",
                "primaryPhoneCountryCode":"CA","additionalPhones":[{"number":"7946 0000","callingCode":"+4420"}]},
                "emails":{"primaryEmail":"","additionalEmails":["a@b.example"]}}
                """.utf8))
        #expect(request.person?.phones == ["+14165550100", "+442079460000"])
        #expect(request.person?.emails == ["a@b.example"])
    }

    @Test(arguments: [
        ("{}", ["/personId"]), ("7", [""]), (#"{"personId":7}"#, ["/personId"]), (#"{"personId":""}"#, ["/personId"]),
        (#"{"personId":"p","channel":"fax"}"#, ["/channel"]), (#"{"personId":"p","mode":"shout"}"#, ["/mode"]),
        (#"{"personId":"p","chanel":"sms"}"#, ["/chanel"]),
        (#"{"personId":"p","phones":["what"],"emails":[1],"doNotContact":"yes"}"#, ["/phones/0", "/doNotContact"]),
        (#"{"personId":"p","phone":"12","email":"x"}"#, ["/phone", "/email"]),
        (#"{"personId":"p","type":"informational","instruction":7}"#, ["/instruction"]),
    ])
    func refusesWhatItCannotMean(body: String, expected: [String]) {
        #expect(
            Self.pointers { () throws(InputError) in _ = try StartRequest.decode(Array(body.utf8)) } == expected)
    }

    @Test func readsABulk() throws {
        let bulk = try BulkRequest.decode(
            Array(
                """
                {"people":["a",{"personId":"b","phones":["+14165550100"]},"a",{"person_id":"c","doNotContact":true}],
                "workspaceId":"w","cockpitActionType":"CHECK_INTEREST","pacePerMinute":120}
                """.utf8))
        #expect(bulk.people.map(\.id) == ["a", "b", "c"])
        #expect(bulk.pacePerMinute == 120 && bulk.wish.action == "CHECK_INTEREST")
        #expect(try BulkRequest.decode(Array(#"{"personIds":["x"]}"#.utf8)).pacePerMinute == 30)
    }

    @Test(arguments: [
        ("{}", ["/personIds"]), (#"{"people":[]}"#, ["/people"]), (#"{"people":[7]}"#, ["/people/0/personId"]),
        (#"{"people":["a"],"pacePerMinute":0}"#, ["/pacePerMinute"]),
        (#"{"people":["a",{"personId":"b","colour":"red"}]}"#, ["/people/1/colour"]),
        (#"{"people":["a"],"personIds":["b"]}"#, ["/people"]), (#"{"personIds":"a"}"#, ["/personIds"]),
    ])
    func refusesABadBulk(body: String, expected: [String]) {
        #expect(Self.pointers { () throws(InputError) in _ = try BulkRequest.decode(Array(body.utf8)) } == expected)
    }

    @Test func aBulkIsBounded() {
        let ids = (0...BulkRequest.maximumPeople).map { #""\#($0)""# }.joined(separator: ",")
        #expect(
            Self.pointers { () throws(InputError) in
                _ = try BulkRequest.decode(Array(#"{"personIds":[\#(ids)]}"#.utf8))
            } == ["/personIds"])
    }

    @Test func readsACancel() throws {
        func decode(_ text: String) throws -> CancelRequest { try CancelRequest.decode(Array(text.utf8)) }
        #expect(try decode(#"{"id":"es_1"}"#) == .ofStart(id: "es_1"))
        #expect(try decode(#"{"engagementId":"eng_1"}"#) == .ofEngagement(id: "eng_1"))
        #expect(try decode(#"{"bulk_id":"eb_1"}"#) == .ofBulk(id: "eb_1"))
        #expect(
            try decode(#"{"personId":"p","workspaceId":"w"}"#)
                == .ofPerson(id: "p", workspaceID: "w", domainName: nil))
        for bad in ["{}", #"{"id":"a","personId":"p"}"#, #"{"person":"p"}"#] {
            #expect(throws: InputError.self) { try decode(bad) }
        }
    }

    @Test(arguments: [
        ("{}", ["/domain_name"]), (#"{"domain_name":"d","enabled":1}"#, ["/enabled"]),
        (#"{"domain_name":"d","api_key":"tab\there"}"#, ["/api_key"]),
        (#"{"domain_name":"d","actions":{"X":{"channel":"fax"},"Y":7}}"#, ["/actions/X/channel", "/actions/Y"]),
        (#"{"domain_name":"d","rules":[{"key":"k","signals":[],"action":"a"}]}"#, ["/rules/0/signals"]),
        (
            #"{"domain_name":"d","rules":[{"key":"k","signals":["S"],"action":"a"},{"key":"k","signals":["S"],"action":"a"}]}"#,
            ["/rules/1/key"]
        ),
        (
            #"{"domain_name":"d","rules":[{"signals":["S"],"daily_maximum":0}]}"#,
            ["/rules/0/key", "/rules/0/action", "/rules/0/daily_maximum"]
        ),
    ])
    func refusesBadSettings(body: String, expected: [String]) {
        let pointers = Self.pointers { () throws(InputError) in
            _ = try EngagementWorkspaceDraft.decode(Array(body.utf8), id: "w")
        }
        #expect(pointers == expected)
    }

    @Test func settingsBeginWithTheTemplatesSwitchedOff() throws {
        let draft = try EngagementWorkspaceDraft.decode(Array(#"{"domain_name":"d","api_key":""}"#.utf8), id: "w")
        #expect(draft.key == .removed && draft.workspace.isEnabled)
        #expect(draft.workspace.rules == CockpitRule.templates)
        #expect(draft.workspace.rules.allSatisfy { !$0.answers("MISSED_CALL") && !$0.answers("NO_REPLY") })
    }
}
