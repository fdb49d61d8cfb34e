import Testing

@testable import Queue

@Suite struct JobCodingTests {
    private let id = JobID(nowMilliseconds: 1_000)

    @Test func aJobBecomesItsEnvelope() throws {
        let letter = Letter(to: "a/b", lane: "north", key: .unique("k"), delay: 250)
        let job = try NewJob(letter, id: id)
        #expect(job.envelope.header == "2 letter.send 3x10000 0 0 0 l=north u=k")
        #expect(String(decoding: job.envelope.arguments, as: UTF8.self) == #"{"pages":1,"to":"a/b","weight":1.5}"#)
        #expect(job.delayMilliseconds == 250 && job.key == .unique("k") && job.id == id)
    }

    @Test func aPlainJobHasAPlainEnvelope() throws {
        #expect(try NewJob(Letter(to: "x"), id: id).envelope.header == "1 letter.send 3x10000 0 0 0")
        #expect(try NewJob(Greeting(first: "a", last: "b"), id: id).envelope.header == "2 greeting 3x1000 0 0 0 v=3")
    }

    @Test func aJobsOwnOptionsWinOverItsDefinition() throws {
        struct Urgent: Job {
            static let definition = JobDefinition("urgent")
            var options: JobOptions {
                JobOptions(retry: RetryPolicy(attempts: 2, delayMilliseconds: 1), timeLimitMilliseconds: 5)
            }
        }
        #expect(try NewJob(Urgent(), id: id).envelope.header == "2 urgent 2x1 0 0 0 t=5")
        #expect(try NewJob(Urgent(), id: id, delayMilliseconds: 7).delayMilliseconds == 7)
    }

    @Test(arguments: [
        (Letter(to: "x", lane: "two words"), QueueError.Code.invalidJob, "the lane 'two words' of 'letter.send'"),
        (Letter(to: "x", key: .unique("")), .invalidJob, "the key '' of 'letter.send'"),
        (
            Letter(to: "x", key: .debounce("ü", quietMilliseconds: 1, longestMilliseconds: 1)), .invalidJob,
            "the key 'ü'"
        ),
        (Letter(to: "x", weight: .infinity), .invalidJob, "the value of 'weight' is not allowed"),
        (Letter(to: "x", delay: 401 * 86_400_000), .limitExceeded, "a delay of"),
    ])
    func whatCannotBeEnqueuedIsAnErrorThatSaysWhy(_ letter: Letter, _ code: QueueError.Code, _ text: String) {
        let error = #expect(throws: QueueError.self) { try NewJob(letter, id: id) }
        #expect(error?.code == code && error?.isRetriable == false)
        #expect(error?.message.contains(text) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        (#"{"to":"x","pages":2,"weight":0}"#, nil),
        (#"{"pages":2,"weight":0}"#, "to is missing"),
        (#"{"to":7,"pages":2,"weight":0}"#, "to is no String"),
        (#"{"to":null,"pages":2,"weight":0}"#, "to is null"),
        (#"{"to":"secret","pages":"many","weight":0}"#, "pages is no"),
        (#"[]"#, "the whole is no"),
        (#"{"to":"secret""#, "they are not well-formed"),
        ("", "they are not well-formed"),
    ])
    func unreadableArgumentsSayWhereAndNothingOfTheValues(_ json: String, _ reason: String?) throws {
        guard let reason else {
            #expect(try Letter.decode(Array(json.utf8), version: 1).pages == 2)
            return
        }
        let error = #expect(throws: UnreadableArguments.self) { try Letter.decode(Array(json.utf8), version: 1) }
        #expect(error?.reason.contains(reason) == true, "\(String(describing: error))")
        #expect(error?.description.contains("secret") == false)
    }

    @Test func olderArgumentsAreMigrated() throws {
        let greeting = try Greeting.decode(Array(#"{"name":"Ada King Lovelace"}"#.utf8), version: 1)
        #expect(greeting.first == "Ada" && greeting.last == "Lovelace")
        let current = try Greeting.decode(Array(#"{"first":"A","last":"B"}"#.utf8), version: 3)
        #expect(current.last == "B")
    }

    @Test func withoutAMigrationNoOlderVersionIsKnown() {
        struct Second: Job { static let definition = JobDefinition("second", version: 2) }
        let error = #expect(throws: UnreadableArguments.self) { try Second.decode(Array("{}".utf8), version: 1) }
        #expect(error?.description.contains("'second', version 1") == true)
    }

    @Test func aRegistryKnowsTheQueuesOfItsHandlers() {
        var registry = JobRegistry([JobHandler(kind: "untyped") { _ in .done() }])
        registry.register(Letter.self) { _, _ in .done() }
        registry.register(Greeting.self) { _, _ in .done() }
        #expect(registry.queues == ["default", "post"])
        #expect(registry["letter.send"]?.timeLimitMilliseconds == 60_000 && registry["greeting"]?.newestVersion == 3)
    }

    @Test func aWorkersNameIsATokenAndComesOnce() {
        let names = Set((0..<100).map { _ in WorkerName.make(base: "here") })
        #expect(names.count == 100 && names.allSatisfy { Envelope.isToken($0) && $0.hasPrefix("here-") })
        #expect(Envelope.isToken(WorkerName.make()))
    }

    @Test func anAddressThatCannotBeReadIsAnErrorWithoutIt() {
        let url = "http://user:secret@host"
        let errors = [
            #expect(throws: QueueError.self) { _ = try QueueClient(url: url) },
            #expect(throws: QueueError.self) { _ = try JobWorker(url: url, registry: JobRegistry()) },
        ]
        for error in errors {
            #expect(error?.code == .invalidAddress && error?.description.contains("secret") == false)
        }
    }
}

@Suite struct TypedScheduleTests {
    @Test func aScheduleCarriesTheWholeJob() throws {
        let letter = Letter(to: "x", lane: "north", key: .unique("nightly"))
        let scheduled = try ScheduledJob(letter, name: "nightly", pattern: "0 3 * * *")
        let id = JobID(nowMilliseconds: 1)
        #expect(scheduled.job(id: id) == (try NewJob(letter, id: id)) && scheduled.queue == "post")
        let greeting = try ScheduledJob(Greeting(first: "a", last: "b"), name: "g", pattern: "@hourly")
        #expect(greeting.job(id: id).envelope.options.argumentsVersion == 3)
        #expect(greeting.schedule.next(after: 0) == 3_600_000)
    }

    @Test(arguments: [
        ("n", "61 * * * *", "UTC", QueueError.Code.invalidPattern), ("n", "@hourly", "Nowhere/No", .invalidTimeZone),
        ("two words", "@hourly", "UTC", .invalidJob),
    ])
    func whatCannotStandIsAnError(_ name: String, _ pattern: String, _ zone: String, _ code: QueueError.Code) {
        let error = #expect(throws: QueueError.self) {
            try ScheduledJob(Letter(to: "x"), name: name, pattern: pattern, zone: zone)
        }
        #expect(error?.code == code)
    }
}
