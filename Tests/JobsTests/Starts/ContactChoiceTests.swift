import Testing

@testable import Jobs

@Suite(.timeLimit(.minutes(1)))
struct ContactChoiceTests {
    private static let person = EngagementPerson(
        phones: ["+1 (416) 707-8887", "+14165550100"], emails: ["Ann@example.com", "ann@work.example"])

    private static func choose(
        _ person: EngagementPerson, _ contact: String? = nil, _ channel: EngagementChannel? = nil,
        usual: EngagementChannel = .phone
    ) -> String {
        do {
            let choice = try ContactChoice.make(of: person, contact: contact, channel: channel, usual: usual)
            return "\(choice.channel) \(choice.identifier)"
        } catch {
            return error.reason.rawValue
        }
    }

    private static let choices: [(String?, EngagementChannel?, EngagementChannel, String)] = [
        (nil, nil, .phone, "phone +14167078887"), (nil, nil, .sms, "sms +14167078887"),
        (nil, nil, .email, "email Ann@example.com"), (nil, .email, .phone, "email Ann@example.com"),
        (nil, .sms, .email, "sms +14167078887"), ("+1 416 555 0100", nil, .phone, "phone +14165550100"),
        ("14165550100", .sms, .phone, "sms +14165550100"), ("14165550100", nil, .sms, "sms +14165550100"),
        ("14165550100", nil, .email, "phone +14165550100"), ("ANN@WORK.example", nil, .phone, "email ann@work.example"),
        ("ann@work.example", .email, .phone, "email ann@work.example"),
        ("ann@work.example", .phone, .phone, "other_contact"), ("14165550100", .email, .phone, "other_contact"),
        ("+19995550100", nil, .phone, "other_contact"), ("else@example.com", nil, .phone, "other_contact"),
        ("+19995550100", .sms, .phone, "other_contact"), ("nonsense", nil, .phone, "other_contact"),
    ]

    @Test(arguments: choices)
    func choosesOneOfThePersonsOwn(
        contact: String?, channel: EngagementChannel?, usual: EngagementChannel, expected: String
    ) {
        #expect(Self.choose(Self.person, contact, channel, usual: usual) == expected)
    }

    @Test func aPersonWithoutPhoneIsReachedByEmailOnly() {
        let person = EngagementPerson(phones: [], emails: ["a@b.example"])
        #expect(Self.choose(person) == "email a@b.example")
        #expect(Self.choose(person, nil, .email) == "email a@b.example")
        #expect(Self.choose(person, nil, .phone) == "no_contact_for_channel")
        #expect(Self.choose(person, nil, .sms) == "no_contact_for_channel")
    }

    @Test func aPersonWithoutEmailIsReachedByPhoneOnly() {
        let person = EngagementPerson(phones: ["+14165550100"], emails: [])
        #expect(Self.choose(person, usual: .email) == "phone +14165550100")
        #expect(Self.choose(person, nil, .email) == "no_contact_for_channel")
    }

    @Test func aPersonWithNeitherCannotBeEngaged() {
        let person = EngagementPerson(phones: ["", "x"], emails: ["", "nobody"])
        for channel in [nil] + EngagementChannel.allCases.map(Optional.some) {
            #expect(Self.choose(person, nil, channel) == "no_contact")
        }
    }

    @Test func whoDoesNotWantToBeContactedIsNot() {
        var person = Self.person
        person.doNotContact = true
        #expect(Self.choose(person) == "do_not_contact")
        #expect(Self.choose(person, "14165550100", .sms) == "do_not_contact")
    }

    @Test(arguments: [
        ("+1 (416) 707-8887", "+14167078887"), ("416.707.8887", "4167078887"), ("  +44 20 7946 0000 ", "+442079460000"),
        ("911", nil), ("+", nil), ("++14167078887", nil), ("14167078887x9", nil), ("", nil),
        ("123456789012345678901", nil),
    ])
    func numbersAreWrittenOneWay(text: String, expected: String?) {
        #expect(EngagementPerson.number(text) == expected)
    }
}
