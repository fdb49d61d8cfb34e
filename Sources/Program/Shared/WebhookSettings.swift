public import Jobs
public import Queue

/// The variables of the engagement pushes.
public enum WebhookSettings {
    /// The ten `…_WEBHOOK_URL` and `…_WEBHOOK_SECRET`.
    public static func targets(_ settings: Settings) throws(ProgramError) -> TargetSettings {
        do {
            return try TargetSettings(environment: { settings.optionalString($0) })
        } catch {
            throw ProgramError(.configuration, error.description)
        }
    }

    /// `CRM_WEBHOOK_RETRY_COUNT` attempts, `CRM_WEBHOOK_RETRY_DELAY_SECONDS` apart.
    public static func retry(_ settings: Settings) throws(ProgramError) -> RetryPolicy {
        let attempts = try settings.integer("CRM_WEBHOOK_RETRY_COUNT", default: 3, in: 1...100)
        let seconds = try settings.integer("CRM_WEBHOOK_RETRY_DELAY_SECONDS", default: 5, in: 0...86_400)
        return RetryPolicy(attempts: attempts, delayMilliseconds: Int64(seconds) * 1_000)
    }

    /// `CALL_LOG_DEBOUNCE_SECONDS` and `CALL_LOG_DEBOUNCE_MAX_SECONDS`.
    public static func calls(_ settings: Settings) throws(ProgramError) -> CallPushes {
        let quiet = try settings.integer("CALL_LOG_DEBOUNCE_SECONDS", default: 3, in: 0...3_600)
        let longest = try settings.integer("CALL_LOG_DEBOUNCE_MAX_SECONDS", default: 15, in: 0...86_400)
        return CallPushes(
            quietMilliseconds: Int64(quiet) * 1_000, longestMilliseconds: Int64(longest) * 1_000)
    }

    /// `CRM_WEBHOOK_TIMEOUT_SECONDS`, in ms.
    public static func timeoutMilliseconds(_ settings: Settings) throws(ProgramError) -> Int {
        try settings.integer("CRM_WEBHOOK_TIMEOUT_SECONDS", default: 10, in: 1...300) * 1_000
    }

    /// `AVENTORA_WEBHOOK_SECRET`, what the built-in receiver demands; nil demands nothing.
    public static func receiverSecret(_ settings: Settings) throws(ProgramError) -> WebhookSecret? {
        guard let text = settings.optionalString("AVENTORA_WEBHOOK_SECRET") else { return nil }
        guard let secret = WebhookSecret(text) else {
            throw Settings.invalid(
                "AVENTORA_WEBHOOK_SECRET", value: nil,
                "expected 1 to \(WebhookSecret.maximumBytes) printable ASCII characters")
        }
        return secret
    }
}
