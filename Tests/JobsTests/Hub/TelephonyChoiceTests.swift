import Basics
import Testing

@testable import Jobs

struct TelephonyChoiceTests {
    typealias Field = TelephonyChoice.Field

    private static let phone = "+14165550100"
    private static let account = "AC0123456789abcdef0123456789abcdef"
    private static let key = "SK0123456789abcdef0123456789abcdef"
    private static let base: [Field: String] = [.inboundPhone: phone, .accountSID: account]

    private func resolve(
        _ flags: [Field: String], _ variables: [Field: String] = [:]
    ) throws(TelephonyChoice.Fault) -> TelephonyChoice.Outcome {
        try TelephonyChoice(flags: flags, variables: variables).resolve()
    }

    private func complete(_ flags: [Field: String], _ variables: [Field: String] = [:]) throws -> TelephonyDefaults {
        guard case .complete(let defaults) = try resolve(flags, variables) else { throw Missing() }
        return defaults
    }

    private struct Missing: Error {}

    @Test func bothWaysAreUnderstood() throws {
        let token = try complete(Self.base.merging([.authToken: "the-token"]) { $1 })
        #expect(token.settings["twilio_account_sid"] == .string(Self.account))
        #expect(token.settings["twilio_auth_token"] == .string("the-token"))
        #expect(token.settings["twilio_api_key_sid"] == nil)
        let key = try complete(Self.base.merging([.apiKey: Self.key, .apiSecret: "the-secret"]) { $1 })
        #expect(key.settings["twilio_account_sid"] == .string(Self.account))
        #expect(key.settings["twilio_api_key_sid"] == .string(Self.key))
        // The Hub keeps a key's secret where a token would be.
        #expect(key.settings["twilio_auth_token"] == .string("the-secret"))
        for defaults in [token, key] {
            #expect(!"\(defaults)".contains("the-"))
            #expect(TelephonyDefaults(inboundPhone: Self.phone, settings: defaults.settings) == defaults)
        }
    }

    @Test func theInboundPhoneIsTheOutboundOneUnlessThatIsGiven() throws {
        let names = ["twilio_phone_number", "twilio_sms_number", "twilio_whatsapp_number", "display_number"]
        let same = try complete(Self.base.merging([.authToken: "t"]) { $1 })
        let other = try complete(Self.base.merging([.authToken: "t", .phoneNumber: "+14165550199"]) { $1 })
        #expect(names.allSatisfy { same.settings[$0] == .string(Self.phone) })
        #expect(names.allSatisfy { other.settings[$0] == .string("+14165550199") })
        #expect(other.inboundPhone == Self.phone)
    }

    @Test func variablesStandInForFlags() throws {
        let variables = Self.base.merging([.apiKey: Self.key, .apiSecret: "env-secret"]) { $1 }
        #expect(try complete([:], variables).secret == "env-secret")
        #expect(try complete([.apiSecret: "flag-secret"], variables).secret == "flag-secret")
        // Whoever gives a token by flag has chosen, whatever is in the environment.
        #expect(try complete([.authToken: "flag-token"], variables).secret == "flag-token")
        #expect(try complete([.inboundPhone: "+14165550155"], variables).inboundPhone == "+14165550155")
        #expect(try complete([.inboundPhone: ""], variables).inboundPhone == Self.phone)
        #expect(Field.apiSecret.variable == "PROVISION_TWILIO_API_SECRET")
        #expect(Field.inboundPhone.variable == "PROVISION_INBOUND_PHONE")
    }

    @Test(arguments: [[Field.apiKey: key], [.apiSecret: "s"], [.apiKey: key, .apiSecret: "s"]])
    func aMixtureIsRefused(keys: [Field: String]) {
        let mixture = Self.base.merging(keys) { $1 }.merging([.authToken: "t"]) { $1 }
        let flags = #expect(throws: TelephonyChoice.Fault.self) { try resolve(mixture) }
        #expect(flags?.isVariable == false && flags?.description.contains("--twilio-auth-token") == true)
        let variables = #expect(throws: TelephonyChoice.Fault.self) { try resolve([:], mixture) }
        #expect(variables?.isVariable == true)
        #expect(variables?.description.contains("PROVISION_TWILIO_AUTH_TOKEN") == true)
    }

    @Test(
        arguments: [
            ([:], 3), ([.authToken: "t"], 2), ([.inboundPhone: phone, .accountSID: account], 1),
            ([.inboundPhone: phone, .accountSID: account, .apiKey: key], 1),
            ([.inboundPhone: phone, .accountSID: account, .apiSecret: "s"], 1),
        ] as [([Field: String], Int)])
    func whatIsMissingIsNamed(flags: [Field: String], count: Int) throws {
        guard case .missing(let names) = try resolve(flags) else { throw Missing() }
        #expect(names.count == count, "\(names)")
    }

    @Test(arguments: [
        (Field.inboundPhone, "4165550123"), (.inboundPhone, "+1 416"), (.inboundPhone, "+0123456789"),
        (.inboundPhone, "+1234567"), (.inboundPhone, "+1234567890123456"), (.phoneNumber, "tel:+1416"),
        (.accountSID, key), (.accountSID, "AC-7"), (.accountSID, "AC 1"), (.apiKey, account), (.apiSecret, "a\nb"),
        (.apiSecret, "é-word"),
    ])
    func whatCannotBeIsRefusedWithoutBeingShown(field: Field, value: String) {
        var flags = Self.base.merging([.apiKey: Self.key, .apiSecret: "s"]) { $1 }
        flags[field] = value
        let fault = #expect(throws: TelephonyChoice.Fault.self) { try resolve(flags) }
        #expect(fault?.description.hasPrefix(field.flag) == true && fault?.description.contains(value) == false)
        var variables = flags
        variables[field] = value
        flags[field] = nil
        let other = #expect(throws: TelephonyChoice.Fault.self) { try resolve(flags, variables) }
        #expect(other?.isVariable == true && other?.description.hasPrefix(field.variable) == true)
    }
}
