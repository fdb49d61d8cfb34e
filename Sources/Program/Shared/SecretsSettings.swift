public import Jobs

/// `SECRETS_KEY`.
public enum SecretsSettings {
    /// The keys that stored secrets are sealed with; none when it is not set. Never shows the value.
    public static func keyring(_ settings: Settings) throws(ProgramError) -> SecretsKeyring {
        do {
            return try SecretsKeyring(settings.optionalString("SECRETS_KEY") ?? "")
        } catch {
            throw Settings.invalid("SECRETS_KEY", value: nil, error.description)
        }
    }
}
