/// Why a target is refused.
public struct Refusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// What it is about.
    public enum Cause: Sendable, Hashable {
        /// The address lies in a range that is not open.
        case range(AddressRange)
        /// The IPv4 address behind NAT64 lies in a range that is not open.
        case behindNAT64(IPAddress, AddressRange)
        /// The name is known to stand for addresses of this kind.
        case name(AddressKind)
        /// The port is neither 80 nor 443, and no item opens it.
        case port
        /// This system's own listener or server.
        case own(OwnPlace)
    }

    /// What is refused: `10.0.0.5:80`, or `localhost:9000` where the name decides.
    public let place: String

    /// See ``Cause``.
    public let cause: Cause

    /// The same for whoever asks from outside, whatever the cause: it tells nothing of our networks.
    public static let outwardText = "the address is not allowed"

    /// One word of each cause, for programs.
    public var code: String {
        switch cause {
        case .range(let range), .behindNAT64(_, let range): range.kind.rawValue
        case .name(let kind): kind.rawValue
        case .port: "port"
        case .own(let place): place.role == .server ? "own_server" : "own_listener"
        }
    }

    /// The range that decided; nil where a name, a port or a place of ours did.
    public var range: AddressRange? {
        switch cause {
        case .range(let range), .behindNAT64(_, let range): range
        default: nil
        }
    }

    /// One sentence for operators: what, why, and what would open it.
    public var description: String { "\(place) \(reason)" }

    /// The sentence without its subject.
    public var reason: String {
        switch cause {
        case .range(let range): "is in \(range)\(Self.hint(range.kind))"
        case .behindNAT64(let address, let range): "is \(address) behind NAT64, in \(range)"
        case .name(let kind): "is \(kind.phrase)\(Self.hint(kind))"
        case .port: "has a port that is neither 80 nor 443, and OUTBOUND_ALLOW does not name it"
        case .own(let place):
            switch (place.role, place.isCertain) {
            case (.server, true): "is the server of \(place.variable), which nothing opens"
            case (.server, false):
                "may be the server of \(place.variable); OUTBOUND_ALLOW does not name it with its port"
            case (.listener, _): "is where \(place.variable) listens; OUTBOUND_ALLOW does not name it with its port"
            }
        }
    }

    private static func hint(_ kind: AddressKind) -> String {
        switch kind.opening {
        case .byAnyItem: "; OUTBOUND_ALLOW does not name it"
        case .byAddress: "; OUTBOUND_ALLOW does not name this address itself"
        case .never: ""
        }
    }
}

/// What the guard thinks of one address and port.
public enum Verdict: Sendable, Hashable {
    /// Deliveries may go there. `openedBy`: the item of `OUTBOUND_ALLOW` that it took; nil if it took none.
    case allowed(openedBy: AllowRow?)
    /// They may not.
    case refused(Refusal)

    /// Whether deliveries may go there.
    public var isAllowed: Bool {
        switch self {
        case .allowed: true
        case .refused: false
        }
    }

    /// Why not; nil if they may.
    public var refusal: Refusal? {
        switch self {
        case .allowed: nil
        case .refused(let refusal): refusal
        }
    }
}
