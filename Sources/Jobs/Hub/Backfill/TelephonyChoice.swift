/// The telephony that an operator gives, by flags and, where there is none, by variables.
public struct TelephonyChoice: Sendable {
    /// One of the six: its flag, its variable, and what it must be.
    public enum Field: String, Sendable, Hashable, CaseIterable {
        case inboundPhone = "inbound-phone"
        case accountSID = "twilio-account-sid"
        case authToken = "twilio-auth-token"
        case apiKey = "twilio-api-key"
        case apiSecret = "twilio-api-secret"
        case phoneNumber = "twilio-phone-number"

        /// Such as `--inbound-phone`.
        public var flag: String { "--\(rawValue)" }
        /// Such as `PROVISION_INBOUND_PHONE`.
        public var variable: String { "PROVISION_" + rawValue.uppercased().replacing("-", with: "_") }
    }

    /// What is wrong, without any value.
    public struct Fault: Error, Sendable, Hashable, CustomStringConvertible {
        /// Flags or variables, by their names, and what is allowed.
        public let description: String
        /// Whether a variable is to blame, not a flag.
        public let isVariable: Bool
    }

    /// What came of it.
    public enum Outcome: Sendable, Hashable {
        /// All that a new account needs.
        case complete(TelephonyDefaults)
        /// What is still missing, for people.
        case missing([String])
    }

    private let flags: [Field: String]
    private let variables: [Field: String]

    /// By field, what the command line and the environment say; empty texts count as absent.
    public init(flags: [Field: String], variables: [Field: String]) {
        self.flags = flags.filter { !$0.value.isEmpty }
        self.variables = variables.filter { !$0.value.isEmpty }
    }

    /// Judges all of it.
    ///
    /// - Throws: for a mixture of both ways to Twilio, and for values that cannot be.
    public func resolve() throws(Fault) -> Outcome {
        let usesKey = try usesKey()
        let others: Set<Field> = usesKey.map { $0 ? [.authToken] : [.apiKey, .apiSecret] } ?? []
        for field in Field.allCases where !others.contains(field) { try check(field) }
        var missing: [String] = []
        func need(_ field: Field) -> String {
            if let text = value(field) { return text }
            missing.append("\(field.flag) (or \(field.variable))")
            return ""
        }
        let (inbound, account) = (need(.inboundPhone), need(.accountSID))
        let twilio: TelephonyDefaults.TwilioAccess?
        switch usesKey {
        case true?:
            let (key, secret) = (need(.apiKey), need(.apiSecret))
            twilio = WebhookSecret(secret).map { .apiKey(accountSID: account, keySID: key, secret: $0) }
        case false?:
            twilio = WebhookSecret(need(.authToken)).map { .authToken(accountSID: account, token: $0) }
        case nil:
            missing.append("\(Field.authToken.flag), or \(Field.apiKey.flag) and \(Field.apiSecret.flag)")
            twilio = nil
        }
        guard missing.isEmpty, let twilio else { return .missing(missing) }
        return .complete(
            TelephonyDefaults(inboundPhone: inbound, outboundPhone: value(.phoneNumber), twilio: twilio))
    }

    /// Whether it is a key, else a token; nil while nothing says. Flags decide over variables, since an operator who
    /// gives one way by flags may have the other in the environment.
    private func usesKey() throws(Fault) -> Bool? {
        for (values, isVariable) in [(flags, false), (variables, true)] {
            let hasToken = values[.authToken] != nil
            let hasKey = values[.apiKey] != nil || values[.apiSecret] != nil
            func name(_ field: Field) -> String { isVariable ? field.variable : field.flag }
            guard !(hasToken && hasKey) else {
                throw Fault(
                    description:
                        "give either \(name(.authToken)), or \(name(.apiKey)) and \(name(.apiSecret)), not both",
                    isVariable: isVariable)
            }
            if hasToken || hasKey { return hasKey }
        }
        return nil
    }

    private func value(_ field: Field) -> String? { flags[field] ?? variables[field] }

    private func check(_ field: Field) throws(Fault) {
        guard let text = value(field) else { return }
        let expectation: String?
        switch field {
        case .inboundPhone, .phoneNumber:
            expectation = Self.isPhone(text) ? nil : "a phone number like +14165550100 is expected"
        case .accountSID:
            expectation = Self.isSID(text, "AC") ? nil : "an account's SID is expected, which begins with AC"
        case .apiKey: expectation = Self.isSID(text, "SK") ? nil : "a key's SID is expected, which begins with SK"
        case .authToken, .apiSecret:
            expectation =
                WebhookSecret(text) != nil
                ? nil : "1 to \(WebhookSecret.maximumBytes) printable ASCII characters are expected"
        }
        guard let expectation else { return }
        let isVariable = flags[field] == nil
        throw Fault(
            description: "\(isVariable ? field.variable : field.flag): \(expectation)", isVariable: isVariable)
    }

    /// E.164.
    private static func isPhone(_ text: String) -> Bool {
        let digits = text.utf8.dropFirst()
        return text.hasPrefix("+") && (8...15).contains(digits.count) && digits.first != 0x30
            && digits.allSatisfy { 0x30...0x39 ~= $0 }
    }

    private static func isSID(_ text: String, _ prefix: String) -> Bool {
        text.hasPrefix(prefix) && (3...100).contains(text.utf8.count)
            && text.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x7A ~= $0 | 0x20 || $0 == UInt8(ascii: "_") }
    }
}
