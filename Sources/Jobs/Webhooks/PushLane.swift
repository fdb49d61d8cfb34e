import Queue

/// The lane of one target's pushes for one account: a target may have an address per account, so one account's broken
/// address holds up nobody else.
public struct PushLane: Sendable, Hashable {
    /// Where the pushes go.
    public let target: CRMTarget
    /// The account, as it stands in lanes: see ``text``.
    public let account: String

    private static let separator: Character = ":"
    private static let routingPrefix = "route:"
    private static let maximumAccountBytes = 120

    /// The lane of an account's pushes to a target.
    public init(target: CRMTarget, domainName: String) {
        self.target = target
        account = Self.account(domainName)
    }

    /// Reads a lane; nil for one of another form.
    public init?(_ text: String) {
        let parts = text.split(separator: Self.separator, maxSplits: 1)
        guard parts.count == 2, let target = CRMTarget(rawValue: String(parts[0])) else { return nil }
        self.target = target
        account = String(parts[1])
    }

    /// `<target>:<account>`
    public var text: String { "\(target.rawValue)\(Self.separator)\(account)" }

    /// What every lane of a target begins with.
    public static func prefix(of target: CRMTarget) -> String { "\(target.rawValue)\(separator)" }

    /// The lane of jobs that look for an account's targets.
    static func routing(domainName: String) -> String { routingPrefix + account(domainName) }

    private static func account(_ domainName: String) -> String {
        token(domainName, maximumBytes: maximumAccountBytes)
    }

    /// A name where it may stand in a lane or a key; else its letters as far as they may, and a hash of all of it, so that
    /// two accounts never share a lane.
    static func token(_ name: String, maximumBytes: Int) -> String {
        if Envelope.isToken(name), name.utf8.count <= maximumBytes { return name }
        // FNV-1a, 64 bits: http://www.isthe.com/chongo/tech/comp/fnv/
        let hash = name.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let safe = name.utf8.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "_") }
        return String(decoding: safe.prefix(maximumBytes), as: UTF8.self) + "~" + String(hash, radix: 36)
    }
}
