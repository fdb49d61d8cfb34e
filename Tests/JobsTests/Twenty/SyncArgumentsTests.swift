import Basics
import Testing

@testable import Jobs

@Suite struct SyncArgumentsTests {
    @Test(arguments: [
        (#"{}"#, "/external_id"), (#"{"external_id":""}"#, "/external_id"),
        (#"{"external_id":"a","email":"no mail"}"#, "/email"), (#"{"external_id":"a","email":"a@b@c"}"#, "/email"),
        (#"{"external_id":"a","phone":"416 555 1234"}"#, "/phone"),
        (#"{"external_id":"a","fields":{"emails":{}}}"#, "/fields/emails"),
        (#"{"external_id":"a","fields":{"deletedAt":null}}"#, "/fields/deletedAt"),
        (#"{"external_id":"a","fields":[]}"#, "/fields"), (#"{"external_id":"a","nam":"x"}"#, "/nam"),
    ])
    func badPeopleAreNamed(json: String, pointer: String) throws {
        let error = try #require(throws: InputError.self) { try FieldReader.item(Array(json.utf8), .person) }
        #expect(error.problems.map(\.pointer) == [pointer])
    }

    @Test(arguments: [
        ("Ada", "Ada", ""), ("Ada Lovelace", "Ada", "Lovelace"), ("  Ada   King  Lovelace ", "Ada", "King Lovelace"),
        ("", "", ""),
    ])
    func aNameIsTakenApart(name: String, first: String, last: String) throws {
        let item = try FieldReader.item(Array(#"{"external_id":"a","name":"\#(name)"}"#.utf8), .person)
        guard case .person(let person) = item.draft else { return }
        #expect(person.firstName == first && person.lastName == last)
    }

    @Test func theSameExternalIDIsTheSameRecord() throws {
        #expect(SyncItem.id(.person, "1") == SyncItem.id(.person, "1"))
        #expect(SyncItem.id(.person, "1") != SyncItem.id(.company, "1"))
    }

    @Test func aBatchSaysWhereItIsWrong() throws {
        func pointers(_ json: String) throws -> [String] {
            try #require(throws: InputError.self) { try SyncBatchArguments.decode(Array(json.utf8)) }.problems.map(
                \.pointer)
        }
        #expect(try pointers("{}") == [""])
        #expect(try pointers(#"{"people":[{"external_id":"a"},{"external_id":"a"}]}"#) == ["/people/1/external_id"])
        #expect(try pointers(#"{"people":[{"external_id":"a","email":"x"},3]}"#) == ["/people/0/email", "/people/1"])
        let many = (0...1_000).map { #"{"external_id":"\#($0)"}"# }.joined(separator: ",")
        #expect(try pointers(#"{"companies":[\#(many)]}"#) == [""])
    }

    /// The progress survives being written down; companies come first, and no part holds both kinds.
    @Test func aBatchGoesOnWhereItWas() throws {
        let people = (0..<70).map { #"{"external_id":"p\#($0)"}"# }.joined(separator: ",")
        let companies = (0..<5).map { #"{"external_id":"c\#($0)"}"# }.joined(separator: ",")
        var arguments = try SyncBatchArguments.decode(
            Array(#"{"people":[\#(people)],"companies":[\#(companies)]}"#.utf8))
        var sizes: [Int] = []
        while !arguments.part.isEmpty {
            let part = arguments.part
            #expect(Set(part.map(\.kind)).count == 1)
            sizes.append(part.count)
            var batch = SyncBatch(results: part.map { SyncResult(id: $0.id, change: .created) })
            if part[0].kind == .person {
                batch.results[0] = nil
                batch.failures[0] = TwentyError(.validationError, String(repeating: "x", count: 1_000))
            }
            batch.companies = [SyncMapping(kind: .company, externalID: "made", id: "i")]
            #expect(arguments.note(part, batch) == nil)
            arguments = try SyncBatchArguments.decode(arguments.encoded())
        }
        #expect(sizes == [5, 60, 10])
        #expect(arguments.summary == "73 created, 0 updated, 0 unchanged" && arguments.mappings.count == 73 + 3)
        #expect(arguments.failures.map(\.place) == [5, 65] && arguments.failures[0].error.count == 200)
        let rest = try SyncBatchArguments.decode(arguments.failedAlone())
        #expect(rest.items.map(\.externalID) == ["p0", "p60"] && rest.next == 0 && rest.mappings.isEmpty)
    }

    @Test func whatMayBeGoneLaterStopsAPart() throws {
        var arguments = try SyncBatchArguments.decode(
            Array(#"{"people":[{"external_id":"a"},{"external_id":"b"}]}"#.utf8))
        let part = arguments.part
        var batch = SyncBatch(results: [nil, nil])
        batch.failures = [0: TwentyError(.validationError, "x"), 1: TwentyError(.rateLimit, "y")]
        #expect(arguments.note(part, batch)?.code == .rateLimit)
        #expect(arguments.next == 0 && arguments.failures.isEmpty)
    }
}
