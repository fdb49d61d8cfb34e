// The envelope is what Redis holds of a job: one header line of fixed fields, a line end, then the arguments' JSON bytes
// untouched. The header is
//
//     1 <kind> <policy> <attempts> <crashes> <deferrals>[ <lane>]
//
// 1 is the version of this layout; the job's age is in its id. The scripts read the header by these positions.

/// A job as it stands in Redis.
public struct Envelope: Sendable, Hashable {
    /// What the job is; picks the handler.
    public var kind: String
    /// When a failed attempt is followed by another.
    public var policy: RetryPolicy
    /// Attempts that the handler or its target has failed.
    public var attempts: Int
    /// Worker processes that died with the job.
    public var crashes: Int
    /// Times the job was put off without spending an attempt.
    public var deferrals: Int
    /// The key whose work takes turns with other keys' (a webhook target, a tenant); empty for none.
    public var lane: String
    /// JSON; the engine never reads it.
    public var arguments: [UInt8]

    static let version = "1"

    /// - Precondition: `kind` is not empty; neither `kind` nor `lane` holds white space (see ``isToken(_:)``).
    public init(
        kind: String,
        policy: RetryPolicy,
        attempts: Int = 0,
        crashes: Int = 0,
        deferrals: Int = 0,
        lane: String = "",
        arguments: [UInt8]
    ) {
        precondition(Self.isToken(kind), "a kind is 1 to 200 printable ASCII characters without spaces")
        precondition(lane.isEmpty || Self.isToken(lane), "a lane is printable ASCII without spaces")
        self.kind = kind
        self.policy = policy
        self.attempts = attempts
        self.crashes = crashes
        self.deferrals = deferrals
        self.lane = lane
        self.arguments = arguments
    }

    /// Whether `text` may stand as a kind or lane: 1 to 200 printable ASCII characters without spaces.
    public static func isToken(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Reads an envelope; nil when its layout is not this version's or it is damaged.
    public init?(bytes: [UInt8]) {
        guard let lineEnd = bytes.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let header = String(decoding: bytes[..<lineEnd], as: UTF8.self)
        let fields = header.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            .map { Substring($0) }
        guard (6...7).contains(fields.count), fields[0] == Self.version, Self.isToken(String(fields[1])),
            let policy = RetryPolicy(token: fields[2]), let attempts = Int(fields[3]),
            let crashes = Int(fields[4]), let deferrals = Int(fields[5])
        else { return nil }
        kind = String(fields[1])
        self.policy = policy
        self.attempts = attempts
        self.crashes = crashes
        self.deferrals = deferrals
        lane = fields.count == 7 ? String(fields[6]) : ""
        arguments = Array(bytes[(lineEnd + 1)...])
    }

    /// The header line, without its end.
    public var header: String {
        let fixed = "\(Self.version) \(kind) \(policy.token) \(attempts) \(crashes) \(deferrals)"
        return lane.isEmpty ? fixed : fixed + " " + lane
    }

    /// The whole envelope.
    public var bytes: [UInt8] {
        var bytes = [UInt8]()
        let header = header
        bytes.reserveCapacity(header.utf8.count + 1 + arguments.count)
        bytes.append(contentsOf: header.utf8)
        bytes.append(UInt8(ascii: "\n"))
        bytes.append(contentsOf: arguments)
        return bytes
    }
}
