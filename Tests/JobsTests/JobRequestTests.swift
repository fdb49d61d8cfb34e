import Basics
import Queue
import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct JobRequestTests {
    private static let catalogue = KindCatalogue([
        KindDescription(
            name: "echo", summary: "", queue: "crm", retry: RetryPolicy(attempts: 3, delayMilliseconds: 5_000),
            leavesTrace: true,
            arguments: .object([.required("text", .name), .optional("n", .anything)], allowsOthers: false),
            lane: { $0["text"]?.string ?? "" })
    ])

    /// 2026-01-01T00:00:00Z
    private static let now: Int64 = 1_767_225_600_000

    private func decode(_ text: String) throws(InputError) -> JobRequest {
        try JobRequest.decode(Array(text.utf8), catalogue: Self.catalogue, nowMilliseconds: Self.now)
    }

    private func job(_ members: String) throws -> NewJob {
        try decode(#"{"kind":"echo","args":{"text":"x"}\#(members.isEmpty ? "" : ",")\#(members)}"#)
            .newJob(nowMilliseconds: Self.now)
    }

    @Test func whatIsNotSaidIsTheKinds() throws {
        let request = try decode(#"{"kind":"echo","args":{"text":"x"}}"#)
        #expect(request.queue == "crm" && request.lane == "x" && request.key == nil)
        #expect(request.policy == RetryPolicy(attempts: 3, delayMilliseconds: 5_000))
        #expect(request.delayMilliseconds == 0 && request.timeLimitMilliseconds == nil)
        #expect(request.newJob(nowMilliseconds: Self.now).id.createdMilliseconds >= Self.now)
    }

    @Test func argumentsAreTheVeryBytes() throws {
        let arguments = "{ \"n\" : [1.50, 1e2,\n \"\\u0041\"],\t\"text\":\"x\"}"
        let request = try decode("{\"args\": \(arguments) ,\"kind\":\"echo\"}")
        #expect(String(decoding: request.arguments, as: UTF8.self) == arguments)
        #expect(request.newJob(nowMilliseconds: 0).envelope.arguments == request.arguments)
    }

    @Test(arguments: [
        (#""delay_seconds":0"#, 0 as Int64), (#""delay_seconds":1.5"#, 1_500),
        (#""delay_seconds":34560000"#, 34_560_000_000),
        (#""delay_seconds":0.0004"#, 0), (#""run_at":"2026-01-01T00:00:02.5Z""#, 2_500),
        (#""run_at":"2025-01-01T00:00:00Z""#, 0),
        (#""run_at":null,"delay_seconds":1e1"#, 10_000), (#""run_at":"2026-01-01T01:00:00+01:00""#, 0),
    ])
    func itsTime(members: String, delayMilliseconds: Int64) throws {
        #expect(try job(members).delayMilliseconds == delayMilliseconds)
    }

    @Test(arguments: [
        (#""attempts":1"#, "1x5000"), (#""attempts":1000"#, "1000x5000"), (#""retry_delay_seconds":0.25"#, "3x250"),
        (#""attempts":7,"retry_delay_seconds":60"#, "7x60000"),
        (#""retry_schedule_seconds":[1,60,0.5]"#, "s1000,60000,500"),
        (#""retry_schedule_seconds":null,"attempts":2"#, "2x5000"),
    ])
    func itsRetries(members: String, policy: String) throws {
        #expect(try job(members).envelope.policy.description == policy)
    }

    @Test func itsKeyLaneQueueAndLimit() throws {
        let job = try job(#""unique_key":"k/1","lane":"l","order_key":"o:1","timeout_seconds":0.5,"queue":"webhooks""#)
        #expect(job.key == .unique("k/1", lifetimeMilliseconds: 86_400_000))
        #expect(job.envelope.options.orderKey == "o:1")
        #expect(job.envelope.lane == "l" && job.envelope.options.timeLimitMilliseconds == 500)
        #expect(
            try self.job(#""unique_key":"k","unique_seconds":60"#).key == .unique("k", lifetimeMilliseconds: 60_000))
        #expect(
            try self.job(#""debounce":{"key":"d","seconds":3,"max_seconds":15}"#).key
                == .debounce("d", quietMilliseconds: 3_000, longestMilliseconds: 15_000))
        #expect(try decode(#"{"kind":"echo","args":{"text":"x"},"queue":"webhooks"}"#).queue == "webhooks")
    }

    static let bad: [(String, [String])] = [
        ("7", [""]), ("[]", [""]), ("{}", ["/kind", "/args"]), (#"{"kind":"nope","args":{}}"#, ["/kind"]),
        (#"{"kind":7,"args":{}}"#, ["/kind"]), (#"{"kind":"a b","args":{}}"#, ["/kind"]),
        (#"{"kind":"echo","args":[]}"#, ["/args"]), (#"{"kind":"echo","args":null}"#, ["/args"]),
        (#"{"kind":"echo","args":{}}"#, ["/args/text"]),
        (#"{"kind":"echo","args":{"text":"","m":1}}"#, ["/args/text", "/args/m"]),
        (member(#""queue":"nope""#), ["/queue"]), (member(#""queue":7"#), ["/queue"]),
        (member(#""lane":"""#), ["/lane"]), (member(#""order_key":"a b""#), ["/order_key"]),
        (member(#""order_key":"\#(String(repeating: "x", count: 201))""#), ["/order_key"]),
        (member(#""order_key":7"#), ["/order_key"]),
        (member(#""lane":"a b""#), ["/lane"]), (member(#""lane":"\#(String(repeating: "x", count: 201))""#), ["/lane"]),
        (member(#""unique_key":"é""#), ["/unique_key"]), (member(#""unique_seconds":5"#), ["/unique_seconds"]),
        (member(#""unique_key":"k","unique_seconds":0"#), ["/unique_seconds"]),
        (member(#""delay_seconds":-1"#), ["/delay_seconds"]), (member(#""delay_seconds":"1""#), ["/delay_seconds"]),
        (member(#""delay_seconds":34560001"#), ["/delay_seconds"]),
        (member(#""delay_seconds":1e300"#), ["/delay_seconds"]),
        (member(#""run_at":"soon""#), ["/run_at"]), (member(#""run_at":"2028-01-01T00:00:00Z""#), ["/run_at"]),
        (member(#""run_at":"2026-01-01T00:00:01Z","delay_seconds":1"#), ["/run_at"]),
        (member(#""attempts":0"#), ["/attempts"]), (member(#""attempts":1001"#), ["/attempts"]),
        (member(#""attempts":1.5"#), ["/attempts"]), (member(#""retry_delay_seconds":-1"#), ["/retry_delay_seconds"]),
        (member(#""retry_schedule_seconds":[]"#), ["/retry_schedule_seconds"]),
        (member(#""retry_schedule_seconds":[1,-1,"x"]"#), ["/retry_schedule_seconds/1", "/retry_schedule_seconds/2"]),
        (
            member(#""retry_schedule_seconds":[\#(Array(repeating: "1", count: 51).joined(separator: ","))]"#),
            ["/retry_schedule_seconds"]
        ),
        (member(#""retry_schedule_seconds":[1],"attempts":2"#), ["/retry_schedule_seconds"]),
        (member(#""retry_schedule_seconds":[1],"retry_delay_seconds":2"#), ["/retry_schedule_seconds"]),
        (member(#""timeout_seconds":0"#), ["/timeout_seconds"]),
        (member(#""timeout_seconds":86401"#), ["/timeout_seconds"]),
        (member(#""debounce":7"#), ["/debounce"]),
        (member(#""debounce":{}"#), ["/debounce/key", "/debounce/seconds", "/debounce/max_seconds"]),
        (member(#""debounce":{"key":"k","seconds":5,"max_seconds":4}"#), ["/debounce/max_seconds"]),
        (member(#""debounce":{"key":"k","seconds":0,"max_seconds":4}"#), ["/debounce/seconds"]),
        (member(#""debounce":{"key":"k","seconds":1,"max_seconds":4,"x":1}"#), ["/debounce/x"]),
        (member(#""debounce":{"key":"k","seconds":1,"max_seconds":4},"unique_key":"u""#), ["/debounce"]),
        (member(#""debounce":{"key":"k","seconds":1,"max_seconds":4},"delay_seconds":1"#), ["/debounce"]),
        (member(#""delay_second":1,"a/b":2"#), ["/delay_second", "/a~1b"]),
        (#"{"kind":"nope","args":7,"queue":"x","attempts":0}"#, ["/kind", "/queue", "/args", "/attempts"]),
    ]

    private static func member(_ text: String) -> String { #"{"kind":"echo","args":{"text":"x"},\#(text)}"# }

    @Test(arguments: bad) func badValuesNameTheirPlace(body: String, pointers: [String]) throws {
        let error = #expect(throws: InputError.self) { try decode(body) }
        #expect(error?.kind == .invalid)
        #expect(error?.problems.map(\.pointer) == pointers, "\(String(describing: error))")
        #expect(error?.problems.allSatisfy { !$0.detail.isEmpty && $0.detail.utf8.count < 300 } == true)
    }

    @Test(arguments: ["", "{", #"{"kind":"echo","kind":"echo"}"#, "\u{feff}{}"]) func malformed(body: String) {
        let error = #expect(throws: InputError.self) { try decode(body) }
        #expect(error?.kind == .malformed)
    }

    @Test func anUnknownKindIsToldTheKnownOnes() {
        let error = #expect(throws: InputError.self) { try decode(#"{"kind":"nope","args":{}}"#) }
        #expect(error?.problems.first?.detail == "No such kind is known; there are echo.")
    }

    @Test(arguments: [
        (RetryPolicy(attempts: 3, delayMilliseconds: 5, jitterPercent: 20), 9, "9x5~20"),
        (RetryPolicy(listedMilliseconds: [1, 2, 3]), 2, "s1"),
        (RetryPolicy(listedMilliseconds: [1, 2]), 5, "s1,2,2,2"),
        (RetryPolicy(listedMilliseconds: [1, 2]), 52, "52x2"), (RetryPolicy(listedMilliseconds: [1]), 1, "s"),
        (RetryPolicy(attempts: 3, firstMilliseconds: 1, capMilliseconds: 8), 9, "e9:1:8"),
    ])
    func otherAttemptsKeepTheRest(policy: RetryPolicy, attempts: Int, expected: String) {
        let replaced = policy.replacing(attempts: attempts, delayMilliseconds: nil)
        #expect(replaced.description == expected && replaced.attempts == attempts)
        #expect(policy.replacing(attempts: nil, delayMilliseconds: 7).description.hasPrefix("\(policy.attempts)x7"))
    }
}
