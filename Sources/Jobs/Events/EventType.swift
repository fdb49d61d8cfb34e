/// What happened, as the poster names it. Only known types can be made.
public struct EventType: Sendable, Hashable, CustomStringConvertible {
    /// The families that have jobs of their own, and everything else.
    public enum Family: Sendable, Hashable {
        /// `engagement.created`, `engagement.updated`
        case engagement
        /// `call.started`, `.paused`, `.resumed`, `.cancelled`, `.completed`
        case call
        /// `call_log.updated`
        case callLog
        /// `workspace.provisioned`, `workspace.member_added`
        case workspace
        /// `<object>.created` and the like of any object: subscriptions only.
        case object
    }

    /// The type as posted, like `call.completed`.
    public let name: String
    /// Its family.
    public let family: Family
    /// The part before the dot.
    public var object: String { String(name.prefix { $0 != "." }) }
    /// The part behind the dot.
    public var action: String { String(name.drop { $0 != "." }.dropFirst()) }
    /// The name.
    public var description: String { name }

    /// Nil when no such type is known. Object names: a letter, then letters, digits and underscores, 64 in all.
    public init?(_ name: String) {
        if let family = Self.named[name] {
            self.family = family
        } else {
            guard Self.isObjectEvent(name) else { return nil }
            family = .object
        }
        self.name = name
    }

    private init(known name: String, _ family: Family) {
        self.name = name
        self.family = family
    }

    /// `call.started`
    public static let callStarted = EventType(known: "call.started", .call)
    /// `engagement.created`
    public static let engagementCreated = EventType(known: "engagement.created", .engagement)
    /// `call_log.updated`
    public static let callLogUpdated = EventType(known: "call_log.updated", .callLog)

    /// Whether its push goes to the account's CRM targets.
    public var isPushed: Bool {
        switch family {
        case .engagement, .call, .callLog: true
        case .workspace, .object: false
        }
    }

    private static let named: [String: Family] = [
        "engagement.created": .engagement, "engagement.updated": .engagement, "call.started": .call,
        "call.paused": .call, "call.resumed": .call, "call.cancelled": .call, "call.completed": .call,
        "call_log.updated": .callLog, "workspace.provisioned": .workspace, "workspace.member_added": .workspace,
    ]

    private static let objectActions: Set<String> = ["created", "updated", "deleted", "restored", "destroyed"]

    /// Every action that an event may have.
    static let actions = objectActions.union(named.keys.map { String($0.drop { $0 != "." }.dropFirst()) })

    private static func isObjectEvent(_ name: String) -> Bool {
        guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")) else { return false }
        guard objectActions.contains(String(name[name.utf8.index(after: dot)...])) else { return false }
        return isObjectName(name[..<dot])
    }

    /// Whether an event may be of an object of this name.
    static func isObjectName(_ name: some StringProtocol) -> Bool {
        guard 1...64 ~= name.utf8.count, let first = name.utf8.first, isLetter(first) else { return false }
        return name.utf8.allSatisfy { isLetter($0) || 0x30...0x39 ~= $0 || $0 == UInt8(ascii: "_") }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte | 0x20 }
}
