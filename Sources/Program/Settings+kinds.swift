extension Settings {
    /// A whole number within `range`, or `default`.
    ///
    /// - Precondition: `default` is within `range`.
    public func integer(
        _ name: String,
        default: Int,
        in range: ClosedRange<Int>,
    ) throws(ProgramError) -> Int {
        precondition(range.contains(`default`), "the default of \(name) is out of its own range")
        return try optionalInteger(name, in: range) ?? `default`
    }

    /// A whole number within `range`, or nil when the variable is unset or empty.
    public func optionalInteger(_ name: String, in range: ClosedRange<Int>) throws(ProgramError) -> Int? {
        guard let text = optionalString(name) else { return nil }
        guard let value = Int(Self.trimmed(text)), range.contains(value) else {
            let expectation = "expected a whole number from \(range.lowerBound) to \(range.upperBound)"
            throw Self.invalid(name, value: text, expectation)
        }
        return value
    }

    /// `true`, `1`, `yes` or `false`, `0`, `no` in any case, or `default`.
    public func boolean(_ name: String, default: Bool) throws(ProgramError) -> Bool {
        guard let text = optionalString(name) else { return `default` }
        switch Self.trimmed(text).lowercased() {
        case "true", "1", "yes": return true
        case "false", "0", "no": return false
        default: throw Self.invalid(name, value: text, "expected true or false (or 1, 0, yes, no)")
        }
    }

    /// One of the cases of `Choice` by its raw value in any case, or `default`.
    public func choice<Choice>(_ name: String, default: Choice) throws(ProgramError) -> Choice
    where Choice: CaseIterable & RawRepresentable, Choice.RawValue == String {
        guard let text = optionalString(name) else { return `default` }
        let wanted = Self.trimmed(text).lowercased()
        for choice in Choice.allCases where choice.rawValue.lowercased() == wanted {
            return choice
        }
        let allowed = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        throw Self.invalid(name, value: text, "expected one of \(allowed)")
    }

    /// Where a server listens, or `default`.
    ///
    /// - Precondition: `default` is a valid address.
    public func listenAddress(_ name: String, default: String) throws(ProgramError) -> ListenAddress {
        let text = optionalString(name) ?? `default`
        guard let address = ListenAddress(Self.trimmed(text)) else {
            let expectation = "expected host:port or [address]:port, with a port from 0 to 65535"
            throw Self.invalid(name, value: text, expectation)
        }
        return address
    }

    /// Where a server listens, or nil when the variable is `0`, which turns the server off.
    ///
    /// - Precondition: `default` is a valid address or `0`.
    public func optionalListenAddress(_ name: String, default: String) throws(ProgramError) -> ListenAddress? {
        let text = optionalString(name) ?? `default`
        if Self.trimmed(text) == "0" { return nil }
        guard let address = ListenAddress(Self.trimmed(text)) else {
            let expectation = "expected host:port or [address]:port, with a port from 0 to 65535, or 0 for off"
            throw Self.invalid(name, value: text, expectation)
        }
        return address
    }
}
