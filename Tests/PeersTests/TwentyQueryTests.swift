import Basics
import Testing

@testable import Peers

@Suite(.timeLimit(.minutes(1)))
struct TwentyQueryTests {
    private let twenty = TwentyBench()

    @Test func pagesByCursor() throws {
        for number in 0..<130 { _ = try twenty.create(#"{"city":"\#(number % 7)","jobTitle":"\#(number)"}"#) }
        #expect(twenty.list("/rest/people").0.count == 60)
        #expect(twenty.list("/rest/people?limit=500").0.count == 130)
        for order in ["", "&order_by=city[DescNullsLast]"] {
            var seen: [String] = []
            var cursor = ""
            repeat {
                let (people, page) = twenty.list("/rest/people?limit=50\(order)\(cursor)")
                seen += people.compactMap { $0.text("jobTitle") }
                let end = try #require(page.value(at: "pageInfo.endCursor")?.string)
                let isMore = page.value(at: "pageInfo.hasNextPage") == .bool(true)
                cursor = isMore ? "&starting_after=\(encoded(end))" : ""
            } while !cursor.isEmpty
            #expect(seen.count == 130)
            #expect(Set(seen).count == 130)
        }
        let (_, page) = twenty.list("/rest/people?limit=10")
        let end = try #require(page.value(at: "pageInfo.endCursor")?.string)
        let before = twenty.list("/rest/people?limit=5&ending_before=\(encoded(end))").0
        #expect(before.compactMap { $0.text("jobTitle") } == ["4", "5", "6", "7", "8"])
    }

    @Test func cutsTooManyFields() {
        let names = [String](repeating: "city", count: 201).joined(separator: ",")
        let answer = twenty.full("GET", "/rest/people?fields=\(names)")
        #expect(answer.headers.contains { $0.name == "X-Twenty-Fields-Capped" && $0.value == "true" })
    }

    @Test func aBarePlusIsASpace() throws {
        _ = try twenty.create(#"{"emails":{"primaryEmail":"a+b@x.test"}}"#)
        #expect(twenty.list("/rest/people?filter=emails.primaryEmail[eq]:a+b@x.test").0.isEmpty)
        #expect(twenty.list("/rest/people?filter=emails.primaryEmail[eq]:a%2Bb@x.test").0.count == 1)
    }

    @Test(arguments: [
        (#"city[eq]:"Rome""#, ["1"]), ("city[neq]:Rome", ["2", "3"]), ("city[in]:[Rome,Oslo]", ["1", "3"]),
        ("city[startsWith]:Par", ["2"]), ("city[like]:%om%", ["1"]), ("city[ilike]:O%", ["3"]),
        ("city[gt]:P", ["1", "2"]), ("not(city[eq]:Rome)", ["2", "3"]),
        ("or(city[eq]:Rome,city[eq]:Oslo)", ["1", "3"]), ("city[gte]:P,city[lt]:R", ["2"]),
        ("and(or(city[eq]:Rome,city[eq]:Paris),name.firstName[eq]:2)", ["2"]),
        ("companyId[is]:NULL", ["1", "2", "3"]), ("companyId[is]:NOT_NULL", []),
        ("createdAt[gte]:2020-01-01", ["1", "2", "3"]), (#"updatedAt[lt]:"2020-01-01T00:00:00Z""#, []),
    ])
    func filters(_ filter: String, _ names: [String]) throws {
        for (name, city) in [("1", "Rome"), ("2", "Paris"), ("3", "Oslo")] {
            _ = try twenty.create(#"{"name":{"firstName":"\#(name)"},"city":"\#(city)"}"#)
        }
        let found = twenty.list("/rest/people?filter=\(encoded(filter))").0
        #expect(found.compactMap { $0.value(at: "name.firstName")?.string } == names)
    }

    /// The grammar has no way to write these values: the client has to find another.
    @Test(arguments: [
        #"name.lastName[eq]:"O'Brien",city[eq]:"Rome""#, #"name.lastName[eq]:"A (B""#, #"city[in]:["a,b"]"#,
    ])
    func cannotEscape(_ filter: String) throws {
        for name in ["O'Brien", "A (B"] {
            _ = try twenty.create(#"{"name":{"lastName":"\#(name)"},"city":"Rome"}"#)
        }
        _ = try twenty.create(#"{"city":"a,b"}"#)
        let (people, _) = twenty.list("/rest/people?filter=\(encoded(filter))")
        #expect(people.isEmpty)
    }

    @Test(arguments: [
        (#"{"primaryPhoneNumber":"+14165551234"}"#, "4165551234", "CA", "+1"),
        (#"{"primaryPhoneNumber":"+15551234567"}"#, "5551234567", "US", "+1"),
        (#"{"primaryPhoneNumber":"+4930123456"}"#, "30123456", "DE", "+49"),
        (
            #"{"primaryPhoneNumber":"5551234567","primaryPhoneCountryCode":"US","primaryPhoneCallingCode":"+1"}"#,
            "5551234567", "US", "+1"
        ),
    ])
    func phones(_ phones: String, _ national: String, _ country: String, _ code: String) throws {
        let person = try twenty.create(#"{"phones":\#(phones)}"#)
        #expect(person.value(at: "phones.primaryPhoneNumber") == .string(national))
        #expect(person.value(at: "phones.primaryPhoneCountryCode") == .string(country))
        #expect(person.value(at: "phones.primaryPhoneCallingCode") == .string(code))
        #expect(twenty.list("/rest/people?filter=phones.primaryPhoneNumber[eq]:\(national)").0.count == 1)
    }

    @Test(arguments: [
        #"{"primaryPhoneNumber":"5551234567"}"#, #"{"primaryPhoneNumber":"+1555"}"#,
        #"{"primaryPhoneNumber":"call me"}"#, #"{"primaryPhoneNumber":"+9991234567"}"#,
        #"{"primaryPhoneNumber":"+14165551234","primaryPhoneCountryCode":"US"}"#,
        #"{"primaryPhoneNumber":"+14165551234","primaryPhoneCallingCode":"+49"}"#,
        #"{"primaryPhoneNumber":"+14165551234","additionalPhones":[{"number":"12"}]}"#,
    ])
    func refusesPhones(_ phones: String) {
        #expect(twenty.send("POST", "/rest/people", #"{"phones":\#(phones)}"#).0 == 400)
    }

    @Test func additionalPhonesAreWipedWhenNotNamed() throws {
        let both = #"{"primaryPhoneNumber":"+15551234567","additionalPhones":[{"number":"+4930123456"}]}"#
        let person = try twenty.create(#"{"phones":\#(both)}"#)
        #expect(person.value(at: "phones.additionalPhones")?.objects.first?.text("callingCode") == "+49")
        let id = person.text("id") ?? ""
        let (_, answer) = twenty.send(
            "PATCH", "/rest/people/\(id)", #"{"phones":{"primaryPhoneNumber":"+15551234567"}}"#)
        #expect(answer.value(at: "data.updatePerson.phones.additionalPhones") == .null)
    }

    @Test(arguments: TwentyEra.allCases)
    func limits(_ era: TwentyEra) {
        let twenty = TwentyBench(limit: 100, era: era)
        for _ in 0..<100 { #expect(twenty.send("GET", "/rest/people").0 == 200) }
        let answer = twenty.full("GET", "/rest/people")
        let body = TwentyBench.object(answer)
        switch era {
        case .oldest:
            #expect(answer.status == 400)
            #expect(twenty.message(body).hasPrefix("Limit reached"))
        case .middle:
            #expect(answer.status == 429)
            #expect(answer.headers.isEmpty)
        case .newest:
            #expect(answer.status == 429)
            #expect(body["retryAfterSeconds"] == .number("1"))
            #expect(answer.headers.contains { $0.name == "Retry-After" && $0.value == "1" })
        }
        // Fields and webhooks cost nothing; time refills.
        #expect(twenty.send("GET", "/rest/metadata/objects").0 == 200)
        twenty.clock.advance(milliseconds: 30_000)
        #expect(twenty.send("GET", "/rest/people").0 == 200)
    }

    private func encoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = Character(Unicode.Scalar(byte)).isASCII && Character(Unicode.Scalar(byte)).isLetter
            return isPlain ? String(Unicode.Scalar(byte)) : "%" + Hexadecimal.encode([byte])
        }.joined()
    }
}
