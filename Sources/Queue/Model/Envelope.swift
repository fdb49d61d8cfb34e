// The envelope is what Redis holds of a job: one header line, a line end, then the arguments' JSON bytes untouched. The
// header's first field is the version of its layout:
//
//     1 <kind> <policy> <attempts> <crashes> <deferrals>[ <lane>]
//     2 <kind> <policy> <attempts> <crashes> <deferrals>[ <name>=<value>]...
//
// A job that needs no more than the first version has is written in it, so that workers of the release before can run it
// too. The job's age is in its id. The scripts read the header by these positions and names.

/// A job as it stands in Redis.
public struct Envelope: Sendable, Hashable {
    /// What only some jobs have.
    public struct Options: Sendable, Hashable {
        /// `u=`: see ``JobKey/unique(_:lifetimeMilliseconds:)``; the key that this job holds.
        public var uniqueKey: String?
        /// `d=`: see ``JobKey/debounce(_:quietMilliseconds:longestMilliseconds:)``.
        public var debounceKey: String?
        /// `t=`: how long one run may last, in ms.
        public var timeLimitMilliseconds: Int64?
        /// `v=`: of the arguments.
        public var argumentsVersion = 1
        /// `r=1`: its end leaves a trace that is never dropped.
        public var isTracked = false
        /// `o=`: jobs of one queue with the same one run one after another, in the order in which they were enqueued.
        public var orderKey: String?
        /// `p=`: where it stood behind others of its order key; given by the scripts.
        public internal(set) var orderPlace: Int64?

        public init() {}

        /// ``orderPlace`` as `Shared/orders.lua` writes it: in the same number of digits each, so that they sort as texts.
        var placeText: String? {
            orderPlace.map { place in
                let digits = String(place)
                return String(repeating: "0", count: max(0, 15 - digits.count)) + digits
            }
        }

        static let none = Options()
    }

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
    public var options: Options
    /// JSON; the engine never reads it.
    public var arguments: [UInt8]

    /// - Precondition: `kind` is a token, and so are `lane` and the keys unless they are empty or nil
    ///   (see ``isToken(_:)``).
    public init(
        kind: String,
        policy: RetryPolicy,
        attempts: Int = 0,
        crashes: Int = 0,
        deferrals: Int = 0,
        lane: String = "",
        options: Options = Options(),
        arguments: [UInt8]
    ) {
        precondition(Self.isToken(kind), "a kind is 1 to 200 printable ASCII characters without spaces")
        precondition(lane.isEmpty || Self.isToken(lane), "a lane is 1 to 200 printable ASCII characters without spaces")
        for key in [options.uniqueKey, options.debounceKey, options.orderKey] {
            precondition(key.map(Self.isToken) ?? true, "a key is 1 to 200 printable ASCII characters without spaces")
        }
        self.kind = kind
        self.policy = policy
        self.attempts = attempts
        self.crashes = crashes
        self.deferrals = deferrals
        self.lane = lane
        self.options = options
        self.arguments = arguments
    }

    /// Whether `text` may stand as a kind, lane or key: 1 to 200 printable ASCII characters without spaces.
    public static func isToken(_ text: String) -> Bool {
        (1...200).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// Reads an envelope; nil when its layout is not one that this release knows or it is damaged.
    public init?(bytes: [UInt8]) {
        var reader = HeaderReader(bytes: bytes)
        guard let version = reader.number(until: UInt8(ascii: " ")), version == 1 || version == 2,
            let kind = reader.token(), let policy = reader.policy(),
            let attempts = reader.number(until: UInt8(ascii: " ")),
            let crashes = reader.number(until: UInt8(ascii: " ")), let deferrals = reader.lastNumber()
        else { return nil }
        self.kind = kind
        self.policy = policy
        self.attempts = attempts
        self.crashes = crashes
        self.deferrals = deferrals
        lane = ""
        options = .none
        arguments = []
        if version == 1 {
            if !reader.isAtLineEnd {
                guard let name = reader.lastWord() else { return nil }
                lane = name
            }
        } else {
            while !reader.isAtLineEnd {
                guard let option = reader.option(), set(option) else { return nil }
            }
        }
        arguments = Array(bytes[(reader.position + 1)...])
    }

    /// An option of a later release is refused: what it means for the job is not known here.
    private mutating func set(_ option: (name: UInt8, value: Substring)) -> Bool {
        switch option.name {
        case UInt8(ascii: "l"): lane = String(option.value)
        case UInt8(ascii: "u"): options.uniqueKey = String(option.value)
        case UInt8(ascii: "d"): options.debounceKey = String(option.value)
        case UInt8(ascii: "t"):
            guard let limit = Int64(option.value) else { return false }
            options.timeLimitMilliseconds = limit
        case UInt8(ascii: "v"):
            guard let version = Int(option.value) else { return false }
            options.argumentsVersion = version
        case UInt8(ascii: "r"): options.isTracked = true
        case UInt8(ascii: "o"): options.orderKey = String(option.value)
        case UInt8(ascii: "p"):
            guard let place = Int64(option.value) else { return false }
            options.orderPlace = place
        default: return false
        }
        return true
    }

    /// Whether the first version of the layout says all there is to say.
    var isPlain: Bool { policy.isPlain && options == .none }

    /// The header line, without its end.
    public var header: String {
        let isPlain = isPlain
        let fixed = "\(isPlain ? 1 : 2) \(kind) \(policy) \(attempts) \(crashes) \(deferrals)"
        guard !isPlain else { return lane.isEmpty ? fixed : fixed + " " + lane }
        var header = fixed
        if !lane.isEmpty { header += " l=\(lane)" }
        if let key = options.uniqueKey { header += " u=\(key)" }
        if let key = options.debounceKey { header += " d=\(key)" }
        if let limit = options.timeLimitMilliseconds { header += " t=\(limit)" }
        if options.argumentsVersion != 1 { header += " v=\(options.argumentsVersion)" }
        if options.isTracked { header += " r=1" }
        if let key = options.orderKey { header += " o=\(key)" }
        if let place = options.placeText { header += " p=\(place)" }
        return header
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
