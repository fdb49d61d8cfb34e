public import Basics

/// How a person is reached.
public enum EngagementChannel: String, Sendable, Hashable, CaseIterable {
    case phone, sms, email

    /// Whether it takes a phone number.
    var takesNumber: Bool { self != .email }
}

/// What the Hub does with a person that it reaches; it knows no others.
public enum EngagementType: String, Sendable, Hashable, CaseIterable {
    case informational, conversational
    case appointmentBooking = "appointment_booking"
    case confirmational
}

/// What somebody wants of an engagement. What it leaves open the workspace decides.
public struct EngagementWish: Sendable, Hashable {
    public var channel: EngagementChannel?
    public var type: EngagementType?
    /// For the Hub, at most ``maximumInstructionBytes``.
    public var instruction: String?
    /// The cockpit's word for all three, such as `CALL_LEAD`.
    public var action: String?

    /// Of an instruction.
    public static let maximumInstructionBytes = 16_384

    /// A wish that leaves everything open.
    public init() {}

    init(_ channel: EngagementChannel, _ type: EngagementType) { (self.channel, self.type) = (channel, type) }

    /// Takes a wish out of an object, as bodies, settings and stored rows have it.
    init(_ fields: inout FieldReader, actionKey: String? = nil) {
        channel = fields.choice("channel")
        let typeKey = fields.member("type") == nil ? "mode" : "type"
        type = fields.choice(typeKey)
        instruction = fields.text("instruction", maximumBytes: Self.maximumInstructionBytes)
        action = actionKey.flatMap { fields.identifier($0) }
    }

    /// What an object says beside its unknown members.
    init(stored object: JSONObject) {
        var fields = FieldReader(object)
        self.init(&fields, actionKey: "action")
    }

    /// This, and where it is open the other.
    func filled(by other: EngagementWish) -> EngagementWish {
        var wish = self
        wish.channel = channel ?? other.channel
        wish.type = type ?? other.type
        wish.instruction = instruction ?? other.instruction
        return wish
    }

    /// As it is stored and shown; open members are left out.
    public var object: JSONObject {
        let members: [(String, String?)] = [
            ("channel", channel?.rawValue), ("type", type?.rawValue), ("instruction", instruction), ("action", action),
        ]
        return JSONObject(
            members: members.compactMap { key, value in value.map { .init(key: key, value: .string($0)) } })
    }

    static let members = ["channel", "type", "mode", "instruction"]
}

extension FieldReader {
    /// True or false.
    mutating func boolean(_ key: String) -> Bool? {
        guard let value = member(key) else { return nil }
        if case .bool(let flag) = value { return flag }
        report(key, "true or false is expected.")
        return nil
    }

    /// Of two spellings of a member the one that is there; else the first.
    func spelling(_ first: String, _ second: String) -> String {
        object[first] == nil && object[second] != nil ? second : first
    }
}
