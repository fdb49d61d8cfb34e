public import Jobs

/// The variables of what Twenty tells us.
public enum InboundVariables {
    /// `TWENTY_INBOUND_SECRETS` and `TWENTY_INBOUND_ALLOW_BODY_ONLY`.
    ///
    /// - Throws: exit 78 for more than two secrets, and for one that is no printable ASCII.
    public static func settings(_ settings: Settings) throws(ProgramError) -> InboundSettings {
        var secrets: [WebhookSecret] = []
        for text in settings.list(secretsVariable) {
            guard let secret = WebhookSecret(text), secrets.count < InboundSettings.maximumSecrets else {
                throw Settings.invalid(
                    secretsVariable, value: nil,
                    "expected 1 or 2 secrets between commas, of 1 to \(WebhookSecret.maximumBytes) printable ASCII "
                        + "characters")
            }
            secrets.append(secret)
        }
        return InboundSettings(
            secrets: secrets,
            allowsBodyOnly: try settings.boolean("TWENTY_INBOUND_ALLOW_BODY_ONLY", default: false))
    }

    /// `TWENTY_INBOUND_KEY_NAME`: what the workspace calls the key that we write with.
    public static func ownName(_ settings: Settings) -> String? { settings.optionalString("TWENTY_INBOUND_KEY_NAME") }

    /// `TWENTY_RECONCILE_ENABLED`, `TWENTY_RECONCILE_OBJECTS` and `TWENTY_WORKSPACE_ID`.
    ///
    /// - Throws: exit 78 with the variable that cannot be used.
    public static func reconciliation(_ settings: Settings) throws(ProgramError) -> ReconciliationSettings {
        var reconciliation = ReconciliationSettings()
        reconciliation.isEnabled = try settings.boolean(
            "TWENTY_RECONCILE_ENABLED", default: settings.optionalString(secretsVariable) != nil)
        reconciliation.workspaceID = settings.optionalString("TWENTY_WORKSPACE_ID")
        reconciliation.sync = try RecordSyncVariables.settings(settings)
        let items = settings.list(objectsVariable)
        if !items.isEmpty { reconciliation.objects = [] }
        for item in items {
            guard let object = ReconciliationSettings.object(item) else {
                throw Settings.invalid(
                    objectsVariable, value: item, "expected items such as people:person, between commas")
            }
            reconciliation.objects.append(object)
        }
        return reconciliation
    }

    private static let objectsVariable = "TWENTY_RECONCILE_OBJECTS"
    private static let secretsVariable = "TWENTY_INBOUND_SECRETS"
}
