public import Basics

/// What a signal about a lead does by itself, if somebody switched it on.
public struct CockpitRule: Sendable, Hashable {
    /// Names it within its workspace.
    public let key: String
    /// The signals that it answers, such as `MISSED_CALL`.
    public let signals: [String]
    /// The cockpit's word for what it does.
    public let action: String
    /// Whether it is more than a template.
    public let isEnabled: Bool
    /// Whether it runs without a person's click.
    public let runsItself: Bool
    /// How long it leaves a lead alone that it has engaged, in seconds.
    public let cooldownSeconds: Int64
    /// Engagements of one lead by rules on one day (UTC), this one's included.
    public let dailyMaximum: Int64

    /// Of a workspace.
    public static let maximumCount = 100
    private static let cooldowns: ClosedRange<Int64> = 0...31_536_000
    private static let dailyMaxima: ClosedRange<Int64> = 1...100

    /// The templates that every workspace begins with: switched off.
    public static let templates = [
        CockpitRule(key: "av_cockpit_missed_call", signals: ["MISSED_CALL"], action: "CALL_LEAD"),
        CockpitRule(key: "av_cockpit_no_reply", signals: ["NO_REPLY"], action: "SEND_FOLLOW_UP"),
    ]

    /// What the cockpit's words mean unless the workspace says otherwise.
    static let actions: [String: EngagementWish] = [
        "CALL_LEAD": EngagementWish(.phone, .conversational), "SAY_HELLO": EngagementWish(.sms, .informational),
        "SEND_FOLLOW_UP": EngagementWish(.sms, .conversational),
        "CHECK_INTEREST": EngagementWish(.sms, .conversational),
        "RECONNECT": EngagementWish(.sms, .conversational),
        "SEND_BOOKING_LINK": EngagementWish(.sms, .appointmentBooking),
    ]

    private init(key: String, signals: [String], action: String) {
        (self.key, self.signals, self.action) = (key, signals, action)
        (isEnabled, runsItself, cooldownSeconds, dailyMaximum) = (false, false, 86_400, 1)
    }

    /// Takes a rule out of an object; nil when something is wrong, which the reader then knows.
    init?(_ fields: inout FieldReader) {
        fields.refuseOthers(than: [
            "key", "signals", "action", "enabled", "auto_run", "cooldown_seconds", "daily_maximum",
        ])
        let before = fields.problems.count
        let key = fields.identifier("key", isRequired: true)
        let action = fields.identifier("action", isRequired: true)
        let signals = (fields.array("signals") ?? []).compactMap(\.string).filter { (1...100).contains($0.utf8.count) }
        if signals.isEmpty || signals.count != fields.array("signals")?.count || signals.count > 20 {
            fields.report("signals", "1 to 20 texts of 1 to 100 bytes are expected.")
        }
        isEnabled = fields.boolean("enabled") ?? false
        runsItself = fields.boolean("auto_run") ?? false
        cooldownSeconds = fields.integer("cooldown_seconds", in: Self.cooldowns) ?? 86_400
        dailyMaximum = fields.integer("daily_maximum", in: Self.dailyMaxima) ?? 1
        guard let key, let action, fields.problems.count == before else { return nil }
        (self.key, self.action, self.signals) = (key, action, signals)
    }

    /// Whether it answers a signal by itself.
    func answers(_ signal: String) -> Bool { isEnabled && runsItself && signals.contains(signal) }

    /// As it is stored and shown.
    public var object: JSONObject {
        [
            "key": .string(key), "signals": .array(signals.map { .string($0) }), "action": .string(action),
            "enabled": .bool(isEnabled), "auto_run": .bool(runsItself),
            "cooldown_seconds": .number("\(cooldownSeconds)"), "daily_maximum": .number("\(dailyMaximum)"),
        ]
    }
}
