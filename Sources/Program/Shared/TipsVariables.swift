public import Jobs
internal import Queue

/// The variables of TIPS sync.
public enum TipsVariables {
    /// - Throws: exit 78 with the variable that cannot be used. What is missing is no fault until a sync is asked for.
    public static func settings(_ settings: Settings) throws(ProgramError) -> TipsSettings {
        var tips = TipsSettings()
        tips.clientID = settings.optionalString("TIPS_CLIENT_ID")
        tips.clientSecret = try ServiceSettings.token(settings, "TIPS_CLIENT_SECRET")
        tips.tips = try ServiceSettings.address(settings, name: "tips", url: "TIPS_API_BASE_URL")
        if tips.tips == nil { tips.tips = try standard(tips.clientID) }
        tips.provisioning = try ServiceSettings.address(
            settings, name: "crm", url: "CRM_API_URL", token: "CRM_PROVISIONING_SECRET")
        tips.twenty = try twenty(settings)
        tips.workspaceID = try workspaceID(settings)
        tips.isEnabled = try settings.boolean("TIPS_SYNC_ENABLED", default: false)
        tips.pattern = try pattern(settings)
        tips.zone = try zone(settings)
        return tips
    }

    private static let standardURL = "https://tipsadvisors.tipservices.ca/api"

    private static func standard(_ clientID: String?) throws(ProgramError) -> ServiceAddress? {
        guard clientID != nil else { return nil }
        do throws(ServiceAddress.Fault) {
            return try ServiceAddress(name: "tips", url: standardURL, token: nil, isNamedByOperator: true)
        } catch {
            throw ProgramError(.internal, "TIPS's own address cannot be used: \(error)")
        }
    }

    /// `CRM_PUBLIC_BASE_URL`, which is `CRM_API_URL` unless it is set.
    private static func twenty(_ settings: Settings) throws(ProgramError) -> ServiceAddress? {
        let isPublic = settings.optionalString("CRM_PUBLIC_BASE_URL") != nil
        return try ServiceSettings.address(
            settings, name: "twenty", url: isPublic ? "CRM_PUBLIC_BASE_URL" : "CRM_API_URL",
            token: "CRM_WORKSPACE_API_KEY")
    }

    private static func workspaceID(_ settings: Settings) throws(ProgramError) -> String? {
        guard let text = settings.optionalString("TIPS_SYNC_WORKSPACE_ID") else { return nil }
        guard let id = NameBasedID(text) else {
            throw Settings.invalid("TIPS_SYNC_WORKSPACE_ID", value: text, "expected a UUID")
        }
        return id.text
    }

    private static func pattern(_ settings: Settings) throws(ProgramError) -> CronPattern {
        let text = settings.optionalString("TIPS_SYNC_CRON_PATTERN") ?? "0 * * * *"
        do throws(QueueError) {
            return try CronPattern(parsing: text)
        } catch {
            throw Settings.invalid("TIPS_SYNC_CRON_PATTERN", value: text, "expected a cron pattern: \(error.message)")
        }
    }

    private static func zone(_ settings: Settings) throws(ProgramError) -> TimeZoneRules {
        guard let text = settings.optionalString("TIPS_SYNC_TIME_ZONE"), text != "UTC" else { return .utc }
        do throws(QueueError) {
            return try TimeZoneRules(named: text)
        } catch {
            throw Settings.invalid("TIPS_SYNC_TIME_ZONE", value: text, "expected a time zone: \(error.message)")
        }
    }
}
