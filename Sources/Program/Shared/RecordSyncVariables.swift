public import Jobs

/// `TWENTY_CRM_BASE_URL`, `TWENTY_CRM_API_KEY`, `TWENTY_CRM_ENABLED`, `TWENTY_CRM_SYNC_MODE`, `TWENTY_CALLS_PER_MINUTE`.
public enum RecordSyncVariables {
    /// How many calls a workspace gets in any minute: 90, since Twenty takes 100 unless it is set up otherwise.
    ///
    /// - Throws: exit 78 for less than 2 or more than 100,000.
    public static func limits(_ settings: Settings) throws(ProgramError) -> TwentyLimits {
        let standard = TwentyLimits.standard.perMinute
        return TwentyLimits(
            perMinute: try settings.integer("TWENTY_CALLS_PER_MINUTE", default: standard, in: 2...100_000))
    }

    /// What holds while no settings are stored.
    ///
    /// - Throws: exit 78 with the variable that cannot be used.
    public static func settings(_ settings: Settings) throws(ProgramError) -> RecordSyncSettings {
        let address = try ServiceSettings.address(
            settings, name: "twenty", url: "TWENTY_CRM_BASE_URL", token: "TWENTY_CRM_API_KEY")
        let text = settings.string("TWENTY_CRM_SYNC_MODE", default: RecordSyncMode.disabled.rawValue)
        guard let mode = RecordSyncMode(rawValue: text) else {
            let known = RecordSyncMode.allCases.map(\.rawValue).joined(separator: ", ")
            throw Settings.invalid("TWENTY_CRM_SYNC_MODE", value: text, "expected one of \(known)")
        }
        return RecordSyncSettings(
            baseURL: address?.base, key: address?.token,
            isEnabled: try settings.boolean("TWENTY_CRM_ENABLED", default: false), mode: mode)
    }
}
