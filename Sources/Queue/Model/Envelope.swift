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
        var reader = HeaderReader(bytes: bytes)
        guard reader.number(until: UInt8(ascii: " ")) == 1, let kind = reader.token(),
            let allowed = reader.number(until: UInt8(ascii: "x")), let delay = reader.number(until: UInt8(ascii: " ")),
            let attempts = reader.number(until: UInt8(ascii: " ")),
            let crashes = reader.number(until: UInt8(ascii: " ")), let deferrals = reader.lastNumber()
        else { return nil }
        self.kind = kind
        policy = RetryPolicy(attempts: allowed, delayMilliseconds: Int64(delay))
        self.attempts = attempts
        self.crashes = crashes
        self.deferrals = deferrals
        if reader.isAtLineEnd {
            lane = ""
        } else {
            guard let name = reader.lane() else { return nil }
            lane = name
        }
        arguments = Array(bytes[(reader.position + 1)...])
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

/// Reads the fields of a header where they stand, without a copy: this is done for every claimed job.
private struct HeaderReader {
    let bytes: [UInt8]
    private(set) var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtLineEnd: Bool { position < bytes.count && bytes[position] == UInt8(ascii: "\n") }

    /// A decimal number that ends with `end`, which is passed.
    mutating func number(until end: UInt8) -> Int? {
        guard let value = digits(), position < bytes.count, bytes[position] == end else { return nil }
        position += 1
        return value
    }

    /// The last field that every header has: the line's end or a space follows.
    mutating func lastNumber() -> Int? {
        guard let value = digits(), position < bytes.count else { return nil }
        if bytes[position] == UInt8(ascii: " ") {
            position += 1
            return isAtLineEnd ? nil : value
        }
        return isAtLineEnd ? value : nil
    }

    /// A word that ends with a space, which is passed.
    mutating func token() -> String? {
        guard let word = word(), position < bytes.count, bytes[position] == UInt8(ascii: " ") else { return nil }
        position += 1
        return word
    }

    /// A word that ends with the line.
    mutating func lane() -> String? {
        guard let word = word(), isAtLineEnd else { return nil }
        return word
    }

    private mutating func word() -> String? {
        let start = position
        while position < bytes.count, (0x21...0x7E).contains(bytes[position]) { position += 1 }
        guard (1...200).contains(position - start) else { return nil }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() -> Int? {
        let start = position
        var value = 0
        while position < bytes.count, case let digit = bytes[position] &- UInt8(ascii: "0"), digit < 10 {
            value = value &* 10 &+ Int(digit)
            position += 1
        }
        return (1...18).contains(position - start) ? value : nil
    }
}
