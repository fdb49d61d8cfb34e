public import Jobs

/// The variables that say where the systems are that jobs call.
public enum ServiceSettings {
    /// A service from the variable with its address and the one with its token.
    ///
    /// - Parameters:
    ///   - name: for logs and errors, like `crm`.
    ///   - url: the variable of the address.
    ///   - token: the variable of the token; nil for a service that wants none.
    /// - Returns: nil while the address is not set.
    /// - Throws: exit 78 with the variable that cannot be used.
    public static func address(
        _ settings: Settings, name: String, url: String, token: String? = nil
    ) throws(ProgramError) -> ServiceAddress? {
        let secret = try token.map { variable throws(ProgramError) in try self.token(settings, variable) } ?? nil
        guard let text = settings.optionalString(url) else { return nil }
        do throws(ServiceAddress.Fault) {
            return try ServiceAddress(name: name, url: text, token: secret, isNamedByOperator: true)
        } catch {
            // The address itself may hold a token.
            throw Settings.invalid(url, value: nil, "expected an http or https address: \(error)")
        }
    }

    /// A token; nil while the variable is not set.
    ///
    /// - Throws: exit 78 when it cannot stand in a header.
    public static func token(_ settings: Settings, _ variable: String) throws(ProgramError) -> WebhookSecret? {
        guard let text = settings.optionalString(variable) else { return nil }
        guard let secret = WebhookSecret(text) else {
            throw Settings.invalid(
                variable, value: nil, "expected 1 to \(WebhookSecret.maximumBytes) printable ASCII characters")
        }
        return secret
    }
}
