import Basics
import Queue
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct DraftTests {
    private func problems(_ text: String, changing current: Endpoint? = nil) -> [String] {
        do {
            _ = try EndpointDraft.decode(Array(text.utf8), changing: current)
            return []
        } catch {
            return error.problems.map(\.pointer)
        }
    }

    @Test func defaults() throws {
        let draft = try EndpointDraft.decode(Array(EndpointFixture.body().utf8))
        let settings = draft.settings
        #expect(settings.format == .record && settings.signing == .standard && settings.isEnabled)
        #expect(settings.retry == .standard && settings.maximumInFlight == 64 && settings.ratePerSecond == nil)
        #expect(settings.headerNames.isEmpty && settings.filter.isEmpty && settings.note == nil)
        #expect(draft.headers == nil && draft.secret == nil)
    }

    @Test func readsEverything() throws {
        let secret = EndpointSecret()
        let draft = try EndpointDraft.decode(
            Array(
                EndpointFixture.body(
                    """
                    "description":"d","format":"event","signing":"twenty","secret":"\(secret.revealed)",\
                    "retry":{"attempts":3,"delay_seconds":0.5},"max_in_flight":4,"rate_per_second":2.5,\
                    "headers":{"X-Tenant":"t","Authorization":"Bearer b"},"enabled":false,"order_by":"engagement_id",\
                    "filter":{"objects":["person"],"conditions":{"a.b":[1,null]}}
                    """
                ).utf8))
        let settings = draft.settings
        #expect(settings.note == "d" && settings.format == .event && settings.signing == .twenty)
        #expect(settings.retry.policy == RetryPolicy(attempts: 3, delayMilliseconds: 500))
        #expect(settings.maximumInFlight == 4 && settings.ratePerSecond == 2.5 && !settings.isEnabled)
        #expect(settings.headerNames == ["X-Tenant", "Authorization"])
        #expect(draft.headers?.map(\.revealedValue) == ["t", "Bearer b"])
        #expect(draft.secret == secret && settings.order == .engagementID)
        #expect(Sample.text(settings.filter.json.encoded()) == #"{"objects":["person"],"conditions":{"a.b":[1,null]}}"#)
    }

    @Test(arguments: [
        (#""url2":1"#, "/url2"), (#""description":1"#, "/description"), (#""format":"xml"#, ""),
        (#""format":"xml""#, "/format"), (#""signing":"hmac""#, "/signing"), (#""secret":"x""#, "/secret"),
        (#""secret":5"#, "/secret"), (#""signing":"none","secret":"x""#, "/secret"),
        (#""retry":{"attempts":3}"#, "/retry/delay_seconds"), (#""retry":{"delay_seconds":3}"#, "/retry/attempts"),
        (#""retry":{"attempts":0,"delay_seconds":1}"#, "/retry/attempts"),
        (#""retry":{"attempts":101,"delay_seconds":1}"#, "/retry/attempts"),
        (#""retry":{"attempts":2,"delay_seconds":-1}"#, "/retry/delay_seconds"),
        (#""retry":{"attempts":2,"delay_seconds":2592001}"#, "/retry/delay_seconds"),
        (#""retry":{"schedule_seconds":[]}"#, "/retry/schedule_seconds"),
        (#""retry":{"schedule_seconds":[1,"x"]}"#, "/retry/schedule_seconds/1"),
        (#""retry":{"schedule_seconds":[1],"attempts":2}"#, "/retry/attempts"),
        (#""retry":{"x":1,"schedule_seconds":[1]}"#, "/retry/x"), (#""retry":[]"#, "/retry"),
        (#""max_in_flight":0"#, "/max_in_flight"), (#""max_in_flight":1001"#, "/max_in_flight"),
        (#""max_in_flight":1.5"#, "/max_in_flight"), (#""rate_per_second":0"#, "/rate_per_second"),
        (#""rate_per_second":"1""#, "/rate_per_second"), (#""rate_per_second":10001"#, "/rate_per_second"),
        (#""headers":{"Host":"x"}"#, "/headers/Host"), (#""headers":{"webhook-ID":"x"}"#, "/headers/webhook-ID"),
        (#""headers":{"X-Twenty-Signature":"x"}"#, "/headers/X-Twenty-Signature"),
        (#""headers":{"x-aventora-webhook-secret":"x"}"#, "/headers/x-aventora-webhook-secret"),
        (#""headers":{"Transfer-Encoding":"x"}"#, "/headers/Transfer-Encoding"),
        (#""headers":{"a/b":"x"}"#, "/headers/a~1b"), (#""headers":{"":"x"}"#, "/headers/"),
        (#""headers":{"X-A":"a\r\nX-B: c"}"#, "/headers/X-A"), (#""headers":{"X-A":"a\nb"}"#, "/headers/X-A"),
        (#""headers":{"X-A":"é"}"#, "/headers/X-A"), (#""headers":{"X-A":" a"}"#, "/headers/X-A"),
        (#""headers":{"X-A\r\nX-B":"c"}"#, "/headers/X-A\r\nX-B"),
        (#""headers":{"X-A":1}"#, "/headers/X-A"), (#""headers":{"X-A":"1","x-a":"2"}"#, "/headers/x-a"),
        (#""filter":{"objects":["a b"]}"#, "/filter/objects/0"), (#""filter":{"x":1}"#, "/filter/x"),
        (#""filter":{"conditions":{"a..b":1}}"#, "/filter/conditions/a..b"),
        (#""filter":{"conditions":{"a":{}}}"#, "/filter/conditions/a"),
        (#""filter":{"conditions":{"a":[]}}"#, "/filter/conditions/a"),
        (#""filter":{"conditions":{"a":[[1]]}}"#, "/filter/conditions/a"),
        (#""order_by":"call""#, "/order_by"), (#""order_by":1"#, "/order_by"),
        (#""enabled":1"#, "/enabled"), (#""enabled":null"#, "/enabled"),
    ])
    func pointsAtTheFault(_ members: String, _ pointer: String) {
        guard !pointer.isEmpty else { return }
        #expect(problems(EndpointFixture.body(members)) == [pointer])
    }

    @Test(arguments: [
        "ftp://x/", "http://u:p@x/", "/x", "", "http://", "http://x y/", "http://x/\\r\\n", "http://x:0/",
        "https://" + String(repeating: "a", count: 2_041),
    ])
    func refusesAddresses(_ url: String) {
        #expect(problems(#"{"url":"\#(url)","operations":["*.*"]}"#) == ["/url"])
    }

    @Test func takesTheLongestAddress() throws {
        let url = "https://h.example/" + String(repeating: "a", count: 2_048 - 18)
        #expect(problems(#"{"url":"\#(url)","operations":["*.*"]}"#).isEmpty)
        #expect(problems(#"{"url":"\#(url)a","operations":["*.*"]}"#) == ["/url"])
    }

    @Test func collectsEveryProblem() {
        #expect(problems("{}") == ["/url", "/operations"])
        #expect(
            problems(#"{"url":5,"operations":["x","*.*","y.z"],"format":1}"#) == [
                "/url", "/operations/0", "/operations/2", "/format",
            ])
        #expect(problems(#"{"url":null,"operations":null}"#) == ["/url", "/operations"])
        #expect(problems(#"{"url":"http://x/","operations":[]}"#) == ["/operations"])
        #expect(problems("[]") == [""])
    }

    @Test func boundsCounts() {
        let headers = (0..<51).map { #""X-\#($0)":"v""# }.joined(separator: ",")
        #expect(problems(EndpointFixture.body(#""headers":{\#(headers)}"#)) == ["/headers"])
        let value = String(repeating: "v", count: 4_097)
        #expect(problems(EndpointFixture.body(#""headers":{"X-A":"\#(value)"}"#)) == ["/headers/X-A"])
        let four = (0..<5).map { #""X-\#($0)":"\#(value.dropLast())""# }.joined(separator: ",")
        #expect(problems(EndpointFixture.body(#""headers":{\#(four)}"#)) == ["/headers"])
        let conditions = (0..<21).map { #""c\#($0)":1"# }.joined(separator: ",")
        #expect(problems(EndpointFixture.body(#""filter":{"conditions":{\#(conditions)}}"#)) == ["/filter/conditions"])
    }

    @Test func aChangeKeepsWhatItDoesNotName() throws {
        let current = try EndpointFixture.endpoint(
            "a", ["person.*"],
            #""description":"d","max_in_flight":3,"rate_per_second":5,"retry":{"attempts":2,"delay_seconds":1}"#)
        func change(_ text: String) throws -> EndpointSettings {
            try EndpointDraft.decode(Array(text.utf8), changing: current).settings
        }
        #expect(try change("{}") == current.settings)
        #expect(try change(#"{"enabled":false}"#).isEnabled == false)
        let back = try change(#"{"description":null,"max_in_flight":null,"rate_per_second":null,"retry":null}"#)
        #expect(back.note == nil && back.maximumInFlight == 64 && back.ratePerSecond == nil && back.retry == .standard)
        #expect(problems(#"{"secret":"x"}"#, changing: current) == ["/secret"])
        #expect(problems(#"{"url":null}"#, changing: current) == ["/url"])
        #expect(try EndpointDraft.decode(Array(#"{"headers":null}"#.utf8), changing: current).headers == [])
    }

    @Test func timetables() throws {
        #expect(
            EndpointRetry.standard.timetable.map(\.totalMilliseconds) == [
                0, 60_000, 360_000, 1_260_000, 4_860_000, 26_460_000,
            ])
        let fixed = try EndpointFixture.settings(#""retry":{"attempts":3,"delay_seconds":1.5}"#).retry
        #expect(
            Sample.text(fixed.timetableJSON.encoded()) == """
                [{"attempt":1,"after_seconds":0,"total_seconds":0},{"attempt":2,"after_seconds":1.5,"total_seconds":1.5},\
                {"attempt":3,"after_seconds":1.5,"total_seconds":3}]
                """)
        #expect(Sample.text(fixed.json.encoded()) == #"{"attempts":3,"delay_seconds":1.5}"#)
        let listed = try EndpointFixture.settings(#""retry":{"schedule_seconds":[1,2]}"#).retry
        #expect(Sample.text(listed.json.encoded()) == #"{"schedule_seconds":[1,2]}"#)
        #expect(listed.timetable.map(\.afterMilliseconds) == [0, 1_000, 2_000] && listed.policy.attempts == 3)
    }

    @Test func headersComeBackFromTheirText() throws {
        let headers = [
            EndpointHeader(name: "X-A", revealedValue: "v\"\\"), EndpointHeader(name: "X-B", revealedValue: ""),
        ]
        #expect([EndpointHeader](sealedText: headers.sealedText) == headers)
        #expect([EndpointHeader](sealedText: "x") == nil && [EndpointHeader](sealedText: #"{"a":1}"#) == nil)
        var dumped = ""
        dump(EndpointHeader(name: "X", revealedValue: "hidden"), to: &dumped)
        #expect(!dumped.contains("hidden") && !"\(headers)".contains("v\\"))
    }
}
