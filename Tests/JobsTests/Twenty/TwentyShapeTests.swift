import Basics
import Testing

@testable import Jobs

@Suite struct TwentyShapeTests {
    @Test(arguments: [
        ("+14165551234", "+1", "4165551234"), ("+1 (416) 555-1234", "+1", "4165551234"),
        ("+39 06 1234567", "+39", "061234567"), ("+44.20.7946.0958", "+44", "2079460958"),
        ("+7 495 123-45-67", "+7", "4951234567"), ("+358 40 1234567", "+358", "401234567"),
        ("+852/1234/5678", "+852", "12345678"),
    ])
    func aNumberIsTakenApart(text: String, code: String, national: String) throws {
        let phone = try #require(TwentyPhone(text))
        #expect(phone.callingCode == code && phone.national == national && phone.e164 == code + national)
    }

    @Test(arguments: [
        "", "+", "4165551234", "0014165551234", "+04165551234", "+123456", "+1234567890123456", "+1416555123x",
        "++14165551234", " +14165551234", "+1416555\n1234", "+١٤١٦٥٥٥١٢٣٤",
    ])
    func whatIsNoInternationalNumberIsRefused(text: String) { #expect(TwentyPhone(text) == nil) }

    @Test(arguments: Self.stored)
    func aStoredNumberMatchesWithItsCode(number: String?, code: String?, matches: Bool) throws {
        #expect(try #require(TwentyPhone("+14165551234")).matches(number: number, callingCode: code) == matches)
    }

    private static let stored: [(String?, String?, Bool)] = [
        ("4165551234", "+1", true), ("4165551234", "1", true), ("4165551234", "+44", false), ("4165551234", nil, false),
        ("+14165551234", nil, true), ("+14165551234", "+44", true), ("416555123", "+1", false), (nil, "+1", false),
    ]

    private func record(_ json: String) throws -> TwentyRecord {
        try #require(TwentyRecord(try JSONParser.parse(Array(json.utf8))))
    }

    private let ada = #"""
        {"id":"1","name":{"firstName":"Ada","lastName":"Lovelace"},"jobTitle":"","companyId":null,
        "emails":{"primaryEmail":"ada@example.com","additionalEmails":["a@example.com"]},
        "phones":{"primaryPhoneNumber":"4165551234","primaryPhoneCallingCode":"+1","primaryPhoneCountryCode":"CA",
        "additionalPhones":[{"number":"2079460958","callingCode":"+44","countryCode":"GB"}]},
        "tipsScore":5,"tipsSeen":"2026-01-01T00:00:00.000Z","tipsLink":{"primaryLinkUrl":"https://x","secondaryLinks":null}}
        """#

    @Test func whatIsSoAlreadyIsNoChange() throws {
        let person = TwentyPerson(
            firstName: "Ada", lastName: "Lovelace", email: "ADA@Example.com", phone: TwentyPhone("+1 416 555 1234"),
            jobTitle: "",
            others: [
                "tipsScore": .number("5.0"), "tipsSeen": .string("2026-01-01T01:00:00+01:00"),
                "tipsLink": .object(["primaryLinkUrl": .string("https://x")]), "tipsNote": .null,
            ])
        #expect(person.changes(from: try record(ada)).members.isEmpty)
        #expect(TwentyPerson().changes(from: try record(ada)).members.isEmpty)
    }

    @Test func aChangeKeepsWhatStandsBeside() throws {
        let person = TwentyPerson(
            lastName: "King", email: "ada@king.example", phone: TwentyPhone("+442079460000"), jobTitle: "Countess",
            companyID: "c", createdBy: TwentyActor(source: "API", name: "x", workspaceMemberID: nil),
            others: ["tipsScore": .number("6"), "tipsNote": .string("new")])
        let changes = person.changes(from: try record(ada))
        let text = String(decoding: JSONValue.object(changes).encoded(), as: UTF8.self)
        #expect(
            text == #"{"name":{"firstName":"Ada","lastName":"King"},"#
                + #""emails":{"primaryEmail":"ada@king.example","additionalEmails":["a@example.com"]},"#
                + #""phones":{"primaryPhoneNumber":"+442079460000","additionalPhones":"#
                + #"[{"number":"2079460958","callingCode":"+44","countryCode":"GB"}]},"#
                + #""jobTitle":"Countess","companyId":"c","tipsScore":6,"tipsNote":"new"}"#)
    }

    @Test func aNewPersonHasOnlyWhatIsSaid() throws {
        let person = TwentyPerson(
            firstName: "Ada", email: "Ada@Example.com", phone: TwentyPhone("+14165551234"),
            createdBy: TwentyActor(source: "API", name: "Aventora", workspaceMemberID: "m"))
        let text = String(decoding: JSONValue.object(person.fields(id: "i")).encoded(), as: UTF8.self)
        #expect(
            text == #"{"id":"i","name":{"firstName":"Ada","lastName":""},"emails":{"primaryEmail":"ada@example.com"},"#
                + #""phones":{"primaryPhoneNumber":"+14165551234"},"#
                + #""createdBy":{"source":"API","name":"Aventora","workspaceMemberId":"m"}}"#)
    }

    @Test(arguments: [
        ("acme.com", "https://acme.com"), ("https://ACME.com/", "https://acme.com"),
        ("HTTP://Acme.com/About/", "http://acme.com/About"), (" acme.com// ", "https://acme.com"),
    ])
    func aWebsiteHasOneForm(text: String, link: String) { #expect(TwentyCompany.link(text) == link) }

    @Test func aCompanysChangeKeepsItsOtherLinks() throws {
        let company = try record(
            #"{"id":"1","name":"Acme","domainName":{"primaryLinkUrl":"https://acme.com/","primaryLinkLabel":"A","secondaryLinks":[]}}"#
        )
        #expect(TwentyCompany(name: "Acme", website: "acme.com").changes(from: company).members.isEmpty)
        let changes = TwentyCompany(website: "acme.org").changes(from: company)
        #expect(
            String(decoding: JSONValue.object(changes).encoded(), as: UTF8.self)
                == #"{"domainName":{"primaryLinkUrl":"https://acme.org","primaryLinkLabel":"A","secondaryLinks":[]}}"#)
    }
}
