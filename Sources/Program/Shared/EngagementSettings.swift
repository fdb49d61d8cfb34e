public import Jobs

/// The variables of engagements that a CRM asks for.
public enum EngagementSettings {
    /// `AVENTORA_BASE_URL`, `AVENTORA_API_KEY` and `AVENTORA_ASSIGNED_DOMAIN`, and those of record sync.
    ///
    /// - Throws: exit 78 with the variable that cannot be used.
    public static func configuration(_ settings: Settings) throws(ProgramError) -> EngagementConfiguration {
        let domain = settings.optionalString("AVENTORA_ASSIGNED_DOMAIN")
        if let domain, !(1...255).contains(domain.unicodeScalars.count) {
            throw Settings.invalid("AVENTORA_ASSIGNED_DOMAIN", value: domain, "expected 1 to 255 characters")
        }
        return EngagementConfiguration(
            hub: try ServiceSettings.address(
                settings, name: "hub", url: "AVENTORA_BASE_URL", token: "AVENTORA_API_KEY"), domainName: domain,
            people: try RecordSyncVariables.settings(settings))
    }
}
